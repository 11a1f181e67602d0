extension LexiconData {
    /// French, Spanish, Italian and Portuguese.
    static let romance = """
        # French
        ?cuisine=kitchen; ?salon=living room; sejour=living room; chambre=bedroom; chambre parentale=main bedroom
        chambre parents=main bedroom
        chambre enfant=child room; chambre enfants=child room; chambre bebe=nursery; chambre amis=guest room
        chambre d amis=guest room
        salle de bain=bathroom; salle de bains=bathroom; salle bain=bathroom; salle d eau=shower room
        toilettes=toilet; douche=shower
        baignoire=bathtub; ?bureau=office desk; salle a manger=dining room; salle=room; piece=room
        ?cave=cellar basement; sous sol=basement
        grenier=attic; combles=attic; jardin=garden; terrasse=terrace patio; balcon=balcony; couloir=hallway
        entree=entrance; cour=yard
        escalier=stairs; escaliers=stairs; buanderie=laundry room; cellier=pantry; allee=driveway; abri=shed
        ?remise=shed
        piscine=pool; maison=house; appartement=apartment; etage=upstairs; rez de chaussee=ground floor
        exterieur=outdoor; dehors=outside
        interieur=indoor; lumiere=light; lumieres=lights; lampe=lamp; eclairage=lighting; plafonnier=ceiling light
        lampadaire=floor lamp
        lampe de chevet=bedside lamp; chevet=bedside; guirlande=fairy lights; ampoule=bulb; applique=wall light
        ?lit=bed
        canape=sofa; porte=door; porte d entree=front door; porte entree=front door; porte de garage=garage door
        porte fenetre=patio door; baie vitree=patio door; portail=gate; fenetre=window; fenetres=windows
        ?velux=skylight; volet=roller shutter
        volets=roller shutters; volet roulant=roller shutter; rideau=curtain; rideaux=curtains; ?store=blind
        ?stores=blinds; serrure=lock
        sonnette=doorbell; mouvement=motion; detecteur de fumee=smoke alarm; fumee=smoke; incendie=fire
        detecteur=detector; capteur=sensor; fuite=leak; fuite d eau=water leak; inondation=flood; alarme=alarm
        sirene=siren; humidite=humidity
        pression=pressure; luminosite=brightness; qualite de l air=air quality; qualite air=air quality
        prise=outlet; prises=outlets
        interrupteur=switch; electricite=electricity; courant=current; consommation=consumption; puissance=power
        compteur=meter; prix=price
        ?tarif=price; solaire=solar; panneaux solaires=solar panels; ?pile=battery; ?piles=batteries
        batterie=battery; chargeur=charger
        borne de recharge=charging station; voiture=car; velo=bicycle; ?portable=phone; ?telephone=phone
        ordinateur=computer; imprimante=printer
        chauffage=heating; radiateur=radiator; chaudiere=boiler; pompe a chaleur=heat pump; chauffe eau=water heater
        ?ballon=hot water tank
        eau chaude=hot water; cheminee=fireplace; poele=stove; climatisation=air conditioning; clim=air conditioning
        climatiseur=air conditioner
        ventilateur=fan; hotte=extractor hood; deshumidificateur=dehumidifier; humidificateur=humidifier
        purificateur=air purifier
        meteo=weather; pluie=rain; neige=snow; orage=thunderstorm; ?vent=wind; soleil=sun; coucher de soleil=sunset
        lever de soleil=sunrise
        ?tele=television; enceinte=speaker; haut parleur=speaker; musique=music; aspirateur=vacuum
        robot aspirateur=robot vacuum
        tondeuse=lawn mower; pelouse=lawn; gazon=lawn; arrosage=irrigation; robinet=tap; vanne=valve; pompe=pump
        lave linge=washing machine
        machine a laver=washing machine; seche linge=dryer; lave vaisselle=dishwasher; refrigerateur=fridge
        frigo=fridge; congelateur=freezer
        ?four=oven; ?plaque=stove; cuisiniere=stove; micro ondes=microwave; bouilloire=kettle
        cafetiere=coffee machine; ?cafe=coffee
        boite aux lettres=mailbox; courrier=mail; colis=parcel; poubelle=trash bin; poubelles=trash bins
        calendrier=calendar; minuteur=timer
        reveil=alarm clock; bouton=button; telecommande=remote; vacances=holiday; chien=dog; ?chat=cat; bebe=baby
        plante=plant; plantes=plants
        allume=turned on; allumee=turned on; allumees=turned on; eteint=turned off; eteinte=turned off
        eteintes=turned off; ouvert=opened
        ouverte=opened; ouvre=opens; ferme=closed; fermee=closed; fermes=closed; verrouille=locked
        verrouillee=locked; deverrouille=unlocked
        detecte=detected; declenche=triggered; declenchee=triggered; demarre=started; demarree=started
        arrete=stopped; arretee=stopped
        termine=finished; terminee=finished; ?arrive=arrived; rentre=came home; ?parti=left home; ?partie=left home
        sorti=went out
        ?absent=away; ?vide=empty; plein=full; pleine=full; faible=low weak; haut=high; eleve=high; ?bas=low
        chaud=hot; froid=cold; froide=cold
        humide=humid; mouille=wet; ?sec=dry; seche=dry; sombre=dark; bruit=noise; panne=failure problem
        erreur=error; bloque=stuck; bloquee=stuck
        en charge=charging; branche=plugged in; debranche=unplugged; deconnecte=disconnected; connecte=connected
        ?monte=rose; baisse=fell
        quelqu un=someone; nuit=night; pleure=crying; sonne=rang; il pleut=raining; il neige=snowing
        # Spanish
        cocina=kitchen; ?salon=living room; sala=living room; sala de estar=living room; dormitorio=bedroom
        habitacion=bedroom; cuarto=room
        cuarto de bano=bathroom; bano=bathroom; aseo=toilet; oficina=office; despacho=office; estudio=study
        comedor=dining room
        sotano=basement; atico=attic; desvan=attic; jardin=garden; terraza=terrace; balcon=balcony; pasillo=hallway
        recibidor=entrance hall; entrada=entrance; escalera=stairs; escaleras=stairs; lavadero=laundry room
        lavanderia=laundry room
        trastero=storage room; despensa=pantry; garaje=garage; cochera=garage; piscina=pool; casa=house
        ninos=children; nino=child
        bebe=baby; invitados=guest; huespedes=guest; ?exterior=outdoor; ?interior=indoor; fuera=away outside
        luz=light; luces=lights
        lampara=lamp; iluminacion=lighting; foco=spotlight; bombilla=bulb; mesita=bedside; mesa=table; cama=bed
        escritorio=desk
        techo=ceiling; puerta=door; puerta principal=front door; puerta de entrada=front door
        puerta trasera=back door; porton=gate
        verja=gate; ventana=window; ventanas=windows; persiana=roller shutter; persianas=roller shutters
        cortina=curtain
        cortinas=curtains; toldo=awning; cerradura=lock; timbre=doorbell; camara=camera; movimiento=motion
        presencia=presence; humo=smoke
        detector de humo=smoke alarm; incendio=fire; fuga=leak; fuga de agua=water leak; inundacion=flood
        alarma=alarm; sirena=siren
        humedad=humidity; presion=pressure; calidad del aire=air quality; enchufe=power outlet; interruptor=switch
        electricidad=electricity
        consumo=consumption; energia=energy; potencia=power; precio=price; placas solares=solar panels
        bateria=battery; pila=battery
        cargador=charger; coche=car; carro=car; movil=phone; telefono=phone; ordenador=computer
        computadora=computer; impresora=printer
        calefaccion=heating; radiador=radiator; caldera=boiler; termo=water heater; calentador=water heater
        agua caliente=hot water
        chimenea=fireplace; aire acondicionado=air conditioning; ventilador=fan; campana=extractor hood
        deshumidificador=dehumidifier
        tiempo=weather; lluvia=rain; nieve=snow; tormenta=storm; viento=wind; ?sol=sun; puesta de sol=sunset
        amanecer=sunrise
        televisor=television; ?tele=television; altavoz=speaker; musica=music; aspiradora=vacuum
        cortacesped=lawn mower
        cesped=lawn; riego=irrigation; grifo=tap; valvula=valve; bomba=pump; agua=water; lavadora=washing machine
        secadora=dryer
        lavavajillas=dishwasher; nevera=fridge; frigorifico=fridge; refrigerador=fridge; congelador=freezer
        horno=oven; cafetera=coffee machine
        ?cafe=coffee; microondas=microwave; hervidor=kettle; estufa=stove heater; buzon=mailbox; correo=mail
        paquete=parcel; basura=garbage
        calendario=calendar; temporizador=timer; despertador=alarm clock; boton=button; mando=remote
        vacaciones=holiday; perro=dog; gato=cat
        planta=plant; plantas=plants; encendida=turned on; encendido=turned on; encendio=turned on
        apagada=turned off; apagado=turned off
        apago=turned off; abierta=opened; abierto=opened; abrio=opened; cerrada=closed; cerrado=closed; cerro=closed
        bloqueada=locked
        desbloqueada=unlocked; detectado=detected; activada=activated; disparada=triggered; empezo=started
        terminado=finished
        llego=arrived; salio=left; vacia=empty; llena=full; baja=low; bajo=low; alta=high; alto=high; caliente=hot
        frio=cold; humedo=humid
        mojado=wet; seco=dry; oscuro=dark; noche=night; averia=fault; atascado=stuck; desconectado=disconnected
        llueve=raining
        # Italian
        cucina=kitchen; soggiorno=living room; salotto=living room; camera da letto=bedroom; cameretta=child room
        camera ospiti=guest room; bagno=bathroom; ufficio=office; ?studio=office study; sala da pranzo=dining room
        cantina=cellar basement
        soffitta=attic; mansarda=attic; giardino=garden; terrazzo=terrace; terrazza=terrace; balcone=balcony
        corridoio=hallway
        ingresso=entrance; ?scale=stairs; scala=stairs; lavanderia=laundry room; ripostiglio=storage room
        dispensa=pantry; vialetto=driveway
        piscina=pool; casa=house; esterno=outdoor; esterna=outdoor; interno=indoor; fuori=outside; luce=light
        luci=lights; lampada=lamp
        illuminazione=lighting; lampadario=chandelier; faretti=spotlights; comodino=bedside; letto=bed; divano=sofa
        scrivania=desk
        tavolo=table; porta=door; porta d ingresso=front door; porta ingresso=front door; portone=front door
        cancello=gate; finestra=window
        finestre=windows; tapparella=roller shutter; tapparelle=roller shutters; tenda=curtain; tende=curtains
        serratura=lock
        campanello=doorbell; telecamera=camera; movimento=motion; presenza=presence; fumo=smoke; incendio=fire
        perdita=leak
        perdita d acqua=water leak; allagamento=flood; allarme=alarm; umidita=humidity; pressione=pressure
        presa=power outlet
        interruttore=switch; elettricita=electricity; corrente=current; consumo=consumption; prezzo=price
        pannelli solari=solar panels
        fotovoltaico=solar; batteria=battery; pila=battery; ?auto=car; macchina=car; telefono=phone; cellulare=phone
        stampante=printer
        riscaldamento=heating; termosifone=radiator; caldaia=boiler; scaldabagno=water heater; acqua calda=hot water
        camino=fireplace; stufa=stove heater; condizionatore=air conditioner; climatizzatore=air conditioner
        ventilatore=fan; cappa=extractor hood
        deumidificatore=dehumidifier; meteo=weather; pioggia=rain; neve=snow; temporale=thunderstorm; vento=wind
        ?sole=sun; tramonto=sunset
        alba=sunrise; televisione=television; televisore=television; altoparlante=speaker; musica=music
        aspirapolvere=vacuum
        tagliaerba=lawn mower; prato=lawn; irrigazione=irrigation; rubinetto=tap; valvola=valve; pompa=pump
        acqua=water
        lavatrice=washing machine; asciugatrice=dryer; lavastoviglie=dishwasher; frigorifero=fridge; frigo=fridge
        congelatore=freezer
        forno=oven; fornello=stove; bollitore=kettle; macchina da caffe=coffee machine; ?caffe=coffee
        microonde=microwave
        cassetta postale=mailbox; posta=mail; pacco=parcel; spazzatura=garbage; rifiuti=garbage; calendario=calendar
        sveglia=alarm clock
        pulsante=button; telecomando=remote; vacanza=holiday; cane=dog; gatto=cat; pianta=plant; bambini=children
        bambino=child
        accesa=turned on; acceso=turned on; accese=turned on; spenta=turned off; spento=turned off
        spente=turned off; aperta=opened
        aperto=opened; chiusa=closed; chiuso=closed; bloccata=locked; sbloccata=unlocked; rilevato=detected
        avviata=started
        finita=finished; finito=finished; arrivato=arrived; uscito=went out; scarica=empty low; piena=full
        bassa=low; alta=high; caldo=hot
        freddo=cold; umido=humid; bagnato=wet; secco=dry; buio=dark; notte=night; errore=error; guasto=fault
        piove=raining
        # Portuguese
        cozinha=kitchen; sala de estar=living room; quarto=bedroom; casa de banho=bathroom; banheiro=bathroom
        escritorio=office
        sala de jantar=dining room; ?cave=basement; porao=basement; sotao=attic; jardim=garden; quintal=yard
        varanda=balcony; corredor=hallway
        escadas=stairs; escada=stairs; garagem=garage; piscina=pool; lavandaria=laundry room; despensa=pantry
        luzes=lights; luz=light
        candeeiro=lamp; luminaria=lamp; abajur=bedside lamp; cama=bed; porta=door; porta da frente=front door
        portao=gate; janela=window
        janelas=windows; persiana=roller shutter; estore=blind; cortina=curtain; fechadura=lock; campainha=doorbell
        fumaca=smoke; fumo=smoke
        vazamento=leak; humidade=humidity; umidade=humidity; tomada=power outlet; interruptor=switch; energia=energy
        preco=price
        painel solar=solar panel; carro=car; celular=phone; telemovel=phone; aquecimento=heating; aquecedor=heater
        caldeira=boiler
        ar condicionado=air conditioning; ventoinha=fan; exaustor=extractor hood; ?tempo=weather; chuva=rain
        vento=wind; televisao=television
        coluna=speaker; aspirador=vacuum; relva=lawn; grama=lawn; rega=irrigation; torneira=tap; agua=water
        maquina de lavar=washing machine
        maquina de lavar louca=dishwasher; secador=dryer; geladeira=fridge; frigorifico=fridge; forno=oven
        fogao=stove; chaleira=kettle
        correio=mail; lixo=garbage; despertador=alarm clock; botao=button; ferias=holiday; cao=dog; cachorro=dog
        gato=cat; ligada=turned on
        ligado=turned on; desligada=turned off; desligado=turned off; aberta=opened; fechada=closed; fechado=closed
        trancada=locked
        destrancada=unlocked; chegou=arrived; saiu=left; vazia=empty; cheia=full; baixa=low; quente=hot; fria=cold
        molhado=wet; noite=night
        """
}
