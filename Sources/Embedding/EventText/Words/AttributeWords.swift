/// Which attributes are told of which domain, and in which words.
enum AttributeWords {
    /// Attributes whose change is told while the state stays the same.
    static func changes(of domain: String) -> AttributeSet {
        switch domain {
        case "light": [.brightness, .colorTempKelvin, .rgbColor, .hsColor, .effect]
        case "climate":
            [
                .temperature, .targetTempHigh, .targetTempLow, .hvacAction, .presetMode, .fanMode, .swingMode,
                .humidity,
            ]
        case "water_heater": [.temperature, .targetTempHigh, .targetTempLow, .operationMode, .awayMode]
        case "humidifier": [.humidity, .mode, .action]
        case "fan": [.percentage, .presetMode, .oscillating, .direction]
        case "cover", "valve": [.position, .tiltPosition]
        case "media_player":
            [
                .mediaTitle, .mediaArtist, .appName, .source, .soundMode, .volume, .isMuted, .shuffle, .repetition,
            ]
        case "vacuum", "lawn_mower": [.fanSpeed, .error, .batteryLevel]
        case "device_tracker", "person": [.isCharging, .batteryLevel]
        case "lock", "alarm_control_panel": [.changedBy]
        case "calendar": [.message]
        case "update": [.inProgress]
        case "automation", "script": [.lastTriggered]
        case "event": [.eventType]
        case "select", "sensor", "binary_sensor", "switch": [.isCharging]
        default: []
        }
    }

    /// Attributes whose change is told along with the state's.
    static func companions(of domain: String) -> AttributeSet {
        switch domain {
        case "climate": [.temperature, .hvacAction]
        case "water_heater": [.temperature]
        default: []
        }
    }

    /// Attributes that say what a change was about.
    static func details(of domain: String) -> AttributeSet {
        switch domain {
        case "media_player": [.mediaTitle, .mediaArtist, .mediaSeries, .appName]
        case "lock", "alarm_control_panel": [.changedBy]
        case "calendar": [.message]
        case "event": [.eventType]
        case "vacuum", "lawn_mower": [.error]
        default: []
        }
    }

    /// How an attribute's number is rounded.
    static func rule(_ name: AttributeName, domain: String) -> NumberRule? {
        func step(_ units: Int64, _ exponent: Int8 = 0) -> NumberRule {
            NumberRule(rounding: .step(units: units, exponent: exponent), deadBand: .absolute(0))
        }
        return switch name {
        // Of 255, told in per cent.
        case .brightness: step(51)
        case .colorTempKelvin: step(1_000)
        case .temperature, .targetTempHigh, .targetTempLow: step(1)
        case .humidity: step(5)
        case .percentage, .position, .tiltPosition, .batteryLevel: step(20)
        // Of 1.
        case .volume: step(2, -1)
        default: NumberRule(rounding: .leading, deadBand: .absolute(0))
        }
    }
}
