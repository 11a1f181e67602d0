import BridgeCore
import HomeAssistantClient

/// The conditions of an automation, judged at a moment of the past.
struct ReplayConditions {
    private let conditions: [ConfigurationValue]
    /// Those that cannot be judged, by their kind.
    let unjudged: [String]
    /// What they look at.
    let entities: Set<String>

    /// The conditions of a configuration in the spelling of today.
    init(_ value: ConfigurationValue) {
        conditions = value.list
        var unjudged: [String] = []
        var entities: Set<String> = []
        for condition in conditions { Self.look(condition, &unjudged, &entities) }
        self.unjudged = unjudged.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        self.entities = entities
    }

    /// Whether all hold; `nil` where one cannot be judged and no other says no.
    func hold(at time: Timestamp, trigger: Set<String>, history: StateHistory, clock: ReplayClock) -> Bool? {
        Self.all(conditions.map { Self.holds($0, time, trigger, history, clock) })
    }

    // MARK: Kinds

    private static func kind(_ value: ConfigurationValue) -> String {
        if value.text != nil { return "template" }
        for word in ["and", "or", "not"] where value["condition"] == nil && value[word] != nil { return word }
        return value["condition"]?.text ?? "?"
    }

    private static func nested(_ value: ConfigurationValue, _ kind: String) -> [ConfigurationValue] {
        (value["conditions"] ?? value[kind] ?? .null).list
    }

    private static func look(_ value: ConfigurationValue, _ unjudged: inout [String], _ entities: inout Set<String>) {
        guard value["enabled"] != .bool(false) else { return }
        let kind = kind(value)
        switch kind {
        case "and", "or", "not": for part in nested(value, kind) { look(part, &unjudged, &entities) }
        case "state" where value["attribute"] == nil && value["for"] == nil && !stateNames(value).isEmpty,
            "numeric_state"
        where value["attribute"] == nil && value["value_template"] == nil
            && NumericRange(value) != nil:
            let named = value["entity_id"]?.entityList ?? []
            if named.isEmpty { unjudged.append(kind) }
            entities.formUnion(named)
        case "time":
            for key in ["after", "before"] {
                if let text = value[key]?.text, ClockTrigger.secondOfDay(text) == nil { unjudged.append(kind) }
            }
        case "sun":
            // At night alone it would take the very moment of the sunset.
            if value["after"]?.text != "sunrise" || value["before"]?.text != "sunset" || value["after_offset"] != nil
                || value["before_offset"] != nil
            {
                unjudged.append(kind)
            }
            entities.insert("sun.sun")
        case "trigger": break
        default: unjudged.append(kind)
        }
    }

    /// States that it may have; none for one that names an entity whose state counts.
    private static func stateNames(_ value: ConfigurationValue) -> [String] {
        let names = value["state"]?.texts ?? []
        return names.contains { $0.hasPrefix("input_") && AutomationReader.isEntityID($0) } ? [] : names
    }

    // MARK: Judging

    private static func all(_ parts: [Bool?]) -> Bool? {
        if parts.contains(false) { return false }
        return parts.contains(nil) ? nil : true
    }

    private static func any(_ parts: [Bool?]) -> Bool? {
        if parts.contains(true) { return true }
        return parts.contains(nil) ? nil : false
    }

    private static func holds(
        _ value: ConfigurationValue, _ time: Timestamp, _ trigger: Set<String>, _ history: StateHistory,
        _ clock: ReplayClock
    ) -> Bool? {
        guard value["enabled"] != .bool(false) else { return true }
        let kind = kind(value)
        switch kind {
        case "and": return all(nested(value, kind).map { holds($0, time, trigger, history, clock) })
        case "or": return any(nested(value, kind).map { holds($0, time, trigger, history, clock) })
        case "not": return any(nested(value, kind).map { holds($0, time, trigger, history, clock) }).map { !$0 }
        case "trigger": return !trigger.isDisjoint(with: value["id"]?.texts ?? [])
        case "time": return isTime(value, clock.local(time))
        case "sun": return isSun(value, history.state(of: "sun.sun", at: time))
        case "state":
            let names = stateNames(value)
            guard value["attribute"] == nil, value["for"] == nil, !names.isEmpty else { return nil }
            return each(value) { entity in history.state(of: entity, at: time).map { names.contains($0) } }
        case "numeric_state":
            guard value["attribute"] == nil, value["value_template"] == nil, let range = NumericRange(value) else {
                return nil
            }
            return each(value) { entity in history.state(of: entity, at: time).flatMap { range.contains($0) } }
        default: return nil
        }
    }

    private static func each(_ value: ConfigurationValue, _ judge: (String) -> Bool?) -> Bool? {
        let entities = value["entity_id"]?.entityList ?? []
        guard !entities.isEmpty else { return nil }
        let parts = entities.map(judge)
        return value["match"]?.text == "any" ? any(parts) : all(parts)
    }

    private static func isTime(_ value: ConfigurationValue, _ local: Timestamp) -> Bool? {
        let day: Int64 = 86_400_000_000
        let weekdays = ClockTrigger.weekdays(value["weekday"])
        if !weekdays.isEmpty, !weekdays.contains(Int((local.microseconds / day + 3) % 7)) { return false }
        let now = local.microseconds % day
        func limit(_ key: String) -> (isGiven: Bool, moment: Int64?) {
            guard let given = value[key], given != .null else { return (false, nil) }
            return (true, given.text.flatMap(ClockTrigger.secondOfDay).map { Int64($0) * 1_000_000 })
        }
        let after = limit("after")
        let before = limit("before")
        if after.isGiven && after.moment == nil || before.isGiven && before.moment == nil { return nil }
        switch (after.moment, before.moment) {
        case (let after?, let before?):
            // From evening to morning.
            return after < before ? now >= after && now < before : now >= after || now < before
        case (let after?, nil): return now >= after
        case (nil, let before?): return now < before
        case (nil, nil): return true
        }
    }

    /// “After sunset” is until midnight for Home Assistant; that the sun is down is what can be judged.
    private static func isSun(_ value: ConfigurationValue, _ sun: String?) -> Bool? {
        guard let sun, value["after_offset"] == nil, value["before_offset"] == nil else { return nil }
        let after = value["after"]?.text
        let before = value["before"]?.text
        switch (after, before) {
        case ("sunset", nil), (nil, "sunrise"), ("sunset", "sunrise"): return sun == "below_horizon" ? nil : false
        case ("sunrise", "sunset"): return sun == "above_horizon"
        case ("sunrise", nil), (nil, "sunset"): return sun == "above_horizon" ? true : nil
        default: return nil
        }
    }
}
