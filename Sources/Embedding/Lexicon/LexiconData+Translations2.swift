extension LexiconData {
    /// Words of Home Assistant's translations and of home-assistant-intents (Apache License 2.0), part 2 of 2, made by
    /// `build-lexicon`.
    static let translations2 = """
        modere=moderate; modo ausente=away mode; modo dormir=sleep mode; modo vacaciones=vacation mode; modra=blue
        modre=blue; modrej=blue; modrejch=blue; modro=blue; modrou=blue; modru=blue; modry=blue; modrych=blue; mokro=wet
        molnigt=cloudy; mond=moon; mopa=mop; mopp=mop; moppa=mop; morada=purple; morades=purple; morado=purple
        morat=purple; morats=purple; morceau=track; mort=dead; morto=dead; mosas=washing; mov=purple; movendo=moving
        moviment=motion; moyen=medium; moyenne=medium; mozgaserzekelo=motion sensor; mraznicka=freezer; mrtvy=dead
        muerto=dead; muet=mute; muito alto=very high; mukodesben=running; musiikki=music; muzica=music; muzik=music
        mykista=mute; mykistetty=muted; myti=washing; na doca=docked; na miejscu=arrived; naar beneden=down
        nabija sa=charging; nabijanie=charge; nabijeni=charging; nabit=charge; nacas=on time; nacht=night
        nachtlicht=nightlight; nacisniecie=press; nagyon magas=very high; nahor=up; nahoru=up; nahrano=played
        nahrat=upload; nahravani=upload; naklon=tilt; naklonenie=tilt; nakupni seznam=shopping list
        nakupny zoznam=shopping list; nao detectado=clear; nap=sun; napajanie=power; napajeni=power; napatie=voltage
        napenergia=solar power; napeti=voltage; napiecie=voltage; naptar=calendar; nastaveni=setting; nastavenie=setting
        nastaveny bod=set point; natezenie oswietlenia=illuminance; natezenie pradu=current; natt=night
        nattbelysning=nightlight; nattlys=nightlight; navegador multimidia=media player; nawilzacz=humidifier
        neaktivne=inactive; neaktivni=inactive; neaktivny=off; nebbia=fog; nebel=fog; necinna=idle; necinny=idle
        nedbor=precipitation; nede=closed; nederbord=precipitation; nedetectat=clear; nedetectata=clear
        nedetekovano=clear; nedkopplad=offline; nedkylning=cool down; nedladdning=download
        nedladdningshastighet=download speed; nedostatocne=poor; nedostupne=unavailable; nedrakning=countdown
        nedves=wet; nedvesseg=moisture; neerslag=precipitation; neigeux=snowy; nem=humidity; nem alici=dehumidifier
        nemitva=muted; nemlendirici=humidifier; neobsazeno=empty; neobsazenost=empty; neobsazeny=empty; nepritomno=empty
        nepritomnost=empty; nepritomny=empty; ner=down; netejant=cleaning; nettoyage=cleaning; neu=snowy
        neumond=new moon; nevado=snowy; nevoeiro=fog; nevoso=snowy; nezabezpeceno=disarmed; niebieski=blue
        niebieskie=blue; niebiesko=blue; niebla=fog; niederschlagsmenge=precipitation
        niedrige temperatur=low temperature; niedriger batteriestand=low battery; niedriger batteriestatus=low battery
        niet beschikbaar=unavailable; niet dicht=unlocked; niet gedetecteerd=clear; niet gesloten=unlocked
        niet vergrendeld=unlocked; nieuwe maan=new moon; nincs eszleles=clear; ninsoare=snowy; niska=low; niski=low
        niskie=low; nisko=low; nit=night; nizka=low; nizke=low; nizky=low; noapte=night; nocne svetlo=nightlight
        nocni osvetleni=nightlight; nopeus=speed; normaal=normal; normale=normal; normalna=normal; normalne=normal
        normalni=normal; noros=cloudy; nousee=rising; nouvelle lune=new moon; nov=new moon; noveld=up; noveld meg=up
        novilunio=new moon; nuageux=cloudy; nublado=cloudy; nukkua=sleep; nukkuminen=sleep; nummer=track
        nuvarande=present; nuvoloso=cloudy; nyitva=open; nymane=new moon; nyomas=pressure; obciazenie=load
        obehove cerpadlo=circulation pump; obert=open; oberta=open; obertes=open; oberts=open; objem=volume
        objetosc=volume; oblacno=cloudy; obsazeno=occupied; obsazenost=occupied; obsazeny=occupied; occupata=occupied
        occupate=occupied; occupati=occupied; occupato=occupied; ochladenie=cool down; ocioso=idle; ocupada=occupied
        ocupadas=occupied; ocupado=occupied; ocupados=occupied; ocupat=occupied; oda sicakligi=room temperature
        odcinek=episode; odemcena=unlocked; odemcene=unlocked; odemceno=unlocked; odemceny=unlocked; odemcenych=unlocked
        odemknuta=unlocked; odemknute=unlocked; odemknuto=unlocked; odemknuty=unlocked; odemknutych=unlocked
        odomknuta=unlocked; odomknute=unlocked; odomknuty=unlocked; odomknutych=unlocked; odpocet=countdown
        odpocitavanie=countdown; odpojene=unplugged; odpojeno=disconnected; odpojeny=disconnected; odpojit=disconnect
        odsloniete=open; odsloniety=open; odslonietych=open; odsuniete=open; odsuniety=open; odsunietych=open
        odtwarzacz mediow=media player; odvlhcovac=dehumidifier; odwolany=cancelled; ohrievac=heater
        ohrievac vody=water heater; ohrivac=heater; ohrivac vody=water heater; oke=ok; oken=windows; okenica=shutters
        okenice=shutters; okenicu=shutters; okien=windows; olasta=unlocked; olu=dead; omhoog=up; omlaag=down
        omschakelen=toggle; onbezet=empty; ongelma=problem; ontkoppeld=unplugged; ontozes=watering; op tijd=on time
        opad atmosferyczny=precipitation; opady sniegu=snowy; opdatering=update; opladen=charging; oppdaget=detected
        oppdater=update; oppe=open; oppet=open; opplastningshastighet=upload speed; oppna=open; oppvarming=heating
        opsla=storage; optaget=occupied; opvarmning=heat; orta duzeyde=moderate; oscurante=blinds; oscuranti=blinds
        oslon=shades; oslona=shades; oslone=shades; oslony=shades; osoba=person; ostoslista=shopping list
        osuszacz=dehumidifier; osuszanie=dry; osvetleni=illuminance; osvetlenie=illuminance; otevren=open; otevrena=open
        otevrene=open; otevrenej=open; otevrenejch=open; otevreny=open; otevrenych=open; otillganglig=unavailable
        otlar=herbs; otomasyon=automation; otthon=home; otvorena=open; otvorene=open; otvoreny=open; otvorenych=open
        otwarta=open; otwarty=open; otworz=open; ouvertes=open; ouverts=open; ovea=doors; ovet=doors
        oxid uhelnaty=carbon monoxide; oxid uhlicity=carbon dioxide; oxid uholnaty=carbon monoxide; oynandi=played
        oynatma listesi=playlist; oyunlar=games; paalla=on; paalta=off; paars=purple; pagar=in progress; paina=press
        paine=pressure; painettu=pressed; painike=button; paino=weight; paivita=update; paivitetaan=updating
        panjur=shutters; panjurlar=shutters; panjurlari=shutters; panjurler=shutters; panjurleri=shutters; pany=lock
        para baixo=down; para cima=up; parada=stop; parado=stopped; paramentesito=dehumidifier; parar=stop
        parasito=humidifier; paratartalom=humidity; paratlanitas=dry; parcali bulutlu=partly cloudy
        parcialment ennuvolat=partly cloudy; parcialmente nublado=partly cloudy; parlaklik=brightness; parna=pillow
        parties jouees=played; partiklar=particulate matter; partikul madde=particulate matter
        parzialmente nuvoloso=partly cloudy; paspas=mop; paus=pause; pausa=pause; pausad=paused; pausado=paused
        pausar=pause; pausat=paused; pauset=paused; pausieren=pause; pausiert=paused; pauvre=poor; pauza=pause
        pauzeren=pause; peca=track; pecene=roast; peceni=bake; pecenie=bake; pel licula=movie; peli=movie
        pelicula=movie; pelit=games; pelnia=full moon; pencerelar=windows; pencerelari=windows; pencereler=windows
        pencereleri=windows; pente=climb; perdea=curtains; perdeaua=curtains; perdelar=curtains; perdelari=curtains
        perdele=curtains; perdelele=curtains; perdeler=curtains; perdeleri=curtains; perdido=lost; persiane=blinds
        persianes=blinds; persienneene=blinds; persiennen=blinds; persienner=blinds; persiennerna=blinds
        persiennerne=blinds; persoana=person; persona=person; personen=occupied; personne=person; persoon=person
        peruttu=cancelled; peruuta=cancel; pes=weight; pesado=heavy; pesnicka=track; pesnicku=track; peso=weight
        pessoa=person; peukalointi=tamper; pevne castice=particulate matter; pida=hold; piesa=track
        pil seviyesi=battery level; pilvista=cloudy; piosenka=track; piosenke=track; piosenki=track; piovoso=rainy
        piritas=roast; piros=red; pirosra=red; pisir=bake; pisiyor=cooking; pist=track; pista=track; piste=track
        pistoke=plug; pitka painallus=long press; planification=schedule; planovanie=schedule; platte=album
        playlista=playlist; playliste=playlist; playlistul=playlist; playlisty=playlist; plecat=away
        plissegardin=shades; plissegardinene=shades; plissegardiner=shades; plissegardinet=shades; plna=full
        ploaie=rainy; ploaie usoara=light rain; plugue=plug; pluja=rain; pluja feble=light rain; plujos=rainy
        pluvieux=rainy; plyn=gas; plyta=album; plyte=album; plyty=album; pobre=poor; pocasie=weather; pochmurno=cloudy
        pocitadlo=counter; podcastu=podcast; podcastul=podcast; podgrzewacz wody=water heater; podrzat=hold
        pohotovostny rezim=standby; pohybovy senzor=motion sensor; pohybovy snimac=motion sensor; pohybuje se=moving
        poids=weight; pois=off; poissa=away; poissa tila=away mode; pokojova teplota=room temperature; pokracovat=resume
        polaczono=connected; polojasno=partly cloudy; polstar=pillow; pomale=slow; pomalu=slow; pomaly=slow; pomp=pump
        pontual=on time; poplach=alert; pornit=on; porpra=purple; porpres=purple; portas=doors; portes=doors
        portico=shutters; porticons=shutters; porucha=fault; potenza=power; pouzitie=usage; povolene=enabled
        povoleno=enabled; poza domem=away; pozadovana hodnota=set point; pozastaveno=paused; pozastaveny=paused
        pozastavit=pause; pranie=washing; preajuste=preset; prebieha=in progress; prebudit=awake
        precipitacao=precipitation; precipitacio=precipitation; precipitacion=precipitation; precipitatii=precipitation
        precipitazione=precipitation; preconfiguracio=preset; predefinicao=preset; predkosc=speed; predpoved=forecast
        predvolba=preset; preestablecido=preset; pregatit=ready; prehravac medii=media player; preimpostato=preset
        preimpostazione=preset; prem=press; premido=press; premir=press; premir longo=long press; premut=press
        prendida=on; prendidas=on; prendido=on; prendidos=on; prepinac=switch; prepnout=toggle; prepnut=toggle
        prereglage=preset; presente=present; presenti=occupied; presion atmosferica=atmospheric pressure
        presion barometrica=barometric pressure; presiune=pressure; presiune atmosferica=atmospheric pressure
        presiunea barometrica=barometric pressure; pressao=pressure; pressao atmosferica=atmospheric pressure
        pressao barometrica=barometric pressure; pressao longa=long press; pressio=pressure
        pressio atmosferica=atmospheric pressure; pressio barometrica=barometric pressure
        pression atmospherique=atmospheric pressure; pressionado=press; pressionado longo=long press; pressionar=push
        pressione atmosferica=atmospheric pressure; pressione barometrica=barometric pressure
        pressione prolungata=long press; pret=ready; previsao=forecast; previsio=forecast; prevision=forecast
        previsione=forecast; previsions=forecast; prezzo dell energia=energy price; pridaj=up; pridat=up; pridej=up
        prijel=arrived; prilis nizky=too low; prilis vysoky=too high; pripojeno=connected; pripojeny=connected
        pripojit=connect; pripravene=ready; pripraveno=standby; prisiel=arrived; pritomno=occupied; pritomnost=occupied
        pritomny=present; priza=plug; probiha=in progress; probleem=problem; problema=problem; probleme=problem
        probudit=wake; profil=preset; prognos=forecast; prognose=forecast; prognoza=forecast; programacio=schedule
        programacion=schedule; programma=schedule; pronto=ready; proud=current; prud=current; pryc=away
        przelacznik=switch; przycisk=button; puertas=doors; puja=up; pujar=up; pulizia=cleaning
        pulsacion larga=long press; pulsado=pressed; pulsar=press; puolipilvista=partly cloudy; purificacion=purifying
        purpura=purple; purpures=purple; purpuriu=purple; putere=power; puterea semnalului=signal strength
        pysaytetty=paused; qualita dell aria=air quality; queimador=burner; quemador=burner; raambekleding=cover
        racire=cooling; raekuuroja=hail; raffreddamento=cooling; rafraichie=cooling; raknare=counter; rauf=up
        raumtemperatur=room temperature; reanudar=resume; redemarrage=restart; redo=ready; redonyok=blinds
        redonyoket=blinds; redonyt=blinds; redueix=down; refreda=cool; refredant=cooling; refrigeracion=cooling
        regenachtig=rainy; registreret=detected; regnerisch=rainy; reinicia=restart; reiniciar=restart; reinigt=cleaning
        reinigung=cleaning; reititin=router; relampagos=lightning; remoto=remote; renk=color
        renk sicakligi=color temperature; repic=chime; repornire=restart; reposo=sleep; repren=resume
        reproductor multimedia=media player; resfriamento=cooling; resfriando=cooling; respaldo=backup
        reszben felhos=partly cloudy; rezges=vibration; rezim dovolena=holiday mode; rezim dovolene=vacation mode
        rezim dovolenky=vacation mode; rezim nepritomnosti=away mode; rezim pryc=away mode; rezim spanku=sleep mode
        riasztas=alarm; riavvio=restart; rijden=drive; rilevata=occupied; riprendi=resume; riprodotto=played
        rodando=running; rodt=red; roges=red; rogzit=hold; roig=red; roigs=red; roja=red; rojo=red; rojos=red
        rolet=blinds; rolete=blinds; roletu=blinds; rolgordijn=shades; rolgordijnen=shades; roliet=blinds
        rolieta=blinds; rolietu=blinds; roliety=blinds; rollos=blinds; rolluiken=shutters; rolo=blind; rolok=shutters
        rolokat=shutters; rolot=shutters; rood=red; rorelsesensor=motion sensor; rosnie=rising; rosso=red
        rostovanie=roast; rosu=red; rot=red; roteador=router; rott=red; rouge=red; routeur=router; roxa=purple
        roxo=purple; rozlaczono=disconnected; rozsvicen=on; rozsvicena=on; rozsvicene=on; rozsvicenej=on
        rozsvicenejch=on; rozsviceno=on; rozsviceny=on; rozsvicenych=on; roztazen=open; roztazena=open; roztazene=open
        roztazenej=open; roztazenejch=open; roztazeno=open; roztazeny=open; roztazenych=open; roztiahnuta=open
        roztiahnute=open; roztiahnuty=open; roztiahnutych=open; rua=street; ruido=noise; rulare=running
        rullaverho=shade; rullegardinene=shades; rullegardiner=shades; rullegardinerne=shades; rullegardinet=shades
        rulleskodde=shutters; rulleskodden=shutters; rulleskodder=shutters; rullet ned=closed; rullet opp=open
        rullgardinen=shades; rullgardiner=shades; rullgardinerna=shades; rumore=noise; rumstemperatur=room temperature
        ruter=router; rychlost=speed; rychlost odosielania=upload speed; rychlost stahovania=download speed
        saaennuste=forecast; saapunut=arrived; sabit=steady; sabotage=tamper; sademaara=precipitation
        sakerhetskopia=backup; sakin ol=cool down; salekaihdin=blind; salekaihdinta=blinds; salekaihtimet=blinds
        sanatci=artist; santigrat=celsius; sarj=charge; sarj oluyor=charging; sateista=rainy; sayac=counter
        sbloccate=unlocked; sbloccati=unlocked; sbloccato=unlocked; scalata=climb; scaricamento=download; scarso=poor
        scen=scene; scena=scene; schirm=shades; schirme=shades; schlaf=sleep; schlafen=sleep; schlafend=sleeping
        schlafmodus=sleep mode; schneefall=snowy; schoonmaken=cleaning; sciezka=track; screens=shades; sebesseg=speed
        secar=dry; segur=safe; seguro=safe; sehr hoch=very high; semesterlage=vacation mode; sen=sleep; senaryo=scene
        senin=clear; senket=closed; sereno=clear; serie=series; serpilliere=mop; servei=service; servicio=service
        servico=service; ses=volume; seviye=volume; seznam ukolu=to do list; sgombra=empty; sgombre=empty; sgombri=empty
        sgombro=empty; sicak=hot; sicak su=hot water; sicaklik=temperature; sicher=safe; sicuro=safe
        signaalin voimakkuus=signal strength; signaalsterkte=signal strength; signalstarke=signal strength
        signalstyrka=signal strength; signalstyrke=signal strength; siivoaa=cleaning; sikismis=jammed
        sila signalu=signal strength; sila sygnalu=signal strength; silenciada=muted; silenciado=muted; silenciar=mute
        silenciat=muted; silencieux=silent; silencios=silent; silencioso=silent; silentios=silent; silenzioso=silent
        silna=strong; silny=strong; sin conexion=offline; sinyal gucu=signal strength; sireeni=siren
        sirkulasyon pompasi=circulation pump; sis=fog; skladba=track; skladbu=track; skodde=shutters; skodden=shutters
        skodder=shutters; skodderne=shutters; skript=script; skripti=script; skriver ut=printing; skrypt=script
        skydd=cover; skyet=cloudy; skygge=shade; slaap=sleep; slaapstand=sleep; slaby dazd=light rain; slapen=sleeping
        slatt av=off; slatt pa=on; slnko=sun; slunce=sun; slutfor=finish; slutford=completed; sluzba=service
        sneeuwachtig=snowy; sneh=snow; snelheid=speed; sniz=down; snizit=down; soare=sun; sobe=up; soferovat=drive
        soguk=cold; sogutma=cool; sogutuluyor=cooling; soittolista=playlist; sokak=street; solare=solar; solarna=solar
        solarni=solar; solel effekt=solar power; solenergi=solar power; soll temperatur=target temperature
        sollwert=set point; solnedgang=sunset; solskjerm=shutters; solskjermen=shutters; solskjermene=shutters
        solskjermer=shutters; soluppgang=sunrise; som=sound; sombra=shades; sombras=shades; sommeil=sleep; somn=sleep
        son=sound; sonido=sound; sonno=sleep; sono=sleep; soroll=noise; sorozat=series; sorun=problem; sospensione=sleep
        sove=sleep; sover=sleeping; sovn=sleep; spada=falling; spaending=voltage; spalancata=open; spalancate=open
        spalancati=open; spalancato=open; spanek=sleep; spanning=voltage; spannung=voltage; spanok=sleep; spar=track
        spel=games; spelade=played; spellen=games; spellista=playlist; spenning=voltage; spenti=off; sperren=lock
        spiele=games; spilleliste=playlist; spina=plug; spinac=switch; spln=full moon; spor=track; spustene=running
        spusteno=triggered; spustit=start; srazky=precipitation; sredni=medium; srednia=medium; srednie=medium
        srednio=medium; stabiel=steady; stabile=steady; stabilni=steady; stabilny=steady; stadar=cleaning; stadig=steady
        stadigt=steady; stahnout=download; stahovani=download; stangda=closed; stangt=closed; stark=strong; starta=start
        starta om=restart; starten=start; steigend=rising; steigung=climb; steka=roast; stengt=closed; stengte=closed
        sterk=strong; stiahnut=download; stiger=rising; stijgende=rising; stil=silent; stille=quiet; stinitka=shades
        stinitkek=shades; stinitko=shades; stisknuti=press; stisknuto=pressed; stlacene=pressed; stlacenie=press
        stlacit=push; stlmene=muted; stlmit=mute; stofdeeltjes=particulate matter; stopa=track; stopp=stop; stoppa=stop
        stoppad=stopped; stoppen=stop; stopu=track; stor=shades; storlar=shades; storlari=shades; storler=shades
        storleri=shades; stoupajici=rising; straat=street; strasse=street; stratene=lost; streamovanie=streaming
        stredna=medium; stredni=medium; streifen=movie; stromforbrug=power consumption; strommar=streaming
        stromstarke=current; stromversorgung=power; studene=cold; studeny=cold; stummgeschaltet=muted
        stummschalten=mute; stupajuci=rising; stupanie=climb; su isitici=water heater; suau=quiet; suave=mild
        subindo=rising; subir=up; sucho=dry; sulama=watering; suljettu=closed; suly=weight; sumuista=fog; sunet=sound
        suono=sound; surus=drive; sutes=bake; syrena=siren; szabotazs=tamper; szallo por=particulate matter
        szamlalo=counter; szaraz=dry; szelep=valve; szello=breeze; szellozes=ventilation; szemely=person
        szen dioxid=carbon dioxide; szen monoxid=carbon monoxide; szin=color; szinhomerseklet=color temperature
        szirena=siren; szivattyu=pump; szkript=script; szobahomerseklet=room temperature; szunetel=paused
        szuneteltetes=pause; taeller=counter; tahmin=forecast; takaritas=cleaning; takili=plugged in
        takili degil=unplugged; takluke=windows; taklukeen=windows; taklukeene=windows; taklukeer=windows
        takvim=calendar; takvinduene=windows; takvinduer=windows; takvinduet=windows; tallagespa=lawn mower; tam=full
        tamam=ok; tamamlandi=complete; tancada=closed; tancades=closed; tancar=closed; tancat=closed; tancats=closed
        tarief=tariff; tarifa=tariff; tarife=tariff; tartalek=backup; tasiniyor=moving; tatil=holiday
        tatil modu=vacation mode; taviranyito=remote; tavoitelampotila=target temperature; tavol=away
        tavoli mod=away mode; taysikuu=full moon; tazko=heavy; te hoog=too high; te laag=too low
        teendok listaja=to do list; teho=power; tehtavalista=to do list; teilweise bewolkt=partly cloudy
        telakoituna=docked; telecomanda=remote; telihold=full moon; teljesitmeny=power; teller=counter; tema=track
        temiz=clear; temizleniyor=cleaning; temperatura=temperature; temperatura alvo=target temperature
        temperatura ambiente=room temperature; temperatura barwowa=color temperature
        temperatura deseada=target temperature; temperatura desiderata=target temperature
        temperatura objectiu=target temperature; temperatura tinta=target temperature; tempo atmosferico=weather
        temporitzador=timer; temporizzatore=timer; temps=weather; tensao=voltage; tension=voltage; tensione=voltage
        tensiune=voltage; tent=on; tepelne cerpadlo=heat pump; tepla biela=warm white; tepla bielu=warm white
        tepla bila=warm white; tepla bile=warm white; tepla bilou=warm white; tepla voda=hot water; teple=warm
        teple bila=warm white; teple bile=warm white; teple bilou=warm white; teplota=temperature
        teplota barvy=color temperature; teplota farby=color temperature; teplou bila=warm white; teplou bile=warm white
        teplou bilou=warm white; teplu biela=warm white; teplu bielu=warm white; teplu svetlo=warm white
        terfogat=volume; terheles=load; terminar=finish; termostaatti=thermostat; termostat=thermostat
        termostato=thermostat; termosztat=thermostat; tetiklendi=triggered; tetlen=idle; tevekenyseg=activity
        thermostaat=thermostat; tiche=silent; tichsie=down; tichy=silent; tidsplan=schedule; tienidla=shades
        tienidlo=shades; til=on; tilanne=scene; tilavuus=volume; tilkoblet=connected; tillganglig=available
        timeplan=schedule; tirata giu=closed; tirata su=open; tirate giu=closed; tirate su=open; tirati giu=closed
        tirati su=open; tirato giu=closed; tirato su=open; tirmanmak=climb; tiszta=clear; titelnummer=track
        titresim=vibration; tlac=printing; tlacidlo=button; tlacitko=button; tlak=pressure; tlenek wegla=carbon monoxide
        tocar=ring; toimeton=idle; toiminta=activity; toltes=charging; tom=clear; ton=sound; torka=dry
        torolve=cancelled; tosaerba=lawn mower; traccia=track; trancado=locked; trancar=lock; tranquillo=quiet
        transmitiendo=streaming; transparente=clear; trennen=disconnect; tres eleve=very high; trigget=occupied
        trop bas=too low; trop haut=too high; troppo alto=too high; troppo basso=too low; trovoada=lightning
        trupa=artist; tryb czuwania=standby; tryck=press; trykk=pressure; tul alacsony=too low; tul magas=too high
        tulostetaan=printing; ture=doors; turen=doors; turvallinen=safe; tut=hold; tuuli=breeze; tvatta=wash
        tvattar=washing; tyhja=clear; tyst=silent; tysta=mute; tystad=muted; uber=down; ubrat=down; uit=off
        uitgeschakeld=disabled; uitschakelen=power off; ujhold=new moon; ujrainditas=restart; ukkoskuuroja=lightning
        uklid=cleaning; ulasmis=arrived; ulaste=unlocked; ulica=street; ulice=street; ulkoinen=external
        ulozisko=storage; uloziste=storage; umelec=artist; umezeala=moisture; umiarkowana=moderate; umiarkowane=moderate
        umiarkowany=moderate; umidificador=humidifier; umidificator=humidifier; umidificatore=humidifier
        umiditate=humidity; umschalten=toggle; umyvanie=wash; unbelegt=empty; unbesetzt=empty; undermalig=poor
        unnep=holiday; uplnek=full moon; uploadsnelheid=upload speed; upozorneni=alert; upozornenie=warning
        uppdatera=update; uppdaterar=updating; uppladdning=upload; uppladdningshastighet=upload speed
        upplas ta=unlocked; uppvarmning=warming; ures=empty; urkopplad=unplugged; urlaubsmodus=vacation mode
        uroven baterie=battery level; usi=doors; usile=doors; uso=usage; usporny rezim=sleeping; ustawienie=preset
        utca=street; utemezes=schedule; utemezett=schedule; utilizacao=usage; utilizzo=usage; utlost=occupied
        utomhus=outdoor; utvalaszto=router; utwor=track; utworu=track; uusikuu=new moon; uyan=wake; uyanik=awake
        uyari=alert; uyku=sleep; uyku modu=sleep mode; uyuyor=sleeping; uzaktan kumanda=remote; uzbrojony=armed
        uzemel=running; uzun basin=long press; uzun basis=long press; vack=wake; vahainen=mild; vahva=strong
        vakaa=steady; vakacio=vacation; vakacio mod=vacation mode; vakacio uzemmod=holiday mode
        vakantiemodus=holiday mode; vaken=awake; vaktinde=on time; valaistusvoimakkuus=illuminance
        valdigt hog=very high; valmis=ready; vana=valve; vanek=breeze; vankus=pillow; vanok=breeze; vareni=cooking
        varenie=cooking; varilampotila=color temperature; varjo=shades; varjoa=shades; varjot=shades; varm=warm
        varm hvid=warm white; varm hvidt=warm white; varmare=heater; varmer=heating; varmhvit=warm white
        varmhvitt=warm white; varmt hvid=warm white; varmt hvidt=warm white; varmt vitt=warm white
        varmvattenberedare=water heater; varmvit=warm white; varmvitt=warm white; varna=alert; varning=warning
        varsling=alert; vaxla=toggle; vaxlande molnighet=partly cloudy; vazio=empty; vcas=on time; vehicule=vehicle
        vehiculo=vehicle; veicolo=vehicle; veiculo=vehicle; veilig=safe; veille=sleeping; veilleuse=nightlight
        vekt=weight; velmi vysoke=very high; velocidad=speed; velocidade=speed; velocita=speed; velocitat=speed
        veneciana=shutters; venecianas=shutters; veneziana=blind; venezianas=shutters; veneziane=shades
        ventilacio=ventilation; ventilacion=ventilation; ventilatie=ventilation; venttiili=valve; verbinden=connect
        verbonden=connected; verbroken=disconnected; verd=green; verda=green; verde=green; verdes=green; verds=green
        verfugbar=available; verho=curtain; verhoa=curtains; verhogen=up; verhoog=up; verklemmt=jammed; verlaag=down
        verlagen=down; verloren=lost; vermelha=red; vermelho=red; vermell=red; vermella=red; vermelles=red; vermells=red
        vermogen=power; verrou=lock; verschieben=moving; vert=green; verte=green; vesi=water; vetranie=ventilation
        vibracao=vibration; vibrace=vibration; vibracia=vibration; vibracio=vibration; vibracion=vibration; vifte=fan
        viharos=lightning; vika=fault; vikt=weight; vilolage=standby; vinduer=windows; vinduerne=windows
        vinduet=windows; viola=purple; violacao=tamper; violett=purple; violette=purple; viragok=flowers; virhe=error
        viritetty=armed; virta=current; visszaszamlalas=countdown; vitesse=speed; viteza=speed; vitrage=curtains
        vitrages=curtains; viz=water; vizmelegito=water heater; vizmennyiseg=water; vlhko=wet; vlhkost=moisture
        vlhkost vzduchu=humidity; vocht=moisture; voda=water; voertuig=vehicle; volle maan=full moon; vollmond=full moon
        vollstandig=complete; voltagem=voltage; voltaj=voltage; voltaje=voltage; voltatge=voltage; voltooid=completed
        voltooien=finish; volum=volume; volumen=volume; volym=volume; vonkajsie=external; voorinstelling=preset
        voorspelling=forecast; voreinstellung=preset; vorhanden=present; vozidlo=vehicle; vreme=weather; vuota=empty
        vuoto=empty; vybita baterie=low battery; vychod slnka=sunrise; vychod slunce=sunrise; vykon=power
        vykurovanie=heating; vylez=climb; vymazat=clear; vypnout=power off; vypnut=power off; vypnuta=off; vypnute=off
        vypnutej=off; vypnuty=off; vypnutych=off; vysoka=high; vysoky=high; vysouseni=dry; vytapeni=heating
        vytirani=mop; vyuziti=usage; vzbudit=wake; vzhuru=awake; waarschuwing=warning; wach=awake; waga=weight
        warmwasserbereiter=water heater; warmweiss=warm white; warnmeldung=alert; warnung=warning; wartung=service
        waschen=washing; wassen=wash; wasser=water; wassermenge=water; wecken=wake; wibracja=vibration
        wiedergabeliste=playlist; wilgoc=moisture; wilgotnosc=humidity; wird aktualisiert=updating
        wird ausgefuhrt=running; wissen=clear; wlacz zasilanie=power on; wlaczona=on; wlaczony=on; wlaczonych=on
        wlan=wi fi; woda=water; wordles jugats=played; wstrzymano=paused; wykonano=completed; wykonawca=artist
        wykonawce=artist; wykonawcy=artist; wykryto=detected; wylacz=off; wylaczona=off; wylaczony=off; wylaczonych=off
        wyladowania atmosferyczne=lightning; wysoka=high; wysoki=high; wysokie=high; wysoko=high; yagis=precipitation
        yagmurlu=rainy; yapilacaklar listesi=to do list; yastik=pillow; yavas=slow; yayinlaniyor=streaming
        yazdiriliyor=printing; yedekleme=backup; yeni ay=new moon; yeniden baslat=restart; yesil=green
        yhdistetty=connected; yhteys katkaistu=disconnected; yikama=wash; yildirim=lightning; ylos=up
        yonlendirici=router; yovalo=nightlight; yuk=load; yukle=upload; yukleme hizi=upload speed; yukseliyor=rising
        zabezpecene=safe; zabezpeceno=armed; zabezpeceny=armed; zachter=down; zaclona=curtain; zaclony=curtains
        zahrievanie=warming; zahrivani=warming; zaj=noise; zakazane=disabled; zakazano=disabled; zalievanie=watering
        zaloha=backup; zalohovanie=backup; zaluzii=blinds; zaluzja=shutters; zaluzji=shutters; zamanlama=schedule
        zamanlayici=timer; zamceno=locked; zamknieta=closed; zamkniety=closed; zamknij=closed; zamknout=lock
        zamknuty=locked; zamracene=cloudy; zanger=artist; zangeres=artist; zapad slnka=sunset; zapad slunce=sunset
        zapnout=power on; zapnut=on; zapnuta=on; zapnute=on; zapnutie napajania=power on; zapnuty=on; zapnutych=on
        zapojene=plugged in; zapojeno=plugged in; zarolt=locked; zarva=closed; zaseknuto=jammed; zaseknuty=jammed
        zasilanie=power; zaslon=curtains; zaslona=curtain; zaslone=curtains; zaslonieta=closed; zasloniete=closed
        zasloniety=closed; zaslonietych=closed; zasnezene=snowy; zastavene=stopped; zastaveno=stopped; zastavit=stop
        zastrcka=plug; zasuniete=closed; zasuniety=closed; zasunietych=closed; zasvietena=on; zasvietene=on
        zasvieteny=on; zasvietenych=on; zataz=load; zatazen=closed; zatazena=closed; zatazene=closed; zatazenej=closed
        zatazenejch=closed; zatazeno=closed; zatazeny=closed; zatazenych=closed; zatiahnuta=closed; zatiahnute=closed
        zatiahnuty=closed; zatiahnutych=closed; zatizeni=load; zatvorena=closed; zatvorene=closed; zatvoreny=closed
        zatvorenych=closed; zaves=curtain; zavesov=curtains; zavesu=curtains; zavlazovani=watering; zavren=closed
        zavrena=closed; zavrene=closed; zavrenej=closed; zavrenejch=closed; zavreny=closed; zavrenych=closed
        zavrety=closed; zawor=valve; zayif=poor; zeer hoog=very high; zeitplan=schedule; zelena=green; zelene=green
        zelenej=green; zelenejch=green; zeleno=green; zelenou=green; zelenu=green; zeleny=green; zelenych=green
        zene=music; zesil=up; zesilit=up; zeslab=down; zeslabit=down; zgomot=noise; zhasnut=off; zhasnuta=off
        zhasnute=off; zhasnutej=off; zhasnutejch=off; zhasnuto=off; zhasnuty=off; zhasnutych=off; zil sesi=chime
        zistene=detected; zniz=down; znizit=down; zobudit=wake; zold=green; zoldre=green; zonsondergang=sunset
        zonsopkomst=sunrise; zoznam skladieb=playlist; zoznam uloh=to do list; zrazky=precipitation; zrusene=cancelled
        zruseno=cancelled; zrusit=cancel; zsalut=shutters; ztlumeno=muted; ztlumeny=dim; ztlumit=dim; ztraceno=lost
        zvlhcovac=humidifier; zvoncek=chime; zvoneni=ring; zvonenie=ring; zvuk=sound; zvys=up; zvysit=up; zwaar=heavy
        """
}
