extension StateWords {
    /// What sensors with two states detect. Where the device class is inverted, `off` is the event.
    static let detectionTable = """
        [binary_sensor/battery]
        on | active | reports a low battery, nearly empty, needs replacing or charging | has a low battery, nearly empty
        off | rest | reports a normal battery again, charged or replaced | has a normal battery
        [binary_sensor/battery_charging]
        on | active | started charging | is charging
        off | rest | stopped charging | is not charging
        [binary_sensor/carbon_monoxide]
        on | active | detected carbon monoxide, poisonous gas, danger alarm | detects carbon monoxide, danger
        off | rest | detects no carbon monoxide any more, is clear again | detects no carbon monoxide
        [binary_sensor/cold]
        on | active | became cold, frost | is cold, frost
        off | rest | is no longer cold, back to normal | is not cold
        [binary_sensor/connectivity]
        on | rest | is connected again, back online | is connected, online
        off | active | lost its connection, disconnected, went offline, is down | is disconnected, offline | disconnected
        [binary_sensor/gas]
        on | active | detected gas, a leak, danger alarm | detects gas, danger
        off | rest | detects no gas any more, is clear again | detects no gas
        [binary_sensor/heat]
        on | active | became hot | is hot
        off | rest | is no longer hot, cooled down | is not hot
        [binary_sensor/light]
        on | active | detected light, became bright | detects light
        off | rest | detects no light any more, became dark | detects no light
        [binary_sensor/moisture]
        on | active | detected water, became wet | detects water, is wet | wet
        off | rest | became dry again | is dry
        [binary_sensor/motion]
        on | active | detected motion, movement | detects motion
        off | rest | detects no motion, movement any more, is clear | detects no motion
        [binary_sensor/moving]
        on | active | started moving | is moving
        off | rest | stopped moving | is not moving
        [binary_sensor/occupancy]
        on | active | became occupied, someone is there | is occupied, someone is there
        off | rest | became unoccupied, empty, nobody is there any more | is unoccupied, nobody is there
        [binary_sensor/plug]
        on | active | was plugged in | is plugged in
        off | rest | was unplugged | is unplugged
        [binary_sensor/power]
        on | rest | has power again, supply is back | has power
        off | active | lost power, power failure, outage | has no power | without power
        [binary_sensor/presence]
        on | active | detected presence, someone came home | detects presence, is home
        off | rest | detects no presence any more, went away | detects no presence, is away
        [binary_sensor/problem]
        on | active | reports a problem, fault, error, malfunction | has a problem, fault, error | faulty
        off | rest | has no problem any more, is solved, OK again | has no problem, is OK
        [binary_sensor/running]
        on | active | started running | is running
        off | rest | stopped running, finished | is not running
        [binary_sensor/safety]
        on | active | became unsafe, danger | is unsafe, danger
        off | rest | is safe again | is safe
        [binary_sensor/smoke]
        on | active | detected smoke, fire alarm went off | detects smoke, fire alarm
        off | rest | detects no smoke any more, is clear again, alarm over | detects no smoke
        [binary_sensor/sound]
        on | active | detected sound, noise | detects sound
        off | rest | detects no sound any more, became quiet | detects no sound
        [binary_sensor/tamper]
        on | active | detected tampering, manipulation | detects tampering
        off | rest | detects no tampering any more | detects no tampering
        [binary_sensor/update]
        on | active | has an update available | has an update available
        off | rest | is up to date, update was installed | is up to date
        [binary_sensor/vibration]
        on | active | detected vibration, shaking | detects vibration
        off | rest | detects no vibration any more, stopped shaking | detects no vibration
        [binary_sensor]
        on | active | turned on, detected | is on, detected
        off | rest | turned off, cleared | is off, clear
        """
}
