extension LexiconData {
    /// Words of Home Assistant's translations and of home-assistant-intents (Apache License 2.0), part 1 of 2, made by
    /// `build-lexicon`.
    static let translations1 = """
        aan=on; aanenvoimakkuus=volume; aani=sound; aanwezigheid=occupied; aarimmainen=extreme; abaixa=down
        abaixar=down; abaixe=down; abbassa=down; abbassare=down; abbassata=closed; abbassate=closed; abbassati=closed
        abbassato=closed; abbrechen=cancel; abdeckung=cover; abent=open; abertas=open; aberto=open; abertos=open
        abgesagt=cancelled; abiertas=open; abiertos=open; abilitato=enabled; abkuhlen=cooling; ablakok=windows
        ablakokat=windows; ablakot=windows; abne=open; abrir=open; abwesend=away; abwesendmodus=away mode
        acabamento=finish; acabat=finished; acasa=home; accesi=on; acesa=on; acesas=on; aceso=on; acesos=on; acik=on
        acoperitoare=cover; acordado=awake; acordar=wake; actief=running; actif=active; actiu=active; activ=active
        activa=occupied; activadas=occupied; activades=occupied; activado=occupied; activados=occupied; activas=occupied
        activat=occupied; activats=occupied; actividad=activity; activitat=activity; activite=activity
        activiteit=activity; activo=active; activos=occupied; actualitza=update; actualitzant=updating
        actualizando=updating; actualizar=update; actualizare=update; adulteracao=tamper; advarsel=alert
        advertencia=warning; afbrudt=disconnected; afgerond=finished; afkoelen=cool down; aflevering=episode
        afspeellijst=playlist; afstandsbediening=remote; aftellen=countdown; afwezig=away; agenda=schedule
        agendar=schedule; aggiorna=update; aggiornamento=update; agirlik=weight; aigua=water; aigua calenta=hot water
        aikataulu=schedule; aixeca=up; ajastin=timer; ajo=drive; ajoneuvo=vehicle; ajtocsengo=doorbell; ajtok=doors
        ajtokat=doors; ajtot=doors; ajuste=setting; akku vahissa=low battery; akkumulator szint=battery level
        aktif=armed; aktiivinen=active; aktiv=active; aktiverad=enabled; aktivert=enabled; aktivita=activity
        aktivitat=activity; aktivite=activity; aktivitet=activity; aktivni=active; aktivny=on; aktualisierung=updating
        aktualizacja=update; aktualizovani=updating; aktualizovat=update; aktualizuje sa=updating; aktywnosc=activity
        aktywny=active; akun varaustaso=battery level; alacsony=low; alarmering=alert; alarmklok=alarm clock
        alb cald=warm white; albastru=blue; albumi=album; albumu=album; albumul=album; alerta=alert; alerte=alert
        algilandi=detected; alisveris listesi=shopping list; allando=steady; allumes=on; almacenamiento=storage
        almofada=pillow; almohada=pillow; alternar=toggle; alvas=sleep; alvo mod=sleep mode; alvofeny=nightlight
        alza=up; alzare=up; alzata=open; alzate=open; alzati=open; alzato=open; amunt=up; andocat=docked
        angedockt=docked; anidride carbonica=carbon dioxide; anlande=arrived; annule=cancelled; annuler=cancel
        annuleren=cancel; annulla=cancel; anslut=connect; ansluten=connected; anvandning=usage; apaga=power off
        apagadas=off; apagades=off; apagados=off; apagat=off; apagats=off; aperte=open; aperti=open; apne=open
        apnet opp=open; apuja=up; arac=vehicle; aramellatas=power; aramerosseg=current; armada=armed; armado=armed
        armazenamento=storage; arnyekolok=shades; arnyekolokat=shades; arnyekolot=shades; arrefecer=cool
        arrefecimento=cooling; arret=off; arriba=up; artiest=artist; artista=artist; artiste=artist; artisti=artist
        artistul=artist; artysta=artist; artyste=artist; artysty=artist; asagi=down; asar=roast; ascension=climb
        asciutto=dry; asiri=extreme; aska=lightning; aspirator=vacuum; assar=roast; asseca=dry; assente=clear
        atenuada=dim; atenuado=dim; atenuar=dim; atenuat=dim; ativada=on; ativadas=on; ativado=on; ativados=on
        atividade=activity; ativo=active; atmosfaerisk trykk=atmospheric pressure
        atmosfericky tlak=atmospheric pressure; atmosferik basinc=atmospheric pressure
        atmosferische druk=atmospheric pressure; atmospharischer druck=atmospheric pressure; attenuata=dim; attiva=on
        attivato=armed; attive=on; attivi=on; attivo=active; atualizacao=update; atualizando=updating; atura=stop
        aturada=off; aturades=off; aturat=off; aturats=off; aufdrehen=up; aufheizen=heating; aufladung=charge
        augmenta=up; augmentant=rising; auki=open; aumenta=up; aumentar=up; aumentare=up; aumente=up; aurinko=sun
        aurinkoenergian teho=solar power; aus=off; ausente=away; ausgesteckt=unplugged; ausm=off; ausschalten=power off
        automaatio=automation; automacao=automation; automasjon=automation; automatisation=automation
        automatisering=automation; automatitzacio=automation; automatizacao=automation; automatizace=automation
        automatizacia=automation; automatizacion=automation; automatizare=automation; automatizmus=automation
        automatyzacja=automation; automazione=automation; avall=down; avattu=open; avbryt=cancel; avfuktare=dehumidifier
        aviso=warning; avlarmat=disarmed; avvia=start; ayar noktasi=set point; ayarlar=setting; aydinlik=illuminance
        az ablak=windows; az ablakok=windows; az ablakokat=windows; az ablakot=windows; az ajto=doors; az ajtok=doors
        az ajtokat=doors; az ajtot=doors; az arnyekolo=shades; az arnyekolok=shades; az arnyekolokat=shades
        az arnyekolot=shades; azul=blue; backen=bake; baglandi=connected; baglanti kalitesi=link quality
        baglanti kesildi=disconnected; baixada=download; baixar=down; baixo=low; baka=bake; bakken=bake
        bardzo wysoki=very high; barometr=barometer; barometre=barometer; barometri=barometer
        barometricky tlak=barometric pressure; barometrik basinc=barometric pressure
        barometrinen paine=barometric pressure; barometro=barometer; barva=color; basculer=toggle; basinc=pressure
        basiniz=press; baslat=start; basso=low; bastante=heavy; bateria fraca=low battery; baterie=battery
        baterie descarcata=low battery; batteriestand=battery level; batterijniveau=battery level
        batteriniva=battery level; beallitas=setting; beallitott ertek=set point; beenden=finish; befejezes=finish
        befejezve=finished; beh=running; bekapcsolva=power; bekleme modu=standby; bel=chime; belegt=occupied
        belegter arbeitsspeicher=memory use; beleuchtungsstarke=illuminance; beluftung=ventilation
        belysningsstyrka=illuminance; belysningsstyrke=illuminance; bereit=ready; beschikbaar=available
        besetzt=occupied; bevasarlolista=shopping list; bewegungssensor=motion sensor; bewolkt=cloudy; bez zmian=steady
        bezet=occupied; bezi=running; bianco caldo=warm white; bijwerken=updating; bildirim=push; bitir=finish
        bitti=finished; bla=blue; blaeser=fan; blanc calid=warm white; blanc chaud=warm white; blanco calido=warm white
        blat=blue; blatt=blue; blau=blue; blaus=blue; blauw=blue; blava=blue; blaves=blue; blesky=lightning; bleu=blue
        bleue=blue; bliksem=lightning; bloccato=locked; bloemen=flowers; blommor=flowers; bloqueado=locked
        bloquejat=locked; blu=blue; boa=good; boira=fog; bolum=episode; bom=good; bon=good; bortalage=away mode
        bortemodus=away mode; borvarde=set point; bos=empty; bosta=idle; boto=button; bra=good; brak=clear
        brak aktywnosci=idle; branca quente=warm white; branco quente=warm white; brander=burner; brannare=burner
        brano=track; bransat=plugged in; braten=roast; brenner=burner; brezza=breeze; bries=breeze; brilhante=bright
        brilho=brightness; brillante=bright; brillo=brightness; bris=breeze; brisa=breeze; brise=breeze; brouillard=fog
        bruleur=burner; brulor=burner; brus=noise; brytare=switch; bryter=switch; budik=alarm clock; buena=good
        bueno=good; buida=empty; buides=empty; buit=empty; buits=empty; bulutlu=cloudy; bun=good; buona=good; buono=good
        buton=button; bylinky=herbs; byliny=herbs; caindo=falling; calamarsa=hail; calefactor=heater; calendari=calendar
        calendarizzazione=schedule; calentando=heating; calisiyor=running; calitatea aerului=air quality; calle=street
        calor=heat; calorifero=heater; cancao=track; cancelado=cancelled; cancelar=cancel; cancion=track; canco=track
        cantec=track; cantecul=track; canzone=track; carga=load; cargando=charging; carico=load; carrega=load
        carregando=charging; carregant=charging; carregar=charge; carrer=street; casovac=timer; ceata=fog
        celhomerseklet=target temperature; celsia=celsius; celzia=celsius; centigradi=celsius; cerpadlo=pump
        cervena=red; cervene=red; cervenej=red; cervenejch=red; cerveno=red; cervenou=red; cervenu=red; cerveny=red
        cervenych=red; cevrimdisi=offline; chanson=track; chauffe=heating; cheio=full; chiuse=closed; chiusi=closed
        chladenie=cooling; chlazeni=cooling; chlodzenie=cooling; chuva ligeira=light rain; chuvoso=rainy; chyba=error
        ciastocne zamracene=partly cloudy; cicekler=flowers; cichy=quiet; cielova teplota=target temperature; ciemne=dim
        ciepla biel=warm white; cieply biel=warm white; cilova teplota=target temperature
        circulatiepomp=circulation pump; cirkulationspump=circulation pump; cisnienie=pressure
        cisnienie atmosferyczne=atmospheric pressure; ciste=clear; cisteni=cleaning; cistenie=cleaning
        clique longo=long press; clona=shades; clony=shades; coberta=cover; cobertura=cover; cocinando=cooking
        cok dusuk=too low; cok yuksek=too high; colore=color; comandament=remote; commuta=toggle; commutateur=switch
        completa=complete; completado=completed; completat=complete; completo=complete; compte enrere=countdown
        comutator=switch; concluido=completed; conduccio=drive; conducir=drive; conduzir=drive; conectada=on
        conectadas=on; conectado=connected; conectados=on; conectar=connect; configuracao=setting; congelamento=cold
        connectat=connected; connesso=connected; consigna=set point; contador=counter; contagem decrescente=countdown
        contatore=counter; contor=counter; contraventana=shutters; contraventanas=shutters
        controlo remoto=remote control; copertura=cover; cor=color; corta relva=lawn mower; cortinados=curtains
        cortines=curtains; cottura=cooking; couleur=color; cozer bolos=bake; creciente=rising; creste=up
        cronometro=timer; cronometru=timer; csapadek=precipitation; csatlakozo=plug; csatlakoztatva=plugged in
        csendes=silent; csenges=ring; csokkeno=falling; csokkentsd=down; cubierta=cover; cuenta atras=countdown
        curatare=cleaning; curent=current; curtinha=curtains; curtinhas=curtains; czesciowe zachmurzenie=partly cloudy
        dalende=falling; dalkove ovladani=remote; dampad=dim; das lied=track; dazd=rain; dazdivo=rainy
        deaktiveret=disabled; deaktivert=disabled; deaktivovane=disarmed; debole pioggia=light rain; debransat=unplugged
        decrementa=down; decrementare=down; defectiune=fault; definicao=setting; degistir=toggle
        delvis skyet=partly cloudy; demarrer=start; demasiado alta=too high; demasiado baixa=too low
        demasiado baja=too low; demasiado elevada=too high; dempen=mute; den film=movie; den streifen=movie
        depolama=storage; desabilitado=disabled; desactivada=empty; desactivadas=empty; desactivado=empty
        desactivados=empty; desactive=off; desactivee=off; desarmada=disarmed; desarmado=disarmed; desativada=off
        desativadas=off; desativado=disabled; desativados=off; desbloqueado=unlocked; desbloquejada=unlocked
        desbloquejades=unlocked; desbloquejat=unlocked; desbloquejats=unlocked; descarcari electrice=lightning
        descarga=download; descendente=falling; deschis=open; deschisa=open; deschise=open; deschisi=open
        desconectada=off; desconectadas=off; desconectados=off; desconectar=disconnect; desconnecta=off
        desconnectada=off; desconnectades=off; desconnectat=disconnected; desconnectats=off; descuiat=unlocked
        descuiata=unlocked; descuiate=unlocked; descuiati=unlocked; desenchufado=unplugged; desendollat=unplugged
        deshabilitado=disabled; deshumidification=dry; desligadas=off; desligados=off; desligar=disconnect
        desocupada=empty; desocupades=empty; desocupat=empty; desocupats=empty; despejada=empty; despejadas=empty
        despejado=clear; despejados=empty; despert=awake; despertar=wake; despierto=awake; destivo=rainy
        destrancadas=unlocked; destrancado=unlocked; destrancados=unlocked; desumidificador=dehumidifier
        deszczowo=rainy; detectada=occupied; detectadas=occupied; detectades=occupied; detectados=occupied
        detectat=detected; detectata=detected; detectats=occupied; detectee=detected; detekovano=detected
        detekterad=detected; detekterar=occupied; detekteret=occupied; detektert=occupied; detener=stop
        detenido=stopped; detetado=detected; deumidificazione=dry; deuren=doors; devam ediyor=in progress
        devam et=resume; deverrouill=unlocked; deverrouillee=unlocked; deverrouilleee=unlocked; deverrouilleeee=unlocked
        deverrouilleeees=unlocked; deverrouilleees=unlocked; deverrouilleer=unlocked; deverrouilleere=unlocked
        deverrouilleeree=unlocked; deverrouilleereee=unlocked; deverrouilleereees=unlocked; deverrouilleerees=unlocked
        deverrouilleeres=unlocked; deverrouilleers=unlocked; deverrouillees=unlocked; deverrouiller=unlocked
        deverrouillere=unlocked; deverrouilleree=unlocked; deverrouillereee=unlocked; deverrouillereees=unlocked
        deverrouillerees=unlocked; deverrouilleres=unlocked; deverrouillers=unlocked; deverrouilles=unlocked
        deverrouills=unlocked; devre disi=disabled; dialkove ovladanie=remote; die nummer=track; die platte=album
        die wiedergabeliste=playlist; dil=episode; diminua=down; diminuat=dim; diminui=down; diminuir=down
        diminuisce=down; diminuisci=down; dimma=fog; dimmen=dim; dis mekan=outdoor; disabilitato=disabled; disarida=away
        disarida modu=away mode; disattiva=off; disattivata=off; disattivate=off; disattivati=off; disattivato=off
        disattive=off; disattivi=off; disattivo=off; disc=album; disco=album; disconnesso=disconnected; disminueix=down
        disminuint=falling; disponible=available; disponivel=available; diziler=series; dlhe stlacenie=long press
        dlouhe stisknuti=long press; dlugie nacisniecie=long press; dobra=good; dobre=good; dobry=good; dobrze=good
        docelowa temperatura=target temperature; dockad=docked; dod=dead; doeltemperatuur=target temperature
        dokket=docked; dokkolva=docked; dokoncene=finished; dokoncit=finish; dolu=down; dolunay=full moon; doma=home
        domace zviera=pet; domovy zvoncek=doorbell; donanim yazilimi=firmware; dondurucu=freezer; dora=doors; dore=doors
        doren=doors; dorene=doors; dorer=doors; dormiente=sleeping; dormindo=sleeping; dormint=sleep; dormir=sleep
        dorrar=doors; dorrarna=doors; dostupne=available; dovolena=vacation; dovolenka=holiday
        dovolenkovy rezim=holiday mode; downloadsnelheid=download speed; draperia=shades; draperie=shades
        draperii=shades; draperiile=shades; druck=pressure; drucken=press; druckt=printing; druk=pressure
        drukowanie=printing; drzet=hold; dugme=button; duraklat=pause; durdur=stop; durduruldu=paused
        durmiendo=sleeping; dusuk=low; dusuyor=falling; duzy wyciek=heavy; dveri=doors; dweilen=mop
        dwutlenek wegla=carbon dioxide; dzialanie=running; ebren=awake; ebresztes=wake; ebresztoora=alarm clock
        eclaircies=partly cloudy; eclairement=illuminance; een mensen=occupied; een personen=occupied
        een persoon=occupied; effekt=power; egeto=burner; egim=tilt; ei havaintoja=clear; ei kaytossa=disabled
        ei saatavilla=unavailable; ein=on; eingesteckt=plugged in; einkaufsliste=shopping list; einschalten=power on
        einschalter=power; einstellung=setting; ejecutando=running; ejszaka=night; elakadt=jammed; elerheto=available
        elesitve=armed; elevee=high; eloado=artist; elobeallitas=preset; elorejelzes=forecast; elveszett=lost
        emelkedo=rising; encallat=jammed; encender=power on; encendidas=on; encendidos=on; ences=on; encesa=on
        enceses=on; encesos=on; enchufado=plugged in; encravado=jammed; endoll=plug; endollat=plugged in; energi=energy
        energia ar=energy price; energia sloneczna=solar power; energiafelhasznalas=energy usage
        energiafogyasztas=energy consumption; energian hinta=energy price; energian kaytto=energy usage
        energiankulutus=energy consumption; energiepreis=energy price; energieprijs=energy price
        energieverbrauch=energy usage; energiforbruk=energy usage; energiforbrukning=energy consumption; enerji=energy
        enerji fiyati=energy price; enerji kullanimi=energy usage; enerji tuketimi=energy consumption; enfonce=press
        enfriamiento=cool down; enfriando=cooling; engedelyezve=enabled; engega=on; engegada=on; engegades=on
        engegat=on; engegats=on; ennuvolat=cloudy; entdeckt=occupied; entfeuchtung=dry; enyhe=mild
        epaaktiivinen=inactive; episod=episode; episodio=episode; epizoda=episode; erhoh=up; erhohe=up; erhohen=up
        erro=error; ervas=herbs; erwarmen=warming; escalfa=heat; escalfador=heater; escalfant=heating; escena=scene
        escuro=dim; esiasetus=preset; esinti=breeze; esos=rainy; estable=steady; estavel=steady; estor=shade
        estores=shades; estremo=extreme; eszlelt=detected; eszlelve=detected; eszpresszo=espresso; eteints=off
        etkin=active; etkin degil=inactive; evcil hayvan=pet; evde=home; executando=running; expresso=espresso
        extern=external; externi=external; externo=external; extrem=extreme; extremne=extreme; extremni=extreme
        extremo=extreme; fahren=drive; fahrenhayt=fahrenheit; fahrenheita=fahrenheit; fahrenheity=fahrenheit
        fahrzeug=vehicle; faixa=track; fakir=poor; falha=fault; fallend=falling; faller=falling; fallo=fault
        falta=fault; farba=color; farbe=color; farbtemperatur=color temperature; farg=color
        fargetemperatur=color temperature; fargtemperatur=color temperature; farvetemperatur=color temperature
        fastnat=jammed; fechadas=closed; fechados=closed; feil=fault; feito=done; fel=error; felhos=cloudy; feljebb=up
        felmelegedes=warming; felmosas=mop; feloldva=unlocked; feltoltes=upload; feltoltesi sebesseg=upload speed
        fenyero=brightness; fenyerosseg=illuminance; fenyes=bright; fereastra=windows; ferestre=windows
        ferestrele=windows; feriado=holiday; ferma=stop; fermees=closed; fernsteuerung=remote control
        feszultseg=voltage; fialova=purple; fialove=purple; fialovej=purple; fialovejch=purple; fialovo=purple
        fialovou=purple; fialovu=purple; fialovy=purple; fialovych=purple; ficha=plug; figyelmeztetes=warning
        film=movie; filme=movie; filmu=movie; filmul=movie; finalizado=finished; finestres=windows; finestrini=windows
        fiori=flowers; firmver=firmware; fis=plug; fise takili=plugged in; fjarrkontroll=remote; fjernbetjening=remote
        fjernkontroll=remote; flores=flowers; foldegardin=shades; foldegardinene=shades; foldegardiner=shades
        foldegardinet=shades; folyamatban=in progress; folytatas=resume; fonsterluck=shutters; fonsterlucka=shutters
        fonsterluckor=shutters; fonsterluckorna=shutters; fonsterna=windows; fonstert=windows; fora=away
        forbundet=connected; fordon=vehicle; forheng=curtains; forhengene=curtains; forhenger=curtains
        forhenget=curtains; forinstallning=preset; forlorad=lost; formatia=artist; formatie=artist; forro=hot
        fort=strong; forte=strong; fortsetzen=resume; forudindstilling=preset; fout=error; fozes=cooking; fra=off
        frakoblet=disconnected; frankopplad=disconnected; fred=cold; fregar=mop; frei=clear; fritt=clear; fuerte=strong
        fuggonyok=curtains; fuggonyoket=curtains; fuggonyt=curtains; fullmane=full moon; funyiro=lawn mower
        fuszernovenyek=herbs; fut=running; gardinen=curtains; gardinene=curtains; gardiner=curtains; gardinerna=curtains
        gardinerne=curtains; gardinet=curtains; gasmenge=gas; gass=gas; gata=street; gaz=gas; geam=windows
        geamul=windows; geamuri=windows; geamurile=windows; gece=night; gece lambasi=nightlight; gecerli=current
        gedeeltelijk bewolkt=partly cloudy; gedempt=muted; gedetecteerd=detected; gedimmt=dim; gedruckt=pressed
        geen aanwezigheid=empty; geen personen=empty; gekippt=open; geluid=sound; gematigd=moderate; gemiddeld=medium
        genstart=restart; gepauzeerd=paused; gereed=ready; geri sayim=countdown; gering=low; geschwindigkeit=speed
        gespeeld=played; gesperrt=locked; gespielt=played; gestopt=stopped; gewenste temperatuur=target temperature
        gewicht=weight; giu=down; gjoremalsliste=to do list; gleichbleibend=steady; glosnosc=volume; god=good; goed=good
        golgelik=shade; gomb=button; gombnyomas=press; gor rent=cleaning; gotowy=ready; grandine=hail; granizo=hail
        grele=hail; greutate=weight; groen=green; gron=green; gronn=green; gront=green; grun=green; guc=power
        guc tuketimi=power consumption; guncelle=update; guncelleniyor=updating; gunes=sun; gunes enerjisi=solar power
        guneslik=shades; gunesliklar=shades; gunesliklari=shades; guneslikler=shades; guneslikleri=shades; gurultu=noise
        gut=good; guvenli=safe; gyenge=poor; habilitado=enabled; hafif=mild; hagel=hail; haka=carbon monoxide
        halas=noise; halk=quiet; halkabb=down; halkabban=down; halkabbra=down; halkitsd=down; halten=hold; halvany=dim
        halytys=alarm; handleliste=shopping list; hang=sound; hangero=volume; hangosabb=up; hangosabban=up
        hangosabbra=up; hangositsd fel=up; harder=up; hareket sensoru=motion sensor; hareketli=moving; harici=external
        harmonogram=schedule; hastighed=speed; hastighet=speed; hasznalat=usage; hata=fault; hatastalanitva=disarmed
        haustier=pet; hava=weather; hava kalitesi=air quality; havaittu=detected; havas=snowy; havazas=snow; hazir=ready
        hecho=done; hedef sicaklik=target temperature; heet=hot; heisses wasser=hot water; heizbetrieb=heat
        helder=clear; helderheid=brightness; henkilo=person; herata=wake; herauf=up; heraufdrehen=up; herstart=restart
        hervatten=resume; hetvatten=hot water; hiba=error; hideg=cold; hierbas=herbs; hiilidioksidi=carbon dioxide
        hiljainen=quiet; himmea=dim; hiz=speed; hizmet=service; hlasitost=volume; hlasnejsie=up; hluk=noise; hmla=fog
        hmotnost=weight; hochdrehen=up; hoger=up; homerseklet=temperature; horak=burner; horari=schedule
        horario=schedule; horka voda=hot water; hornear=bake; hors ligne=offline; horsi=poor; horuca voda=hot water
        hosszu gombnyomas=long press; hoszivattyu=heat pump; hotovo=done; hrane=played; hry=games; hudba=music
        huidig=present; humidificador=humidifier; humido=wet; humit=wet; humitat=humidity
        huonelampotila=room temperature; husdjur=pet; huskeliste=to do list; hutes=cooling; hutoszekreny=fridge
        hvilemodus=standby; hyva=good; idozito=timer; igen=closed; ikke detekteret=empty; ikke registreret=clear
        ikkunaa=windows; ikkunat=windows; il luminacio=illuminance; iliman=moderate; ilimli=moderate
        illuminamento=illuminance; ilmakehan paine=atmospheric pressure; ilmankostutin=humidifier
        ilmanlaatu=air quality; iluminancia=illuminance; iluminare=illuminance; impressao=printing; impression=printing
        imprimare=printing; imprimiendo=printing; imprimint=printing; imuri=vacuum; inactief=idle; inactif=idle
        inactiu=idle; inactiv=idle; inactiva=empty; inactivada=empty; inactivadas=empty; inactivado=empty
        inactivados=empty; inactivas=empty; inactivo=idle; inactivos=empty; inaktiv=inactive; inaktiverad=disabled
        inativo=idle; inattivo=idle; incalzire=heating; incarcare=charging; inchis=closed; inchisa=closed
        inchise=closed; inchisi=closed; inclinacao=tilt; inclinacion=tilt; inclinaison=tilt; inclinat=tilt
        inclinazione=tilt; incrementa=up; incrementare=up; incuiata=locked; incuietoare=lock; indir=download
        indirme hizi=download speed; indisponivel=unavailable; inditas=start; indkobsliste=shopping list
        ingedrukt=pressed; ingeplugd=plugged in; inicia=start; iniciar=start; inkopplad=plugged in
        inkopslista=shopping list; inschakelen=power on; installning=setting; installt=cancelled; instelling=setting
        instelpunt=set point; intensitat=current; interpreta=artist; interpretu=artist; iptal=cancel
        iptal edildi=cancelled; irrotettu=unplugged; isi pompasi=heat pump; isinma=warming; isitici=heater
        isitiliyor=heating; islak=wet; iyi=good; izbova teplota=room temperature; izlemek=track; jaahdytys=cooling
        jakosc powietrza=air quality; jakso=episode; jaloezie=blind; jaloezieen=blinds; jaluzea=blinds; jaluzeaua=blinds
        jaluzele=blinds; jaluzelele=blinds; jaluzi=blinds; jaluzilar=blinds; jaluzilari=blinds; jaluziler=blinds
        jaluzileri=blinds; jannite=voltage; jarmu=vehicle; jas=brightness; jasno=clear; jasny=bright; jatekok=games
        jatszott=played; jelen van=present; jelenet=scene; jelerosseg=signal strength; jemna=mild; jemne=mild
        jeux=games; jizda=drive; jocs=games; jogado=played; jogos=games; juegos=games; jugado=played; jumissa=jammed
        kaasu=gas; kahve=coffee; kaihdin=blinds; kaihdinta=blinds; kalendar=calendar; kalendarz=calendar
        kalenteri=calendar; kallistus=tilt; kamertemperatuur=room temperature; kansellert=cancelled; kapali=off
        kapcsolas=toggle; kapcsolodva=connected; kapi zili=doorbell; kappale=track; kapucino=cappuccino; kar=snow
        karbon monoksit=carbon monoxide; karbondioksid=carbon dioxide; karbondioksit=carbon dioxide
        karbonmonoksid=carbon monoxide; karli=snowy; kastelu=watering; katu=street; kauko ohjaus=remote; kava=coffee
        kawalek=track; kawalka=track; kayip=lost; kaynnissa=running; kaynnista=start; kaynnista uudelleen=restart
        kaytossa=enabled; kaytto=usage; kek=blue; kekre=blue; kepeng=shutters; kepenglar=shutters; kepenglari=shutters
        kepengler=shutters; kepengleri=shutters; kepenk=shutters; kepenklar=shutters; kepenklari=shutters
        kepenkler=shutters; kepenkleri=shutters; keringeto szivattyu=circulation pump; keskeyta=pause
        keszenletben=standby; kevyt sade=light rain; kiertovesipumppu=circulation pump; kihuzva=unplugged; kiinni=closed
        kikapcsolva=power off; kilitli=locked; kilitli degil=unlocked; kirkas=bright; kirkkaus=brightness; kirmizi=red
        kisi=person; kissen=pillow; kivant homerseklet=target temperature; kizart=roast; kjole=cool; kjoling=cooling
        kjorer=running; klamta=chime; klar=clear; klart=clear; klattra=climb; klesajici=falling; klesajuci=falling
        kleur=color; kleurtemperatuur=color temperature; klimmen=climb; knap=button; knapp=button; knop=button
        koblet fra=unplugged; kochen=cooking; kodos=fog; koelen=cooling; kohlendioxid=carbon dioxide
        kohlenmonoxid=carbon monoxide; kohtalainen=moderate; kokar=cooking; koken=cooking; koldioxid=carbon dioxide
        koling=cooling; kolmonoxid=carbon monoxide; kompletne=complete; kooldioxide=carbon dioxide
        koolmonoxide=carbon monoxide; koppla ifran=disconnect; kor=running; korer=running; kors=running
        kosteus=humidity; kotona=home; kozepes=medium; kraft=power; kraftig=heavy; krauter=herbs; kruiden=herbs
        krupobiti=hail; krupobitie=hail; kryddor=herbs; kryt=cover; kudde=pillow; kuhlbetrieb=cool; kuhlung=cooling
        kuivaus=dry; kullanim=usage; kullanim disi=unavailable; kulso=external; kulteri=outdoor; kunstler=artist
        kunstner=artist; kuollut=dead; kuorma=load; kurcalama=tamper; kuru=dry; kussen=pillow; kuu=moon
        kvalita ovzdusia=air quality; kvalita prepojenia=link quality; kvalita pripojeni=link quality
        kvalita vzduchu=air quality; kvetiny=flowers; kvety=flowers; kyla=cool; kyler=cooling; kytketty=plugged in
        laddar=charging; laddning=charge; ladestatus=charging; lage batterij=low battery
        lage temperatuur=low temperature; lagerung=storage; lagring=storage; lahetysnopeus=upload speed
        laiteohjelmisto=firmware; lammin valkoinen=warm white; lammin valkonen=warm white
        lampimaan valkoiseen=warm white; lampotila=temperature; lang indrukken=long press; lang ingedrukt=long press
        lang nedtryckning=long press; langes drucken=long press; langsam=slow; langt tryck=long press
        langt trykk=long press; langtryck=long press; langzaam=slow; lankkvalitet=link quality; larm=noise
        larmar=occupied; laskee=falling; laskuri=counter; lassu=slow; lataa=download; latautuu=charging
        lattare regn=light rain; lauter=up; lautstarke=volume; lavado=wash; lavagem=washing; lavaggio=wash; lavar=wash
        lawaai=noise; leallitas=stop; leallitva=stopped; lecteur multimedia=media player; ledig=empty; lednicka=fridge
        leerlauf=idle; legkori nyomas=atmospheric pressure; lehky dest=light rain; lehutes=cool down; leicht=mild
        leichter regen=light rain; leitor multimedia=media player; lejatszasi lista=playlist; lejjebb=down
        lekki deszcz=light rain; lent=slow; lento=slow; lepotilassa=standby; letiltva=disabled; letoltes=download
        letoltesi sebesseg=download speed; lett regn=light rain; lettore multimediale=media player
        levalasztas=disconnect; levalasztva=disconnected; leve=mild; levegominoseg=air quality; libera=empty
        libere=empty; liberi=empty; libero=empty; lichte regen=light rain; licznik=counter; lied=track; liedje=track
        lieve=mild; ligadas=on; ligados=on; ligar=power; ligeiro=mild; liikkuu=moving; lil=purple; lila=purple
        lilara=purple; liles=purple; lilla=purple; limpando=cleaning; limpeza=cleaning; limpiando=cleaning; limpo=clear
        lista=playlist; lista odtwarzania=playlist; lista zakupow=shopping list; listo=ready; ljud=sound
        ljusstyrka=brightness; ljust=bright; llamps=lightning; lliure=clear; lliures=empty; llum=light
        llum nocturna=nightlight; lluminositat=brightness; lluna=moon; lluna nova=new moon; lluna plena=full moon
        lluvia ligera=light rain; lluvioso=rainy; loma=holiday; loopt=running; lua=moon; lua nova=new moon
        luce notturna=nightlight; luchtbevochtiger=humidifier; luchtkwaliteit=air quality
        luchtontvochtiger=dehumidifier; luck=shutters; lucka=shutters; luckor=shutters; luckorna=shutters
        luftfugter=humidifier; luftfugtighed=humidity; luftfuktare=humidifier; luftfukter=humidifier
        luftkvalitet=air quality; lufttryk=pressure; luke=windows; lukeen=windows; lukeene=windows; lukeer=windows
        lukitsematta=unlocked; lukittu=locked; lukkede=closed; lukket igjen=closed; lukket opp=open; lumina=light
        luminosita=brightness; luminoso=bright; luminozitate=brightness; lumisadetta=snowy; luna=moon
        luna nueva=new moon; lune=moon; luukku=shutters; luukkua=shutters; luukut=shutters; luxaflex=blinds
        luz nocturna=nightlight; luz noturna=nightlight; lydstyrke=volume; lyn=lightning; maan=moon; magas=high
        mais alto=up; mais baixo=down; malo=low; maltemperatur=target temperature; maly wyciek=mild; manipulace=tamper
        manipulacio=tamper; manipulacion=tamper; manipulation=tamper; manomissione=tamper; manter=hold; mantieni=hold
        marche=on; mareste=up; massa alta=too high; massa baixa=too low; massig=moderate; maszas=climb; matala=low
        mattlig=moderate; mattligt=moderate; mazlicek=pet; medel=medium; medialejatszo=media player
        mediaplayer=media player; mediasoitin=media player; mediaspelare=media player; mediaspeler=media player
        mediaspiller=media player; medieafspiller=media player; medio=medium; medya oynatici=media player
        megerkezett=arrived; megnyomva=pressed; megszakitas=cancel; meine wiedergabeliste=playlist; meleg=warm
        melegviz=hot water; melodia=track; melodie=track; melu=noise; memoire utilisee=memory use
        memoriafelhasznalas=memory use; mensen=occupied; menys=down; mersekelt=moderate; mes=up; mesiac=moon; mesic=moon
        metaani=methane; metan=methane; metano=methane; methaan=methane; methan=methane; mevcut=present; mgla=fog
        micrologiciel=firmware; microprogramari=firmware; mierne=moderate; mierny=moderate; minutnik=timer
        miscare=motion; mitja=mild; mittel=medium; mlha=fog; moc=power; moderada=moderate; moderado=moderate
        moderat=moderate; moderata=moderate; moderato=moderate
        """
}
