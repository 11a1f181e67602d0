/// What calling a service does.
enum ServiceWords {
    /// The words of a service that many domains have, as after "a command to"; `nil` for any other.
    static func words(_ service: String) -> String? { table[service] }

    /// Whether it ends something.
    static func isRest(_ service: String) -> Bool {
        ["off", "close", "stop", "pause", "lock", "disarm", "return", "dock", "cancel", "mute"].contains { word in
            service.split(separator: "_").contains { $0 == word }
        } && !service.hasPrefix("un")
    }

    private static let table = WordRows.pairs(
        """
        turn_on | turn on, switch on
        turn_off | turn off, switch off
        toggle | toggle, switch
        open_cover | open
        close_cover | close
        stop_cover | stop
        set_cover_position | move
        open_valve | open
        close_valve | close
        lock | lock
        unlock | unlock
        open | open
        start | start
        stop | stop
        pause | pause
        return_to_base | send home to the dock
        dock | send home to the dock
        locate | find
        press | press
        select_option | set
        set_value | set
        set_temperature | set the temperature of
        set_hvac_mode | set the mode of
        set_preset_mode | set the preset of
        set_fan_mode | set the fan of
        set_humidity | set the humidity of
        set_percentage | set the speed of
        alarm_arm_away | arm, nobody at home
        alarm_arm_home | arm, staying at home
        alarm_arm_night | arm for the night
        alarm_arm_vacation | arm for vacation
        alarm_disarm | disarm
        alarm_trigger | trigger
        media_play | play
        media_pause | pause
        media_play_pause | play or pause
        media_stop | stop
        media_next_track | next track on
        media_previous_track | previous track on
        play_media | play media on
        select_source | choose the input of
        volume_set | set the volume of
        volume_up | make louder
        volume_down | make quieter
        volume_mute | mute
        notify | send a message, notify
        send_message | send a message, notify
        speak | speak, announce by
        say | speak, announce by
        announce | announce by
        trigger | run
        reload | reload
        restart | restart
        install | install
        add_item | add to
        remove_item | remove from
        increment | count up
        decrement | count down
        reset | reset
        snapshot | take a picture with
        send_command | send a command with
        """)
}
