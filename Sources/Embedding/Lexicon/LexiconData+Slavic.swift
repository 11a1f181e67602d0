extension LexiconData {
    /// Polish, Czech, Hungarian, Finnish and Turkish: the words of rooms and of the most common things.
    static let eastern = """
        # Polish
        kuchnia=kitchen; kuchni=kitchen; ?salon=living room; salonie=living room; sypialnia=bedroom
        sypialni=bedroom; lazienka=bathroom
        lazience=bathroom; pokoj=room; pokoj dzieciecy=child room; pokoj dzienny=living room; biuro=office
        gabinet=office; jadalnia=dining room
        piwnica=basement; strych=attic; poddasze=attic; ogrod=garden; taras=terrace; balkon=balcony
        korytarz=hallway; przedpokoj=hallway
        wejscie=entrance; schody=stairs; pralnia=laundry room; spizarnia=pantry; garaz=garage; podjazd=driveway
        basen=pool; dom=house
        swiatlo=light; swiatla=lights; lampa=lamp; oswietlenie=lighting; drzwi=door; drzwi wejsciowe=front door
        brama=gate; okno=window
        okna=windows; roleta=blind; rolety=blinds; zaluzje=blinds; zaslony=curtains; zamek=lock; dzwonek=doorbell
        ruch=motion; dym=smoke
        czujnik=sensor; wyciek=leak; gniazdko=power outlet; gniazdo=outlet; wlacznik=switch; prad=electricity
        ogrzewanie=heating
        grzejnik=radiator; piec=boiler; kociol=boiler; klimatyzacja=air conditioning; wentylator=fan
        pralka=washing machine; suszarka=dryer
        zmywarka=dishwasher; lodowka=fridge; zamrazarka=freezer; piekarnik=oven; czajnik=kettle; odkurzacz=vacuum
        kosiarka=lawn mower
        telewizor=television; glosnik=speaker; skrzynka=mailbox; smieci=garbage; bateria=battery; telefon=phone
        samochod=car; deszcz=rain
        snieg=snow; pogoda=weather; slonce=sun; wlaczone=turned on; wlaczono=turned on; wylaczone=turned off
        wylaczono=turned off
        otwarte=opened; otwarto=opened; zamkniete=closed; zamknieto=closed; slaba=low weak; pusta=empty; noc=night
        zewnatrz=outside
        # Czech and Slovak
        kuchyn=kitchen; kuchyna=kitchen; obyvaci pokoj=living room; obyvak=living room; obyvacka=living room
        loznice=bedroom; spalna=bedroom
        koupelna=bathroom; kupelna=bathroom; detsky pokoj=child room; pracovna=office; kancelar=office
        jidelna=dining room; sklep=basement
        pivnica=basement; puda=attic; zahrada=garden; terasa=terrace; chodba=hallway; predsin=hallway
        schodiste=stairs; pradelna=laundry room
        dum=house; svetlo=light; svetla=lights; dvere=door; okno=window; brana=gate; zaluzie=blinds; zavesy=curtains
        zamok=lock; zvonek=doorbell
        pohyb=motion; kour=smoke; unik vody=water leak; zasuvka=power outlet; vypinac=switch; topeni=heating
        kurenie=heating; kotel=boiler
        klimatizace=air conditioning; pracka=washing machine; susicka=dryer; mycka=dishwasher; lednice=fridge
        chladnicka=fridge; mrazak=freezer
        trouba=oven; konvice=kettle; vysavac=vacuum; sekacka=lawn mower; televize=television; reproduktor=speaker
        odpad=waste; ?auto=car
        dest=rain; snih=snow; pocasi=weather; venku=outside; zapnuto=turned on; vypnuto=turned off; otevreno=opened
        zavreno=closed
        # Hungarian
        konyha=kitchen; nappali=living room; haloszoba=bedroom; furdoszoba=bathroom; furdo=bathroom
        gyerekszoba=child room
        dolgozoszoba=office; iroda=office; etkezo=dining room; pince=basement; padlas=attic; kert=garden
        terasz=terrace; erkely=balcony
        folyoso=hallway; eloszoba=hallway; lepcso=stairs; garazs=garage; haz=house; szoba=room; lampa=lamp
        feny=light; vilagitas=lighting
        ajto=door; bejarati ajto=front door; ablak=window; kapu=gate; redony=roller shutter; fuggony=curtain
        zar=lock; csengo=doorbell
        mozgas=motion; fust=smoke; konnektor=power outlet; kapcsolo=switch; futes=heating; kazan=boiler
        mosogep=washing machine
        szaritogep=dryer; mosogatogep=dishwasher; huto=fridge; fagyaszto=freezer; suto=oven; porszivo=vacuum
        hangszoro=speaker
        akkumulator=battery; ?elem=battery; eso=rain; idojaras=weather
        # Finnish
        keittio=kitchen; olohuone=living room; makuuhuone=bedroom; kylpyhuone=bathroom; lastenhuone=child room
        tyohuone=office; toimisto=office
        ruokailuhuone=dining room; kellari=basement; ullakko=attic; puutarha=garden; piha=yard; terassi=terrace
        parveke=balcony
        eteinen=entrance hallway; kaytava=hallway; portaat=stairs; kodinhoitohuone=utility room; varasto=storage
        autotalli=garage; talo=house
        huone=room; valo=light; valot=lights; lamppu=lamp; valaistus=lighting; ovi=door; ulko ovi=front door
        etuovi=front door; ikkuna=window
        portti=gate; verhot=curtains; kaihtimet=blinds; lukko=lock; ovikello=doorbell; liike=motion; savu=smoke
        palovaroitin=smoke alarm
        vesivuoto=water leak; pistorasia=power outlet; kytkin=switch; lammitys=heating; patteri=radiator
        lampopumppu=heat pump
        ilmalampopumppu=heat pump; ilmastointi=air conditioning; tuuletin=fan; pesukone=washing machine
        kuivausrumpu=dryer
        astianpesukone=dishwasher; jaakaappi=fridge; pakastin=freezer; uuni=oven; vedenkeitin=kettle
        kahvinkeitin=coffee machine
        polynimuri=vacuum; ruohonleikkuri=lawn mower; kaiutin=speaker; postilaatikko=mailbox; roskat=garbage
        akku=battery; paristo=battery
        puhelin=phone; sade=rain; lumi=snow; saa=weather; ulkona=outside
        # Turkish
        mutfak=kitchen; oturma odasi=living room; yatak odasi=bedroom; banyo=bathroom; cocuk odasi=child room
        calisma odasi=office
        ofis=office; yemek odasi=dining room; bodrum=basement; cati=attic; bahce=garden; teras=terrace
        koridor=hallway; giris=entrance
        merdiven=stairs; oda=room; isik=light; lamba=lamp; kapi=door; on kapi=front door; pencere=window
        perde=curtain; kilit=lock
        zil=doorbell; hareket=motion; duman=smoke; priz=power outlet; anahtar=switch; isitma=heating; kombi=boiler
        klima=air conditioner
        camasir makinesi=washing machine; bulasik makinesi=dishwasher; buzdolabi=fridge; firin=oven; supurge=vacuum
        televizyon=television
        hoparlor=speaker; pil=battery; yagmur=rain
        # Russian and Ukrainian
        кухня=kitchen; кухне=kitchen; кухни=kitchen; гостиная=living room; гостиной=living room; спальня=bedroom
        спальне=bedroom
        ванная=bathroom; ванной=bathroom; детская=child room; кабинет=office; подвал=basement; чердак=attic
        сад=garden; коридор=hallway
        прихожая=entrance; гараж=garage; дом=house; свет=light; лампа=lamp; дверь=door; входная дверь=front door
        окно=window; движение=motion
        дым=smoke; розетка=power outlet; отопление=heating; кондиционер=air conditioner
        стиральная машина=washing machine; пылесос=vacuum
        телевизор=television; батарея=battery; температура=temperature; влажность=humidity; вітальня=living room
        вікно=window; двері=door
        світло=light; рух=motion; включен=turned on; выключен=turned off; открыта=opened; закрыта=closed
        протечка=leak; дождь=rain
        """
}
