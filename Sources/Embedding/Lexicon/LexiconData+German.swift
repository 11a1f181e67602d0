extension LexiconData {
    /// German, Dutch and the Scandinavian languages: rooms, things and happenings that Home Assistant's own texts lack.
    static let germanic = """
        # German
        kuche=kitchen; kueche=kitchen; wohnzimmer=living room; schlafzimmer=bedroom; kinderzimmer=child room
        ?bad=bathroom
        badezimmer=bathroom; gastezimmer=guest room; gaestezimmer=guest room; gast=guest; gaste=guest
        arbeitszimmer=office
        buro=office; buero=office; esszimmer=dining room; keller=basement cellar; dachboden=attic; speicher=attic
        garten=garden; terrasse=terrace patio; balkon=balcony; flur=hallway; diele=hallway; eingang=entrance
        hausflur=hallway; treppe=stairs; treppenhaus=stairs; waschkuche=laundry room; waschraum=laundry room
        ?hof=yard
        hauswirtschaftsraum=utility room; abstellraum=storage room; abstellkammer=storage room; vorratskammer=pantry
        speisekammer=pantry; werkstatt=workshop; schuppen=shed; einfahrt=driveway; auffahrt=driveway; haus=house
        wohnung=apartment; zimmer=room; raum=room; stube=living room; eltern=parents; ?kind=child; kinder=children
        erdgeschoss=ground floor; obergeschoss=upstairs; dachgeschoss=attic; untergeschoss=basement; ?gang=hallway
        ?wc=toilet
        klo=toilet; toilette=toilet; dusche=shower; badewanne=bathtub; wanne=bathtub; teich=pond
        gewachshaus=greenhouse; wintergarten=conservatory; vorgarten=front garden; ankleide=dressing room
        licht=light; lampe=lamp; leuchte=light; beleuchtung=lighting; deckenlampe=ceiling lamp
        deckenleuchte=ceiling light
        stehlampe=floor lamp; tischlampe=table lamp; nachttischlampe=bedside lamp; nachttisch=bedside
        leselampe=reading lamp
        lichterkette=fairy lights; strahler=spotlight; schreibtisch=desk; esstisch=dining table; tisch=table
        decke=ceiling
        bett=bed; ?wand=wall; ?boden=floor; tur=door; tuer=door; ?tor=gate; haustur=front door; haustuer=front door
        wohnungstur=front door; eingangstur=front door; hintertur=back door; terrassentur=patio door
        balkontur=balcony door
        schiebetur=sliding door; garagentor=garage door; gartentor=garden gate; fenster=window; dachfenster=skylight
        rollladen=roller shutter; rolladen=roller shutter; ?rollo=blind; ?jalousie=blind; jalousien=blinds
        vorhang=curtain
        vorhange=curtains; gardine=curtain; markise=awning; schloss=lock; turschloss=door lock; klingel=doorbell
        turklingel=doorbell; kamera=camera; bewegung=motion; bewegungsmelder=motion sensor; prasenz=presence
        anwesenheit=presence; rauchmelder=smoke alarm; rauch=smoke; feuer=fire; ?brand=fire
        wassermelder=water leak sensor
        leck=leak; wasserleck=water leak; alarmanlage=security alarm; sirene=siren; temperatur=temperature
        luftfeuchtigkeit=humidity; luftfeuchte=humidity; feuchtigkeit=humidity; feuchte=moisture
        luftdruck=air pressure
        helligkeit=brightness; luft=air; luftqualitat=air quality; luftung=ventilation; lufter=fan
        feinstaub=fine particles
        strom=electricity power; stromzahler=electricity meter; stromverbrauch=power consumption
        verbrauch=consumption
        leistung=power; strompreis=electricity price; preis=price; steckdose=power outlet; stecker=plug
        schalter=switch
        solaranlage=solar; photovoltaik=solar; batterie=battery; akku=battery; ladestation=charging station
        ?auto=car; fahrrad=bicycle; handy=phone; telefon=phone; rechner=computer; drucker=printer; netz=network
        heizung=heating; heizkorper=radiator; fussbodenheizung=floor heating; heizkessel=boiler; kessel=boiler
        warmepumpe=heat pump; warmwasser=hot water; therme=boiler; ofen=oven stove; kamin=fireplace
        klimaanlage=air conditioner
        klima=air conditioning; ?ventilator=fan; luftbefeuchter=humidifier; luftentfeuchter=dehumidifier
        entfeuchter=dehumidifier
        luftreiniger=air purifier; dunstabzug=extractor hood; dunstabzugshaube=extractor hood; wetter=weather
        regen=rain
        schnee=snow; sturm=storm; gewitter=thunderstorm; sonne=sun; sonnenuntergang=sunset; sonnenaufgang=sunrise
        fernseher=television; fernsehen=television; lautsprecher=speaker; musik=music; staubsauger=vacuum
        saugroboter=robot vacuum; mahroboter=robot lawn mower; rasenmaher=lawn mower; rasen=lawn
        bewasserung=irrigation
        wasserhahn=tap; hahn=tap; ventil=valve; pumpe=pump; waschmaschine=washing machine; wasche=laundry
        trockner=dryer; waschetrockner=tumble dryer; spulmaschine=dishwasher; geschirrspuler=dishwasher
        kuhlschrank=fridge
        kuhltruhe=freezer; gefriertruhe=freezer; gefrierschrank=freezer; tiefkuhler=freezer; backofen=oven
        herd=stove
        mikrowelle=microwave; wasserkocher=kettle; kaffeemaschine=coffee machine; kaffee=coffee; briefkasten=mailbox
        ?post=mail; paket=parcel; mull=garbage; muell=garbage; mullabfuhr=garbage collection; mulltonne=trash bin
        papiertonne=paper bin; biotonne=organic bin; kalender=calendar; geburtstag=birthday; zeitschaltuhr=timer
        wecker=alarm clock
        taste=button; taster=button; fernbedienung=remote; szene=scene; urlaub=holiday; ferien=holiday
        gute nacht=good night
        hund=dog; katze=cat; pflanze=plant; pflanzen=plants; blumen=flowers; vorne=front
        hinten=back; oben=upstairs; unten=downstairs; aussen=outdoor; draussen=outside; innen=indoor; ?links=left
        rechts=right
        ?gross=big; klein=small; eingeschaltet=turned on; angeschaltet=turned on; eingeschalten=turned on
        angemacht=turned on
        ausgeschaltet=turned off; ausgemacht=turned off; abgeschaltet=turned off; geoffnet=opened; aufgemacht=opened
        offen=open
        ?auf=open; hochgefahren=opened raised; heruntergefahren=closed lowered; runtergefahren=closed lowered
        zugemacht=closed
        geschlossen=closed; ?zu=closed; verriegelt=locked; abgeschlossen=locked; aufgeschlossen=unlocked
        ausgelost=triggered
        erkannt=detected; gestartet=started; angefangen=started; begonnen=started; lauft=running; gestoppt=stopped
        beendet=finished; fertig=finished; angekommen=arrived; gekommen=came home; nach hause=home; zuhause=home
        verlassen=left home; gegangen=left; weg=away; gefahren=drove; leer=empty; voll=full; schwach=low weak
        fast leer=nearly empty
        geladen=charged; ladt=charging; aufgeladen=charged; ausgefallen=failed; getrennt=disconnected
        verbunden=connected; verbindung=connection; storung=problem fault; fehler=error; klemmt=jammed stuck
        steckt=stuck
        festgefahren=stuck; gestiegen=rose; gesunken=fell; gefallen=fell; heiss=hot; kalt=cold; kalter=colder
        feucht=humid; nass=wet; trocken=dry; ?hell=bright; dunkel=dark; laut=loud; leise=quiet; hoch=high
        niedrig=low
        geklingelt=rang doorbell; geweint=crying; bewegt=moved; jemand=someone; scharf=armed; entscharft=disarmed
        aktiviert=activated; deaktiviert=deactivated; regnet=raining; schneit=snowing; gegossen=watered
        saugt=vacuuming
        gesaugt=vacuumed; gewaschen=washed; gekocht=cooked; gespult=dishes washed; geplant=scheduled
        lange=long time
        wird=becomes; noch=still; nicht=not; kein=no; keine=no
        bodenfeuchte=soil moisture; bodenfeuchtigkeit=soil moisture; erde=soil; deckel=lid; klappe=flap; basilikum=basil
        tropft=dripping; brennt=burning; leckt=leaking; offnen=open; offnet=opens; schliesst=closes; schaltet=switches
        # Dutch
        keuken=kitchen; woonkamer=living room; slaapkamer=bedroom; badkamer=bathroom; kinderkamer=child room
        kantoor=office
        werkkamer=office; eetkamer=dining room; kelder=basement; zolder=attic; tuin=garden; terras=terrace
        ?gang=hallway
        overloop=landing; logeerkamer=guest room; bijkeuken=utility room; berging=storage; schuur=shed
        oprit=driveway
        voordeur=front door; achterdeur=back door; deur=door; raam=window; ramen=windows; poort=gate; ?trap=stairs
        huis=house
        kamer=room; verlichting=lighting; licht=light; gordijn=curtain; gordijnen=curtains; rolluik=roller shutter
        zonwering=sun blind; zonnescherm=awning; deurbel=doorbell; ?slot=lock; beweging=motion
        rookmelder=smoke alarm
        rook=smoke; vochtigheid=humidity; luchtvochtigheid=humidity; temperatuur=temperature; stroom=electricity
        stopcontact=outlet
        stekker=plug; schakelaar=switch; verwarming=heating; vloerverwarming=floor heating; ketel=boiler
        airco=air conditioning
        ?ventilator=fan; wasmachine=washing machine; droger=dryer; vaatwasser=dishwasher; koelkast=fridge
        vriezer=freezer
        fornuis=stove; waterkoker=kettle; ?koffie=coffee; koffiezetapparaat=coffee machine; stofzuiger=vacuum
        grasmaaier=lawn mower; televisie=television; luidspreker=speaker; muziek=music; brievenbus=mailbox
        afval=waste
        batterij=battery; telefoon=phone; zonnepanelen=solar panels; regen=rain; sneeuw=snow; weer=weather; zon=sun
        buiten=outside
        binnen=inside; boven=upstairs; beneden=downstairs; aangezet=turned on; uitgezet=turned off
        ingeschakeld=turned on
        geopend=opened; gesloten=closed; dicht=closed; vergrendeld=locked; ontgrendeld=unlocked; vertrokken=left
        aangekomen=arrived
        thuis=home; leeg=empty; ?vol=full; laag=low; hoog=high; koud=cold; ?nat=wet; droog=dry; donker=dark
        bewogen=moved
        nachtlamp=night light; kast=closet; vakantie=holiday; hond=dog; fiets=bicycle
        # Swedish
        kok=kitchen; koket=kitchen; vardagsrum=living room; vardagsrummet=living room; sovrum=bedroom
        sovrummet=bedroom
        badrum=bathroom; badrummet=bathroom; barnrum=child room; kontor=office; arbetsrum=office; matsal=dining room
        matrum=dining room; kallare=basement; kallaren=basement; ?vind=attic; vinden=attic; tradgard=garden
        tradgarden=garden
        uteplats=patio; altan=terrace; ?hall=hallway; hallen=hallway; gastrum=guest room; tvattstuga=laundry room
        forrad=storage
        uppfart=driveway; toalett=toilet; trappa=stairs; hus=house; ?rum=room; dorr=door; dorren=door
        ytterdorr=front door; bakdorr=back door; altandorr=patio door; fonster=window; ?port=gate; grind=gate
        lampa=lamp; ljus=light
        taklampa=ceiling lamp; golvlampa=floor lamp; bordslampa=table lamp; sanglampa=bedside lamp; sang=bed
        skrivbord=desk
        belysning=lighting; gardin=curtain; rullgardin=blind; persienn=blind; markis=awning; las=lock
        dorrklocka=doorbell
        rorelse=motion; brandvarnare=smoke alarm; rok=smoke; fukt=moisture; luftfuktighet=humidity
        vattenlacka=water leak
        strombrytare=switch; uttag=outlet; eluttag=outlet; kontakt=plug; elpris=electricity price
        forbrukning=consumption
        varme=heating; golvvarme=floor heating; ?element=radiator; varmepump=heat pump; varmvatten=hot water
        flakt=fan
        tvattmaskin=washing machine; torktumlare=dryer; diskmaskin=dishwasher; kyl=fridge; kylskap=fridge
        frys=freezer
        ugn=oven; spis=stove; vattenkokare=kettle; kaffe=coffee; kaffebryggare=coffee machine; dammsugare=vacuum
        grasklippare=lawn mower; hogtalare=speaker; musik=music; brevlada=mailbox; sopor=garbage; soptunna=trash bin
        batteri=battery; mobil=phone; telefon=phone; bil=car; laddare=charger; laddbox=wallbox
        solceller=solar panels; regn=rain
        sno=snow; vader=weather; ?sol=sun; ute=outside; inne=inside; tand=turned on; tandes=turned on
        slackt=turned off
        slacktes=turned off; ?pa=on; ?av=off; oppnad=opened; oppnades=opened; oppen=open; stangd=closed
        stangdes=closed
        olast=unlocked; hemma=home; borta=away; ?lag=low; hog=high; varmt=warm; kallt=cold; blot=wet; torr=dry
        morkt=dark; semester=holiday; bevattning=irrigation; vatten=water; hund=dog; katt=cat; ?barn=child
        # Danish and Norwegian
        kokken=kitchen; kjokken=kitchen; stue=living room; stuen=living room; stua=living room; sovevaerelse=bedroom
        soverom=bedroom
        badevaerelse=bathroom; badevaerelset=bathroom; badet=bathroom; barnerom=child room; bornevaerelse=child room
        kontor=office
        spisestue=dining room; kaelder=basement; kjeller=basement; ?loft=attic; ?haven=garden; hage=garden
        hagen=garden
        terrasse=terrace patio; ?gang=hallway; entre=entrance; bryggers=utility room; vaskerom=laundry room
        vaskekjeller=laundry room
        gaestevaerelse=guest room; gjesterom=guest room; ?bod=storage; indkorsel=driveway; oppkjorsel=driveway
        dor=door
        hoveddor=front door; ytterdor=front door; inngangsdor=front door; bagdor=back door; terrassedor=patio door
        vindue=window
        vindu=window; lys=light; lampe=lamp; taklampe=ceiling lamp; loftlampe=ceiling lamp; gulvlampe=floor lamp
        bordlampe=table lamp
        gardin=curtain; ?persienne=blind; rullegardin=blind; laas=lock; dorklokke=doorbell; ringeklokke=doorbell
        bevaegelse=motion
        bevegelse=motion; rogalarm=smoke alarm; roykvarsler=smoke alarm; rog=smoke; royk=smoke; fugtighed=humidity
        fuktighet=humidity
        stikkontakt=outlet; kontakt=switch; strom=electricity; varme=heating; gulvvarme=floor heating
        varmepumpe=heat pump
        varmtvann=hot water; vaskemaskine=washing machine; vaskemaskin=washing machine; torretumbler=dryer
        torketrommel=dryer
        opvaskemaskine=dishwasher; oppvaskmaskin=dishwasher; koleskab=fridge; kjoleskap=fridge; fryser=freezer
        ovn=oven
        komfyr=stove; komfur=stove; elkedel=kettle; vannkoker=kettle; kaffemaskine=coffee machine; stovsuger=vacuum
        robotstovsuger=robot vacuum
        plaeneklipper=lawn mower; gressklipper=lawn mower; hojttaler=speaker; hoyttaler=speaker; fjernsyn=television
        postkasse=mailbox
        affald=garbage; soppel=garbage; batteri=battery; regn=rain; sne=snow; vejr=weather; vaer=weather
        ude=outside; inde=inside
        taendt=turned on; slukket=turned off; slukkede=turned off; skrudd pa=turned on; skrudd av=turned off
        abnet=opened
        apnet=opened; aben=open; apen=open; lukket=closed; ulast=unlocked; hjemme=home; borte=away; ?lav=low
        hoj=high; hoy=high; kold=cold; kald=cold; ?vad=wet; torr=dry; mork=dark; ferie=holiday; bil=car; vand=water
        vann=water
        """
}
