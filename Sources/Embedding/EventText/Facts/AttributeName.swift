/// The attributes of states, and fields of other events, that a text may tell.
enum AttributeName: UInt8, CaseIterable {
    // What an entity is.
    case friendlyName, deviceClass, unit
    // Lights.
    case brightness, colorTempKelvin, colorTemp, rgbColor, hsColor, effect
    // Climate, water heaters, humidifiers.
    case temperature, targetTempHigh, targetTempLow, hvacAction, presetMode, fanMode, swingMode, humidity, action, mode
    case operationMode, awayMode
    // Fans.
    case percentage, oscillating, direction
    // Covers and valves.
    case position, tiltPosition
    // Media players.
    case mediaTitle, mediaArtist, mediaSeries, appName, source, soundMode, volume, isMuted, shuffle, repetition
    // Vacuums, mowers, people, batteries.
    case batteryLevel, isCharging, fanSpeed, error
    // Locks, alarms, calendars, updates, automations, scripts, events.
    case changedBy, message, inProgress, lastTriggered, eventType
    // Other events.
    case name, command, type, subtype, domain, service, title, tagID, device, deviceName, level, target, area, button,
        gesture
    case text, entityID, component

    /// The key in Home Assistant's JSON.
    var key: String {
        switch self {
        case .friendlyName: "friendly_name"
        case .deviceClass: "device_class"
        case .unit: "unit_of_measurement"
        case .brightness: "brightness"
        case .colorTempKelvin: "color_temp_kelvin"
        case .colorTemp: "color_temp"
        case .rgbColor: "rgb_color"
        case .hsColor: "hs_color"
        case .effect: "effect"
        case .temperature: "temperature"
        case .targetTempHigh: "target_temp_high"
        case .targetTempLow: "target_temp_low"
        case .hvacAction: "hvac_action"
        case .presetMode: "preset_mode"
        case .fanMode: "fan_mode"
        case .swingMode: "swing_mode"
        case .humidity: "humidity"
        case .action: "action"
        case .mode: "mode"
        case .operationMode: "operation_mode"
        case .awayMode: "away_mode"
        case .percentage: "percentage"
        case .oscillating: "oscillating"
        case .direction: "direction"
        case .position: "current_position"
        case .tiltPosition: "current_tilt_position"
        case .mediaTitle: "media_title"
        case .mediaArtist: "media_artist"
        case .mediaSeries: "media_series_title"
        case .appName: "app_name"
        case .source: "source"
        case .soundMode: "sound_mode"
        case .volume: "volume_level"
        case .isMuted: "is_volume_muted"
        case .shuffle: "shuffle"
        case .repetition: "repeat"
        case .batteryLevel: "battery_level"
        case .isCharging: "is_charging"
        case .fanSpeed: "fan_speed"
        case .error: "error"
        case .changedBy: "changed_by"
        case .message: "message"
        case .inProgress: "in_progress"
        case .lastTriggered: "last_triggered"
        case .eventType: "event_type"
        case .name: "name"
        case .command: "command"
        case .type: "type"
        case .subtype: "subtype"
        case .domain: "domain"
        case .service: "service"
        case .title: "title"
        case .tagID: "tag_id"
        case .device: "device"
        case .deviceName: "device_name"
        case .level: "level"
        // The entities and areas that a service was called for, gathered by the reader.
        case .target: "\u{1}target"
        case .area: "area_id"
        case .button: "button"
        case .gesture: "gesture"
        case .text: "text"
        case .entityID: "entity_id"
        case .component: "component"
        }
    }

    /// Finds names by their bytes.
    struct Index: Sendable {
        /// Where a name may be: its key lies in `keys`. Plain numbers, so that a look counts no references.
        private struct Place {
            var name: AttributeName
            var start: UInt16
            var count: UInt8

            var key: Range<Int> { Int(start)..<Int(start) + Int(count) }
        }

        static let shared = Index()

        private var places: [Place?]
        /// All keys, one after another.
        private var keys: [UInt8] = []
        private var longest = 0

        private init() {
            places = Array(repeating: nil, count: 256)
            for name in AttributeName.allCases {
                let key = Array(name.key.utf8)
                longest = max(longest, key.count)
                var place = key.withUnsafeBufferPointer { Self.place($0) }
                while places[place] != nil { place = (place + 1) & 255 }
                places[place] = Place(name: name, start: UInt16(keys.count), count: UInt8(key.count))
                keys.append(contentsOf: key)
            }
        }

        func name(of key: UnsafeBufferPointer<UInt8>) -> AttributeName? {
            guard key.count > 1, key.count <= longest else { return nil }
            return keys.withUnsafeBufferPointer { keys in
                var place = Self.place(key)
                while let candidate = places[place] {
                    let known = UnsafeBufferPointer(rebasing: keys[candidate.key])
                    if ByteComparison.equals(known, key) { return candidate.name }
                    place = (place + 1) & 255
                }
                return nil
            }
        }

        private static func place(_ key: UnsafeBufferPointer<UInt8>) -> Int {
            guard let first = key.first, let last = key.last else { return 0 }
            let middle = key[key.count / 2]
            return (Int(first) &* 31 &+ Int(last) &* 7 &+ Int(middle) &* 13 &+ key.count &* 17) & 255
        }
    }
}

/// A set of attribute names.
struct AttributeSet: Hashable, Sendable, ExpressibleByArrayLiteral {
    private var bits: UInt64 = 0

    init(arrayLiteral names: AttributeName...) { for name in names { insert(name) } }

    var isEmpty: Bool { bits == 0 }

    @inline(__always)
    func contains(_ name: AttributeName) -> Bool { bits & (1 << UInt64(name.rawValue)) != 0 }

    mutating func insert(_ name: AttributeName) { bits |= 1 << UInt64(name.rawValue) }

    func union(_ other: AttributeSet) -> AttributeSet {
        var union = self
        union.bits |= other.bits
        return union
    }
}
