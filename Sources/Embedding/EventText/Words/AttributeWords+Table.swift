extension AttributeWords {
    struct Row {
        var polarity: Polarity
        var text: String
    }

    /// The words for a change of an attribute: `up`, `down`, `yes`, `no`, or `any`.
    static func row(_ name: AttributeName, _ direction: String) -> Row? { rows[name.key]?[direction] }

    /// The words for a number: those of its direction, else of any.
    static func numberRow(_ name: AttributeName, _ direction: String) -> Row? {
        row(name, direction) ?? row(name, "any")
    }

    /// The number of an attribute with its unit.
    static func text(_ number: RoundedNumber, of name: AttributeName, unit: String?) -> String {
        switch name {
        case .brightness: "\(RoundedNumber(units: number.units * 20 / 51, exponent: 0).text) %"
        case .volume: "\(RoundedNumber(units: number.units * 10, exponent: 0).text) %"
        case .humidity, .percentage, .position, .tiltPosition, .batteryLevel: "\(number.text) %"
        case .temperature, .targetTempHigh, .targetTempLow: "\(number.text) degrees"
        case .colorTempKelvin:
            "\(number.text) K, \(number.value < 3_500 ? "warm" : number.value > 4_500 ? "cold" : "neutral") white"
        default: number.text
        }
    }

    private static let rows: [String: [String: Row]] = {
        var rows: [String: [String: Row]] = [:]
        for (name, columns) in WordRows.sections(table) {
            for column in columns where column.count == 3 {
                let polarity: Polarity =
                    column[1] == "active" ? .active : column[1] == "rest" ? .rest : .neutral
                rows[name, default: [:]][column[0]] = Row(polarity: polarity, text: column[2])
            }
        }
        return rows
    }()

    private static let table = """
        [brightness]
        up | active | was made brighter, brightness turned up to about {}
        down | rest | was dimmed, brightness turned down to about {}
        any | neutral | brightness was changed to about {}
        [color_temp_kelvin]
        any | neutral | changed its white tone to about {}
        [rgb_color, hs_color]
        any | neutral | changed its colour
        [effect]
        any | neutral | changed its light effect to {}
        [temperature]
        up | active | target temperature was set warmer, turned up to about {}
        down | rest | target temperature was set colder, turned down to about {}
        any | neutral | target temperature was set to about {}
        [target_temp_high, target_temp_low]
        up | active | target temperature was set warmer, turned up to about {}
        down | rest | target temperature was set colder, turned down to about {}
        any | neutral | target temperature was set to about {}
        [humidity]
        up | active | target humidity was set higher, to about {}
        down | rest | target humidity was set lower, to about {}
        any | neutral | target humidity was set to about {}
        [preset_mode]
        any | neutral | was set to preset {}
        [fan_mode]
        any | neutral | fan was set to {}
        [swing_mode]
        any | neutral | swing was set to {}
        [mode]
        any | neutral | was set to mode {}
        [operation_mode]
        any | neutral | was set to mode {}
        [away_mode]
        yes | active | away mode was turned on
        no | rest | away mode was turned off
        any | neutral | away mode changed to {}
        [percentage]
        up | active | speed was turned up to about {}
        down | rest | speed was turned down to about {}
        any | neutral | speed was set to about {}
        [oscillating]
        yes | active | started oscillating
        no | rest | stopped oscillating
        [direction]
        any | neutral | changed its direction to {}
        [current_position]
        up | active | was opened further, moved to about {} open
        down | rest | was closed further, moved to about {} open
        any | neutral | moved to about {} open
        [current_tilt_position]
        any | neutral | slats were tilted to about {} open
        [source]
        any | neutral | source, input was changed to {}
        [sound_mode]
        any | neutral | sound mode was changed to {}
        [volume_level]
        up | active | volume was turned up, louder, to about {}
        down | rest | volume was turned down, quieter, to about {}
        any | neutral | volume was set to about {}
        [is_volume_muted]
        yes | rest | was muted, silent
        no | active | was unmuted, sound is on
        [shuffle]
        yes | active | shuffle was turned on
        no | rest | shuffle was turned off
        [repeat]
        any | neutral | repeat was set to {}
        [battery_level]
        up | neutral | battery rose to about {}
        down | neutral | battery fell to about {}
        any | neutral | battery is at about {}
        [is_charging]
        yes | active | started charging
        no | rest | stopped charging
        any | neutral | charging changed to {}
        [fan_speed]
        any | neutral | suction power was set to {}
        [error]
        any | active | reports {}
        [changed_by]
        any | neutral | was operated by {}
        [message]
        any | neutral | next event is {}
        [in_progress]
        yes | active | update is being installed
        no | rest | update is no longer being installed
        any | active | update is being installed
        [last_triggered]
        any | active | was triggered, ran
        """
}
