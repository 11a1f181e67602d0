/// What people call a kind of entity.
enum DeviceWords {
    /// Words for a domain and a device class; made of their names where the table has none.
    static func words(domain: String, deviceClass: String?) -> String {
        if let deviceClass {
            if let words = table["\(domain)/\(deviceClass)"] { return words }
            switch domain {
            case "sensor", "binary_sensor": return OneLine.words(deviceClass) + " sensor"
            case "number":
                return "\(OneLine.words(deviceClass)) setting"
            default: break
            }
        }
        return table[domain] ?? OneLine.words(domain)
    }

    private static let table = WordRows.pairs(
        """
        ai_task | assistant task
        air_quality | air quality sensor
        alarm_control_panel | security alarm
        alert | alert
        assist_satellite | voice assistant
        automation | automation
        binary_sensor | sensor
        binary_sensor/battery | battery sensor
        binary_sensor/battery_charging | battery charging sensor
        binary_sensor/carbon_monoxide | carbon monoxide alarm, CO detector
        binary_sensor/cold | cold sensor
        binary_sensor/connectivity | connection
        binary_sensor/door | door sensor
        binary_sensor/garage_door | garage door sensor
        binary_sensor/gas | gas detector
        binary_sensor/heat | heat sensor
        binary_sensor/light | light sensor
        binary_sensor/lock | lock sensor
        binary_sensor/moisture | water leak, moisture sensor
        binary_sensor/motion | motion sensor
        binary_sensor/moving | movement sensor
        binary_sensor/occupancy | occupancy sensor
        binary_sensor/opening | opening sensor
        binary_sensor/plug | plug sensor
        binary_sensor/power | power supply sensor
        binary_sensor/presence | presence sensor
        binary_sensor/problem | problem sensor
        binary_sensor/running | running sensor
        binary_sensor/safety | safety sensor
        binary_sensor/smoke | smoke alarm, smoke detector
        binary_sensor/sound | sound sensor
        binary_sensor/tamper | tamper sensor
        binary_sensor/update | update sensor
        binary_sensor/vibration | vibration sensor
        binary_sensor/window | window sensor
        button | button
        button/identify | identify button
        button/restart | restart button
        button/update | update button
        calendar | calendar
        camera | camera
        climate | thermostat, heating and cooling
        configurator | configuration request
        conversation | voice assistant
        counter | counter
        cover | cover
        cover/awning | awning
        cover/blind | window blind
        cover/curtain | curtain
        cover/damper | damper
        cover/door | door
        cover/garage | garage door
        cover/gate | gate
        cover/shade | window shade
        cover/shutter | roller shutter
        cover/window | window
        date | date setting
        datetime | date and time setting
        device_tracker | tracked device
        event | event
        event/button | button
        event/doorbell | doorbell
        event/motion | motion event
        fan | fan
        geo_location | place
        group | group
        humidifier | humidifier
        humidifier/dehumidifier | dehumidifier
        humidifier/humidifier | humidifier
        image | picture
        image_processing | image recognition
        input_boolean | switch, mode
        input_button | button
        input_datetime | date and time setting
        input_number | number setting
        input_select | selection
        input_text | text setting
        lawn_mower | robot lawn mower
        light | light
        lock | door lock
        media_player | media player
        media_player/receiver | audio receiver, amplifier
        media_player/speaker | music speaker
        media_player/tv | television, TV
        notify | notification
        number | number setting
        person | person
        plant | plant
        proximity | distance from home
        remote | remote control
        scene | scene
        schedule | schedule
        script | script
        select | selection
        sensor | sensor
        sensor/absolute_humidity | humidity sensor
        sensor/apparent_power | apparent power meter
        sensor/aqi | air quality index sensor
        sensor/area | area sensor
        sensor/atmospheric_pressure | air pressure sensor, barometer
        sensor/battery | battery level sensor
        sensor/blood_glucose_concentration | blood sugar sensor
        sensor/carbon_dioxide | carbon dioxide CO2 sensor
        sensor/carbon_monoxide | carbon monoxide CO sensor
        sensor/conductivity | conductivity sensor
        sensor/current | electric current meter
        sensor/data_rate | data rate sensor
        sensor/data_size | data size sensor
        sensor/date | date sensor
        sensor/distance | distance sensor
        sensor/duration | duration sensor
        sensor/energy | energy meter
        sensor/energy_distance | energy per distance sensor
        sensor/energy_storage | stored energy sensor
        sensor/enum | status sensor
        sensor/frequency | frequency sensor
        sensor/gas | gas meter
        sensor/humidity | humidity sensor
        sensor/illuminance | light level, brightness sensor
        sensor/irradiance | sunlight radiation sensor
        sensor/moisture | soil moisture sensor
        sensor/monetary | price, cost sensor
        sensor/nitrogen_dioxide | nitrogen dioxide sensor
        sensor/nitrogen_monoxide | nitrogen monoxide sensor
        sensor/nitrous_oxide | nitrous oxide sensor
        sensor/ozone | ozone sensor
        sensor/ph | pH acidity sensor
        sensor/pm1 | fine dust PM1 sensor
        sensor/pm10 | dust PM10 sensor
        sensor/pm25 | fine dust PM2.5 air quality sensor
        sensor/pm4 | fine dust PM4 sensor
        sensor/power | power meter
        sensor/power_factor | power factor sensor
        sensor/precipitation | rain, precipitation sensor
        sensor/precipitation_intensity | rain intensity sensor
        sensor/pressure | pressure sensor
        sensor/reactive_energy | reactive energy meter
        sensor/reactive_power | reactive power meter
        sensor/signal_strength | wireless signal strength sensor
        sensor/sound_pressure | noise level sensor
        sensor/speed | speed sensor
        sensor/sulphur_dioxide | sulphur dioxide sensor
        sensor/temperature | temperature sensor
        sensor/temperature_delta | temperature difference sensor
        sensor/timestamp | time sensor
        sensor/volatile_organic_compounds | air quality VOC sensor
        sensor/volatile_organic_compounds_parts | air quality VOC sensor
        sensor/voltage | voltage sensor
        sensor/volume | volume sensor
        sensor/volume_flow_rate | flow rate sensor
        sensor/volume_storage | tank level sensor
        sensor/water | water meter
        sensor/weight | weight scale
        sensor/wind_direction | wind direction sensor
        sensor/wind_speed | wind speed sensor
        siren | siren
        stt | speech recognition
        sun | sun
        switch | switch
        switch/outlet | power outlet, socket
        switch/switch | switch
        tag | tag
        text | text setting
        time | time setting
        timer | timer
        todo | to-do list
        tts | speech output
        update | software update
        update/firmware | firmware update
        vacuum | robot vacuum cleaner
        valve | valve
        valve/gas | gas valve
        valve/water | water valve
        wake_word | wake word detection
        water_heater | water heater, boiler
        weather | weather
        zone | zone
        """)
}
