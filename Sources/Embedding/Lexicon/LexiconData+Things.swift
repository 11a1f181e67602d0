extension LexiconData {
    /// Devices, appliances, sensors and what they measure.
    static let things = """
        light: light, lights, lamp, lighting, bulb, illumination, spotlight, spots, spot, downlight, downlights, led, leds
        light: luminaire, lantern, ceiling light, floor lamp, table lamp, desk lamp, chandelier, pendant, sconce, led strip
        light: light strip, fairy lights, string lights, floodlight, night light, nightlight, striplight, uplighter
        light: light bulb, lightbulb, reading lamp, bedside lamp, hanging lamp, standard lamp, ceiling lamp, wall lamp, headlights
        light: light fixture, fixture, spotlights, beam, neon, lit room, candle
        decorative light: fairy lights, string lights, christmas lights, christmas tree, led strip, light strip, mood light, light chain
        switch: switch, power switch, toggle, rocker, wall switch, light switch
        power outlet: power outlet, outlet, socket, plug, smart plug, wall plug, power strip, power point, wall socket, receptacle
        power outlet: extension cord, extension lead, electrical outlet, power socket, adapter
        door: door, doors, doorway, front door, back door, entrance door, entrance, patio door, garage door, side door
        door: sliding door, glass door, french door, french window, balcony door, house door, main entrance, main door, hatch
        door: terrace door, cellar door, interior door, apartment door, lid, flap, door handle
        front door: front door, main door, main entrance, entrance door, house door, front entrance, entry door, entrance
        front door: apartment door, street door, doorstep
        back door: back door, rear door, rear entrance, kitchen door, back entrance, side door, side entrance
        patio door: patio door, terrace door, balcony door, french door, french window, sliding door, glass door, garden door
        garage door: garage door, up and over door, roll up door, overhead door, garage gate, roller door
        window: window, windows, skylight, sash, pane, casement, dormer, roof window, glazing, porthole, windowpane, airing, air out
        skylight: skylight, roof window, dormer, roof light, velux
        cover: cover, blind, blinds, shutter, shutters, roller shutter, curtain, curtains, shade, shades, awning, drape, drapes
        cover: roller blind, venetian blind, window covering, sunshade, persienne, sun blind, rollo, roll down shutter
        shutter: shutter, shutters, roller shutter, roller blind, blind, blinds, persienne, roll down shutter, venetian blind
        curtain: curtain, curtains, drape, drapes, net curtain, drapery, draperies, window dressing
        blind: blind, blinds, shade, shades, roller blind, venetian blind, sun blind, jalousie, louver, louvre
        awning: awning, canopy, sunshade, sun shade, marquee, parasol, sun sail, pergola
        lock: lock, bolt, deadbolt, latch, smart lock, door lock, padlock, keyhole, key, catch
        doorbell: doorbell, door bell, bell, chime, ring the bell, rang the bell, buzzer, intercom, door chime, door phone, ding dong
        camera: camera, cam, webcam, cctv, video surveillance, surveillance camera, video doorbell, security camera
        motion: motion, movement, moving, moved, move, activity, pir, motion sensor, motion detector, stirring, walked by
        motion: someone moved, movement sensor, motion detected, walking around, walking past, creeping, prowling, presence
        occupancy: occupancy, occupied, presence, someone there, in use, somebody there, present, in the room, people in the room
        occupancy: someone is in, somebody is in, taken, vacant, vacated, unoccupied, empty room, nobody there
        person: person, someone, somebody, people, visitor, anyone, anybody, human, stranger, intruder, man, woman, guest
        intrusion: intruder, burglar, break in, burglary, broke in, thief, trespasser, robbery, prowler, intrusion, forced entry
        vibration: vibration, shaking, vibrating, trembling, shock, tremor, knocked, jolt, shook, vibrate
        tilt: tilt, tilted, tipped, ajar
        smoke: smoke, fire alarm, smoke alarm, smoke detector, fire detector, burning, smoke sensor, fire, flames, blaze, smoky
        smoke: something is burning, smell of burning, fumes
        carbon monoxide: carbon monoxide, co alarm, co detector, toxic gas, poisonous gas, exhaust fumes, co sensor, monoxide
        carbon monoxide: toxic fumes, poisonous fumes, deadly gas, co poisoning
        gas: gas, natural gas, methane, propane, gas leak, gas meter, butane, lpg
        hazard: smoke, carbon monoxide, gas leak, water leak, flood, fire, co alarm, smoke alarm, danger, hazard, emergency
        leak: leak, leaking, leaked, water leak, flood, flooded, flooding, water on the floor, dripping, burst pipe, leakage
        leak: water damage, moisture detected, wet floor, pipe burst, overflow, overflowed, puddle, leak sensor, seepage
        siren: siren, alarm sounding, alarm bell, horn, alarm siren, buzzer, hooter
        alarm system: security alarm, alarm system, security system, burglar alarm, intruder alarm, alarm panel, alarm control panel
        alarm system: house alarm, alarm, home security
        alarm: alarm, alert, alarms, warning, went off, set off, triggered, emergency, tripped
        temperature: temperature, degrees, celsius, fahrenheit, thermometer, how warm, how hot, how cold, temp, warmth
        humidity: humidity, moist air, damp air, dampness, air moisture, hygrometer, relative humidity, humid, muggy, steamy
        soil moisture: soil, soil moisture, moisture sensor, plant moisture, potting soil, earth, compost
        plant: plant, plants, houseplant, flower, flowers, fern, pot plant, potted plant, shrub, cactus, orchid, palm, basil, herbs
        plant: indoor plant, ficus, monstera, bonsai, plant pot, greenery
        pressure: pressure, barometer, air pressure, atmospheric pressure, barometric pressure, barometric
        illuminance: illuminance, brightness sensor, light level, lux, daylight, luminosity, ambient light, light sensor
        air quality: air quality, co2, carbon dioxide, stale air, particulate, particles, pm25, fine dust, voc, pollution, air
        air quality: ventilation, stuffy, fresh air, smog, dusty air, volatile organic compounds, aqi, particulate matter
        co2: co2, carbon dioxide, stale air, stuffy, used air, needs ventilation, needs airing, air is bad, thick air
        dust: particulate, particles, fine dust, pm2 5, pm10, pm25, pm1, fine particles, smog, dust, particulate matter, haze
        noise: noise, sound, loud, loudness, decibel, noisy, racket, din, acoustic, sound level, bang
        crying: crying, cry, cries, wailing, screaming, weeping, sobbing, baby cry, bawling, scream, whimpering
        baby: baby, infant, newborn, toddler, little one, cot, crib, nursery, baby monitor
        child: child, children, kid, kids, son, daughter, toddler, teenager, boy, girl
        pet: pet, dog, cat, puppy, kitten, animal, hamster, paw, litter box
        pet door: cat flap, pet door, dog door, catflap, cat door
        pet feeder: pet feeder, cat feeder, dog feeder, kibble, pet food, cat food, dog food, fed the cat, fed the dog
        fish: aquarium, fish tank, fish, reef, terrarium
        power: power, watt, watts, wattage, electricity, electric power, power consumption, power draw, load, drawing power
        power: power usage, consuming, kilowatt, drawing electricity, electrical power
        energy: energy, electricity, kilowatt hours, kwh, consumption, energy consumption, power consumption, energy usage
        energy: electricity consumption, usage, electricity use, electric bill, energy meter, current, drawing electricity
        voltage: voltage, volt, volts, mains voltage, overvoltage, brownout
        grid: grid, mains, utility power, import, export, feed in, fed into the grid, grid import, grid export, meter
        price: price, tariff, cost, rate, electricity price, energy price, expensive, cheap, per kilowatt hour, spot price, money
        solar: solar, photovoltaic, pv, solar panel, solar panels, sun power, photovoltaics, inverter, solar power, solar system
        solar: generation, sunlight power, rooftop panels, sun energy, yield
        home battery: home battery, battery storage, power storage, powerwall, house battery, energy storage, storage battery
        battery: battery, batteries, cell, cells, accumulator, rechargeable, state of charge, battery level, juice, charge level
        charging: charging, charge, charged, charger, plugged in, plug in, recharging, charging station, on the charger, recharge
        charging: charging cable, topped up, topping up, refuel, refuelling, on charge
        electric car: electric car, ev, electric vehicle, wallbox, wall box, charging station, ev charger, car charger, e car
        electric car: charge point, state of charge, car battery, tesla, electric auto
        car: car, vehicle, auto, automobile, van, truck, motorbike, motorcycle, ev, electric car, driving, suv, sedan
        bicycle: bike, bicycle, e bike, scooter, cycling, ebike
        phone: phone, mobile, smartphone, cell phone, cellphone, handset, iphone, android phone, mobile phone, pixel, galaxy
        tablet: tablet, ipad, wall tablet, fire tablet, kindle, e reader
        computer: computer, pc, laptop, desktop, notebook, macbook, workstation, gaming pc, server, imac, processor, cpu
        server: server, nas, raspberry, hub, processor, cpu, disk, storage space, hard disk, memory use, system load
        printer: printer, ink, toner, scanner, printing, 3d printer, cartridge, printed
        watch: watch, smartwatch, apple watch, fitness tracker, wearable, step counter
        internet: internet, web, wan, broadband, online connection, internet connection, isp, world wide web, dsl, fibre, www
        internet: net connection, download speed, upload speed, bandwidth, web access
        network: network, router, wifi, wi fi, wlan, lan, access point, modem, mesh, ethernet, wireless, connection, repeater
        zigbee: zigbee, z wave, thread, mesh, coordinator, zigbee bridge, stick, zigbee network, matter, radio network
        bridge: bridge, hub, gateway, coordinator, dongle, controller, base station
        bluetooth: bluetooth, ble, beacon
        speed: speed, download, upload, bandwidth, velocity, throughput, megabits, mbit
        signal: signal, signal strength, rssi, reception, coverage, dbm, link quality, connection quality
        thermostat: thermostat, heating, radiator valve, climate control, trv, set point, setpoint, target temperature, heating control
        heating: heating, heater, heat, radiator, central heating, underfloor heating, floor heating, furnace, boiler, warming
        heating: thermostat, heat pump, warm up, warmed up, fireplace, stove heater, space heater, heated, heats, infrared heater
        heating: warm the room, towel rail, electric blanket, radiators, pellet stove, fire place
        boiler: boiler, furnace, water heater, hot water boiler, heating system, burner, gas boiler, central heating unit, combi
        hot water: hot water, water heater, hot water tank, warm water, immersion heater, water boiler, hot water cylinder
        cooling: cooling, air conditioning, air conditioner, ac, aircon, a c, cool down, cooled, cools, air con, cooling down
        cooling: aircondition, climate unit, chiller, cool the room, split unit
        fan: fan, ventilator, ventilation, extractor, exhaust fan, ceiling fan, blower, extractor hood, ventilating, air circulation
        ventilation: ventilation, ventilating, airing, air out, aired, extractor fan, exhaust, vent, fresh air, air exchange
        ventilation: let fresh air in, heat recovery, extractor
        cooker hood: cooker hood, extractor hood, range hood, kitchen hood, stove hood, vent hood
        humidifier: humidifier, air humidifier, moisturiser, humidify, vaporizer
        dehumidifier: dehumidifier, dehumidify, air dryer, moisture absorber
        air purifier: air purifier, air cleaner, air filter, hepa, purify, purifier, purifying
        weather: weather, forecast, sky, meteorological, weather station, climate outside, conditions outside
        rain: rain, raining, rainy, rainfall, shower of rain, precipitation, drizzle, pouring, downpour, wet outside, wet weather
        rain: raindrops, rained, rain gauge, cloudburst, umbrella weather
        snow: snow, snowing, snowy, snowfall, sleet, blizzard, snowflakes, snowed, white outside
        storm: storm, thunderstorm, stormy, lightning, thunder, gale, hurricane, tempest, strong wind, lightning rainy
        wind: wind, windy, breeze, gust, gusts, breezy, gale, blowing, anemometer, squall, gusty
        cloud: cloudy, clouds, overcast, cloud, grey sky, clouded, gray sky, partlycloudy, partly cloudy
        fog: fog, foggy, mist, misty, hazy, poor visibility
        hail: hail, hailstones, hailing
        sunny: sunny, sunshine, clear sky, bright sun, clear weather, blue sky, fine weather, sun is shining, nice weather
        sun: sun, sunlight, sunrise, sunset, dusk, dawn, daylight, solar noon
        sunset: sunset, dusk, nightfall, sun went down, sun set, sundown, below horizon, below the horizon, got dark, twilight
        sunset: went dark, getting dark, fell dark, night falls, sun goes down, sun has set, became dark, darkness fell
        sunrise: sunrise, dawn, daybreak, sun came up, above horizon, above the horizon, sun rose, sunup, got light, first light
        sunrise: sun is up, getting light, day breaks, sun comes up, became light
        moon: moon, full moon, new moon, lunar
        uv: uv, ultraviolet, uv index, sunburn
        pollen: pollen, hay fever, allergy, allergen
        television: television, tv, telly, tv set, screen, smart tv, apple tv, chromecast, streaming, watching, fire tv, set top box
        television: flat screen, projector, beamer, home cinema, home theater, home theatre
        media: media, media player, speaker, music, television, tv, playback, streaming, playing, audio, hifi, stereo, receiver
        speaker: speaker, loudspeaker, sonos, smart speaker, echo dot, homepod, soundbar, stereo, hifi, audio, hi fi, boombox
        speaker: nest mini, google home, alexa, sound system, amplifier, receiver, subwoofer, record player
        music: music, song, songs, track, tune, tunes, album, playlist, radio, melody, band, artist, singing, spotify, playing music
        film: film, movie, video, episode, series, show, netflix, cinema, programme, youtube, film night, disney, dvd, blu ray
        radio: radio, station, broadcast, news, podcast, fm
        game console: game console, playstation, xbox, nintendo, console, video game, gaming, games, gamer
        headphones: headphones, earbuds, headset, earphones
        volume: volume, louder, quieter, sound level, turned up the sound, loudness, mute, muted, turn it up, turn it down
        vacuum: vacuum, vacuum cleaner, hoover, robot vacuum, robot cleaner, cleaning robot, roomba, robovac, vacuuming, hoovering
        vacuum: hoovered, vacuumed, robot hoover, vac, mopping, mop, floor cleaner, roborock, dustbuster
        cleaning: cleaning, clean, cleaned, vacuuming, hoovering, mopping, tidy, tidying, sweeping, swept, dusting, scrubbing
        mower: lawn mower, mower, lawnmower, robot mower, mowing, mowed, cut the grass, grass cutter, mow, mowing robot
        lawn: lawn, grass, turf, meadow
        irrigation: irrigation, sprinkler, sprinklers, watering, water the garden, garden hose, drip irrigation, irrigate
        irrigation: irrigation zone, garden watering, hose, waters the lawn, watered, water the plants, sprayed the lawn
        valve: valve, tap, faucet, stopcock, spigot, shut off, water tap, main valve, shutoff valve
        water: water, water meter, water flow, tap, faucet, aqua, water consumption, water use, litres, gallons, sink, basin
        pump: pump, circulation pump, sump pump, pool pump, well pump
        washing machine: washing machine, washer, laundry, washing clothes, clothes washer, wash cycle, spin cycle, washing, wash
        washing machine: doing the laundry, clothes being washed, washing the clothes, did the washing
        dryer: dryer, tumble dryer, clothes dryer, tumble drier, drying clothes, drier, spin dryer, laundry dryer
        dishwasher: dishwasher, dish washer, dishes, washing up, doing the dishes, dishwashing, plates, crockery, tableware, cutlery
        dishwasher: dirty dishes, wash the dishes
        fridge: fridge, refrigerator, icebox, ice box, cooler, fridge door, frig, minibar, chiller
        freezer: freezer, deep freeze, deep freezer, chest freezer, freezer compartment, frozen food, freeze, upright freezer, icebox
        oven: oven, baking, bake, roasting, oven timer, roast, baked, grill, broiler, pizza oven, roasted
        stove: stove, cooker, hob, cooktop, range, hotplate, stovetop, burner, induction hob, stove top, hot plate
        cooking: cooking, cook, cooked, oven, stove, baking, kitchen timer, roasting, frying, dinner in the oven, egg, pan, recipe
        microwave: microwave, microwave oven, reheated
        kettle: kettle, boiling water, water boiler, tea maker, boil water, boiled water, electric kettle, tea kettle
        tea: tea, kettle, cuppa, teapot
        coffee: coffee, espresso, coffee machine, coffee maker, cappuccino, barista, latte, brew, brewing, brewed, caffeine
        toaster: toaster, toast
        rice cooker: rice cooker, slow cooker, pressure cooker, instant pot, air fryer, sous vide
        iron: iron, ironing, clothes iron, flat iron
        hair: hair dryer, hairdryer, curling iron, straightener, blow dryer
        toothbrush: toothbrush, brushing teeth, brush teeth, dental, tooth, brushed teeth
        scale: scale, scales, weighed, weight, body weight, weighing, weigh, kilograms, kg
        mailbox: mailbox, letterbox, letter box, post box, postbox, mail, post, letter, postman, mailman, letters, mail carrier
        parcel: parcel, package, delivery, delivered, courier, parcel box, packet
        trash: trash, garbage, rubbish, waste, refuse, bin, bins, trash can, dustbin, recycling, garbage collection, litter
        trash: bin day, rubbish collection, waste collection, bin lorry, garbage truck, wheelie bin, bin collection
        calendar: calendar, appointment, schedule, event started, meeting, birthday, diary, reminder, agenda, anniversary
        todo: to do, todo list, shopping list, task list, grocery list, groceries, to do list
        timer: timer, countdown, egg timer, kitchen timer, stopwatch, time is up, time's up, oven timer, count down
        alarm clock: alarm clock, wake up alarm, clock alarm, wake up call, morning alarm, waking alarm
        button: button, push button, remote, remote control, clicker, key fob, dimmer switch, wall button, knob, keypad
        remote: remote, remote control, zigbee remote, dimmer switch, wireless switch, clicker, handheld
        tag: tag, nfc, rfid, nfc tag, tag scanned, sticker, chip, fob, badge
        scene: scene, mood, ambience, ambiance, atmosphere, lighting scene, preset
        automation: automation, routine, rule, automatic action, automatically, automations, smart rule, blueprint
        script: script, sequence, macro, routine, procedure
        mode: mode, setting, preset, profile
        home assistant: home assistant, hub, smart home system, system hub, hass, smart home server, smart home hub, ha
        update: update, firmware, upgrade, new version, software update, updated, patch, software
        backup: backup, back up, snapshot, restore
        notification: notification, notify, message, push message, notified, messaged, alert sent, text message, sms, announcement
        service call: service call, service, command, command sent, action called, called service, instruction
        zone: zone, work, school, gym, supermarket
        school: school, classes, kindergarten, class, lessons, day care, daycare, nursery school, university, college, preschool
        work: work, workplace, office, job, company, at work
        shop: shop, supermarket, store, grocery, grocery store, mall, shopping
        sleep: sleep, asleep, sleeping, bedtime, bed time, going to bed, went to bed, sleep mode, good night, goodnight, slumber, nap
        sleep: fell asleep, got into bed, in bed, dozed off, night mode, nap time
        wake: wake, wake up, woke up, awake, got up, get up, out of bed, good morning, got out of bed, waking
        holiday: holiday, vacation, trip, travel, travelling, traveling, away mode, holidays, on leave, journey, vacation mode
        holiday: holiday mode, out of town, on vacation, abroad, absence, long absence
        party: party, celebration, guests over
        film night: movie night, film night, cinema mode, movie mode, movie time, film time
        health: heart rate, pulse, blood pressure, sleep score, glucose, step count
        medicine: medicine, medication, pill, pills, tablets
        safe: safe, strongbox, gun safe, cash box, vault
        drawer: drawer, chest of drawers
        """
}
