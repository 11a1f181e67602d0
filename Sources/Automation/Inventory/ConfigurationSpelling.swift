import HomeAssistantClient

/// Home Assistant spells the same configuration in several ways, and changes the spelling with its releases.
package enum ConfigurationSpelling {
    /// A configuration in the spelling of 2024.10 and later: equal for configurations that mean the same.
    package static func normalised(_ configuration: ConfigurationValue) -> ConfigurationValue {
        guard case .object(var members) = configuration else { return configuration }
        for (old, new) in [("trigger", "triggers"), ("condition", "conditions"), ("action", "actions")] {
            if let value = members.removeValue(forKey: old), members[new] == nil { members[new] = value }
            if let value = members[new] { members[new] = list(value) }
        }
        if let triggers = members["triggers"] { members["triggers"] = trigger(triggers) }
        if let conditions = members["conditions"] { members["conditions"] = condition(conditions) }
        if let actions = members["actions"] { members["actions"] = action(actions) }
        // What stands for nothing may be left out.
        if members["conditions"] == .array([]) { members["conditions"] = nil }
        if members["description"] == .string("") { members["description"] = nil }
        if members["mode"] == nil { members["mode"] = .string("single") }
        return .object(members)
    }

    /// One thing alone is a list of it.
    private static func list(_ value: ConfigurationValue) -> ConfigurationValue {
        switch value {
        case .array: value
        case .null: .array([])
        default: .array([value])
        }
    }

    private static func trigger(_ value: ConfigurationValue) -> ConfigurationValue {
        switch value {
        case .array(let elements): return .array(elements.map(trigger))
        case .object(var members):
            if let platform = members.removeValue(forKey: "platform"), members["trigger"] == nil {
                members["trigger"] = platform
            }
            if let nested = members["triggers"] { members["triggers"] = trigger(list(nested)) }
            return .object(members)
        default: return value
        }
    }

    private static func condition(_ value: ConfigurationValue) -> ConfigurationValue {
        switch value {
        case .array(let elements): return .array(elements.map(condition))
        case .object(var members):
            for key in ["conditions", "and", "or", "not"] {
                if let nested = members[key] { members[key] = condition(list(nested)) }
            }
            return .object(members)
        default: return value
        }
    }

    private static func action(_ value: ConfigurationValue) -> ConfigurationValue {
        switch value {
        case .array(let elements): return .array(elements.map(action))
        case .object(var members):
            for old in ["service", "service_template"] {
                if let service = members.removeValue(forKey: old), members["action"] == nil {
                    members["action"] = service
                }
            }
            for key in ["choose", "sequence", "then", "else", "default", "parallel"] {
                if let nested = members[key] { members[key] = action(list(nested)) }
            }
            for key in ["conditions", "if"] {
                if let nested = members[key] { members[key] = condition(list(nested)) }
            }
            if let waited = members["wait_for_trigger"] { members["wait_for_trigger"] = trigger(list(waited)) }
            if case .object(var loop) = members["repeat"] {
                if let sequence = loop["sequence"] { loop["sequence"] = action(list(sequence)) }
                for key in ["while", "until"] {
                    if let nested = loop[key] { loop[key] = condition(list(nested)) }
                }
                members["repeat"] = .object(loop)
            }
            return .object(members)
        default: return value
        }
    }
}
