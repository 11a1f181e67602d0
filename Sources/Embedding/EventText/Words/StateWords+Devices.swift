extension StateWords {
    /// Devices, helpers, and what every entity may be.
    static let deviceTable = """
        [*]
        on | active | was turned on, switched on | is on
        off | rest | was turned off, switched off | is off
        open | active | was opened | is open
        closed | rest | was closed | is closed
        home | active | came home | is at home
        not_home | rest | went away | is away
        locked | rest | was locked | is locked
        unlocked | active | was unlocked | is unlocked
        idle | rest | became idle | is idle
        standby | rest | went to standby | is on standby
        active | active | became active, started | is active
        inactive | rest | became inactive, stopped | is inactive
        running | active | started running | is running
        finished | rest | finished, is done | is finished
        paused | rest | was paused | is paused
        charging | active | started charging | is charging
        error | active | reports an error, failed | has an error
        problem | active | has a problem | has a problem
        ok | rest | is OK again | is OK
        [alarm_control_panel]
        disarmed | rest | was disarmed, deactivated, alarm off | is disarmed
        arming | active | is being armed | is being armed
        disarming | rest | is being disarmed | is being disarmed
        pending | active | is pending, entry delay, waiting for the code | is pending
        triggered | active | was triggered, alarm went off, intruder | is triggered, alarm is going off
        armed | active | was armed | is armed
        armed_home | active | was armed for staying at home | is armed for staying at home
        armed_away | active | was armed away, nobody at home | is armed away
        armed_night | active | was armed for the night | is armed for the night
        armed_vacation | active | was armed for vacation | is armed for vacation
        armed_custom_bypass | active | was armed with bypass | is armed with bypass
        [alert]
        on | active | was raised | is raised
        off | rest | was acknowledged | is acknowledged
        idle | rest | is over | is not raised
        [assist_satellite]
        listening | active | is listening to a voice command | is listening
        processing | active | is processing a voice command | is processing
        responding | active | is answering | is answering
        [automation]
        on | active | was enabled, turned on | is enabled
        off | rest | was disabled, turned off | is disabled
        [camera]
        recording | active | started recording video | is recording video
        streaming | active | started streaming video | is streaming video
        idle | rest | stopped recording, became idle | is idle
        [climate]
        off | rest | was turned off | is off
        heat | active | was set to heating | is set to heating
        cool | active | was set to cooling, air conditioning | is set to cooling
        heat_cool | active | was set to heating and cooling | is set to heating and cooling
        auto | active | was set to automatic, schedule | is set to automatic
        dry | active | was set to drying the air | is set to drying
        fan_only | active | was set to fan only | is set to fan only
        [configurator]
        configure | active | wants to be configured | wants to be configured
        configured | rest | was configured | is configured
        [fan]
        on | active | was turned on, started blowing | is on, blowing
        off | rest | was turned off, stopped | is off
        [group]
        on | active | was turned on | is on
        off | rest | was turned off | is off
        [humidifier]
        on | active | was turned on, started | is on
        off | rest | was turned off, stopped | is off
        [input_boolean]
        on | active | was turned on, enabled, activated | is on, enabled
        off | rest | was turned off, disabled, deactivated | is off, disabled
        [lawn_mower]
        mowing | active | started mowing the lawn | is mowing the lawn
        docked | rest | returned to its dock, finished mowing | is docked
        returning | rest | is returning to its dock | is returning to its dock
        paused | rest | was paused | is paused
        error | active | has an error, is stuck, needs help | has an error, is stuck
        [light]
        on | active | was turned on, switched on | is on | left on
        off | rest | was turned off, switched off | is off
        [media_player]
        playing | active | started playing | is playing
        paused | rest | was paused | is paused
        idle | rest | stopped playing, became idle | is idle
        on | active | was turned on | is on
        off | rest | was turned off | is off
        standby | rest | went to standby | is on standby
        buffering | active | is buffering | is buffering
        [remote]
        on | active | was turned on | is on
        off | rest | was turned off | is off
        [script]
        on | active | started running | is running
        off | rest | finished running | is not running
        [siren]
        on | active | was turned on, sounds, alarm went off | sounds the alarm
        off | rest | was turned off, silenced | is silent
        [switch]
        on | active | was turned on, switched on | is on | left on
        off | rest | was turned off, switched off | is off
        [timer]
        active | active | was started, counts down | is counting down
        idle | rest | finished or was cancelled, countdown over | is not running
        paused | rest | was paused | is paused
        [update]
        on | active | has a new version, an update is available | has an update available
        off | rest | was updated, is up to date | is up to date
        [vacuum]
        cleaning | active | started cleaning, vacuuming | is cleaning, vacuuming
        docked | rest | returned to its dock, finished cleaning | is docked
        returning | rest | is returning to its dock | is returning to its dock
        paused | rest | was paused | is paused
        idle | rest | stopped, became idle | is idle
        error | active | has an error, is stuck, needs help | has an error, is stuck
        on | active | started cleaning, vacuuming | is cleaning
        off | rest | stopped cleaning | is off
        [water_heater]
        off | rest | was turned off | is off
        eco | active | was set to eco, energy saving | is set to eco
        electric | active | was set to electric heating | is set to electric heating
        gas | active | was set to gas heating | is set to gas heating
        heat_pump | active | was set to heat pump | is set to heat pump
        high_demand | active | was set to high demand, much hot water | is set to high demand
        performance | active | was set to performance, full power | is set to performance
        """
}
