import HomeAssistantClient

/// One trigger of a configuration in the spelling of today.
struct TriggerShape: Sendable {
    /// `state`, `time`, ….
    let kind: String
    let value: ConfigurationValue
    /// Its place in the list, from 0, by which conditions may ask for it, and its own id, if it has one.
    let ids: Set<String>

    /// The triggers that are switched on, those in nested lists included.
    static func all(of configuration: ConfigurationValue) -> [TriggerShape] {
        var found: [TriggerShape] = []
        collect(configuration["triggers"] ?? .null, &found)
        return found
    }

    private static func collect(_ value: ConfigurationValue, _ found: inout [TriggerShape]) {
        for trigger in value.list {
            if let nested = trigger["triggers"], trigger["trigger"] == nil {
                collect(nested, &found)
                continue
            }
            let kind = trigger["trigger"]?.text ?? trigger["platform"]?.text ?? "?"
            let ids = [String(found.count)] + (trigger["id"]?.scalar.map { [$0] } ?? [])
            guard trigger["enabled"] != .bool(false) else { continue }
            found.append(TriggerShape(kind: kind, value: trigger, ids: Set(ids)))
        }
    }
}

/// One step of the actions that calls a service, or fires an event.
struct StepShape: Sendable {
    /// In small letters; `nil` for what only a template knows.
    let service: String?
    let entities: [String]
    /// The event that it fires.
    let event: String?

    /// The steps wherever they are nested.
    static func all(of configuration: ConfigurationValue) -> [StepShape] {
        var found: [StepShape] = []
        collect(configuration["actions"] ?? .null, &found)
        return found
    }

    private static let nesting = ["sequence", "then", "else", "default", "parallel", "choose"]

    private static func collect(_ value: ConfigurationValue, _ found: inout [StepShape]) {
        for step in value.list {
            guard case .object(let members) = step, step["enabled"] != .bool(false) else { continue }
            for key in nesting { if let nested = members[key] { collect(nested, &found) } }
            if let nested = members["repeat"]?["sequence"] { collect(nested, &found) }
            if let event = members["event"]?.text {
                found.append(StepShape(service: nil, entities: [], event: event))
            }
            if let scene = members["scene"] {
                found.append(StepShape(service: "scene.turn_on", entities: scene.entityList, event: nil))
            }
            guard let called = members["action"] ?? members["service"] else { continue }
            var entities: [String] = []
            for place in [step, members["target"], members["data"]] {
                entities += place?["entity_id"]?.entityList ?? []
            }
            let name = called.text?.lowercased()
            found.append(
                StepShape(
                    service: name.flatMap { AutomationReader.isEntityID($0) ? $0 : nil }, entities: entities, event: nil
                ))
        }
    }
}
