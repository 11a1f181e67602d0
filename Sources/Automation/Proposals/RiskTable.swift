import Store

/// What is grave in a house, and what is not.
enum RiskTable {
    /// A kind of thing that is acted on.
    enum Kind: String, CaseIterable {
        case lock, alarm, door, cover, heating, water, siren, appliance, movingMachine, automation, update, setting,
            light
        case comfort

        /// 0 to 1.
        var weight: Double {
            switch self {
            case .lock, .alarm, .door: 0.9
            case .heating, .water: 0.85
            case .cover, .siren: 0.82
            case .update: 0.7
            case .movingMachine: 0.6
            case .automation: 0.5
            case .setting: 0.4
            case .appliance: 0.35
            case .comfort: 0.12
            case .light: 0.1
            }
        }

        /// After “It acts on”.
        var words: String {
            switch self {
            case .lock: "a lock"
            case .alarm: "an alarm"
            case .door: "a door, a gate or an opener of one"
            case .cover: "something that moves and may hurt or let in"
            case .heating: "heating or cooling"
            case .water: "water or gas"
            case .siren: "a siren"
            case .appliance: "a switch or button of which it is not known what hangs on it"
            case .movingMachine: "a machine that moves about"
            case .automation: "automations or scripts"
            case .update: "the software of a device"
            case .setting: "the settings of a device"
            case .light: "lights"
            case .comfort: "something harmless"
            }
        }

        /// Whether the domain of a service alone says so.
        var isOfDomain: Bool { weight >= 0.5 }
    }

    static let domains: [String: Kind] = [
        "lock": .lock, "alarm_control_panel": .alarm, "cover": .cover, "climate": .heating, "water_heater": .heating,
        "humidifier": .heating, "valve": .water, "siren": .siren, "switch": .appliance, "button": .appliance,
        "lawn_mower": .movingMachine, "vacuum": .movingMachine, "automation": .automation, "script": .automation,
        "update": .update, "number": .setting, "select": .setting, "text": .setting, "light": .light, "fan": .comfort,
        "media_player": .comfort, "input_boolean": .comfort, "input_number": .comfort, "input_select": .comfort,
        "input_text": .comfort, "input_datetime": .comfort, "input_button": .comfort, "timer": .comfort,
        "counter": .comfort, "remote": .appliance, "scene": .comfort, "group": .comfort,
    ]

    /// Words in the id or the name of a switch, button, cover or light that say what hangs on it.
    private static let words: [(word: String, kind: Kind)] = [
        ("door", .door), ("gate", .door), ("garage", .door), ("opener", .door), ("unlock", .lock), ("lock", .lock),
        ("alarm", .alarm), ("siren", .siren), ("valve", .water), ("water", .water), ("gas", .water), ("pump", .water),
        ("irrigation", .water), ("sprinkler", .water), ("heat", .heating), ("boiler", .heating), ("furnace", .heating),
        ("oven", .heating), ("stove", .heating), ("kettle", .heating), ("iron", .heating), ("sauna", .heating),
        ("fireplace", .heating),
        // As people in other languages call them.
        ("tor", .door), ("tür", .door), ("tuer", .door), ("porte", .door), ("puerta", .door), ("heizung", .heating),
        ("chauffage", .heating), ("herd", .heating), ("wasser", .water),
    ]

    private static let classes: [String: Kind] = [
        "garage": .door, "gate": .door, "door": .door, "window": .door, "gas": .water, "water": .water,
        "lock": .lock, "restart": .setting, "identify": .comfort, "firmware": .update,
    ]

    /// What an entity is; `nil` for one that nobody can act on.
    static func kind(_ entity: String, _ portrait: EntityPortrait?) -> Kind? {
        let domain = String(entity.prefix { $0 != "." })
        guard let kind = domains[domain] else { return nil }
        guard kind == .appliance || kind == .cover || domain == "input_button" else { return kind }
        if let found = portrait?.deviceClass.flatMap({ classes[$0] }) { return found }
        let text = (entity.dropFirst(domain.count + 1) + " " + (portrait?.name ?? "")).lowercased()
        let parts = text.split { !$0.isLetter }
        let found = words.first { word, _ in
            parts.contains { $0 == word || word.count > 3 && $0.hasPrefix(word) }
        }
        return found?.kind ?? kind
    }

    /// What a service is by its name alone.
    static func service(_ service: String) -> RiskAssessment.Reason? {
        let domain = String(service.prefix { $0 != "." })
        func reason(_ weight: Double, _ words: String) -> RiskAssessment.Reason {
            RiskAssessment.Reason(weight: weight, sentence: "It calls \(service), which \(words).")
        }
        switch service {
        case "homeassistant.stop", "homeassistant.restart", "hassio.host_shutdown", "hassio.host_reboot":
            return reason(0.97, "ends Home Assistant, and with it everything that runs")
        case "lock.unlock", "lock.open": return reason(0.92, "lets people in")
        case "alarm_control_panel.alarm_disarm": return reason(0.92, "switches an alarm off")
        case "automation.trigger": return reason(0.5, "runs another automation past its conditions")
        case "automation.turn_off", "automation.toggle", "automation.turn_on":
            return reason(0.5, "switches automations on or off")
        case "recorder.purge", "recorder.purge_entities", "recorder.disable": return reason(0.8, "deletes history")
        case "update.install": return reason(0.7, "changes the software of a device")
        case "mqtt.publish": return reason(0.8, "may command any device")
        case "conversation.process": return reason(0.8, "does whatever a text asks for")
        case "homeassistant.update_entity": return nil
        default: break
        }
        switch domain {
        case "shell_command", "python_script", "pyscript", "command_line": return reason(0.96, "runs a program")
        case "rest_command": return reason(0.82, "sends data to another machine")
        case "hassio", "backup": return reason(0.8, "manages the system itself")
        case "zwave_js", "zha", "zigbee2mqtt", "modbus", "knx":
            return reason(0.8, "may command any device of its network")
        case "homeassistant" where service.contains("reload"): return reason(0.3, "reloads configurations")
        default: return nil
        }
    }

    /// Services that tell people something and act on nothing.
    static func isTelling(_ service: String) -> Bool {
        ["notify", "persistent_notification", "tts", "logbook", "system_log", "logger"].contains(
            String(service.prefix { $0 != "." })) || service == "homeassistant.update_entity"
    }

    /// Services that act on whatever they are given, of any kind.
    static func isBroad(_ service: String) -> Bool {
        let domain = String(service.prefix { $0 != "." })
        return !isTelling(service)
            && (domains[domain] == nil || ["script", "scene", "group", "automation"].contains(domain))
    }
}
