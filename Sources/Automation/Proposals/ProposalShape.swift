import HomeAssistantClient

/// Brings what a person wrote into the form in which it is proposed.
enum ProposalShape {
    /// Longer than any automation of a person's.
    static let longest = 1 << 20

    private static let known: Set<String> = [
        "id", "alias", "description", "triggers", "conditions", "actions", "mode", "max", "max_exceeded", "variables",
        "trigger_variables", "initial_state", "trace", "use_blueprint",
    ]

    /// A configuration in the spelling of today, its names in small letters and its `id` a text where there is one. Throws a
    /// `ProposalRefusal` that names everything that is wrong with it.
    static func checked(_ given: ConfigurationValue) throws(ProposalRefusal) -> ConfigurationValue {
        guard case .object(let members) = given else {
            throw ProposalRefusal(.invalid, ["This is no automation: a mapping with triggers and actions is one."])
        }
        var errors: [String] = []
        for (plural, singular) in [("triggers", "trigger"), ("conditions", "condition"), ("actions", "action")]
        where members[plural] != nil && members[singular] != nil {
            errors.append("It has “\(singular)” and “\(plural)”: take one of the two.")
        }
        guard case .object(var members) = lowered(ConfigurationSpelling.normalised(given), isPayload: false) else {
            throw ProposalRefusal(.invalid, ["This is no automation."])
        }
        for key in members.keys.sorted() where !known.contains(key) {
            errors.append("Home Assistant knows no “\(quoted(key))” in an automation.")
        }
        switch members["id"] {
        case .string(let text) where !text.isEmpty && text.utf8.count <= 255: break
        case .number(let text): members["id"] = .string(text)
        case nil, .null?: members["id"] = nil
        default: errors.append("Its “id” is no text of 1 to 255 characters. Leave it out for a new automation.")
        }
        if members["use_blueprint"] == nil {
            for key in ["triggers", "actions"] where (members[key]?.list ?? []).isEmpty {
                errors.append("It has no \(key).")
            }
        }
        let alias = members["alias"]?.text ?? ""
        if !alias.contains(where: { !$0.isWhitespace }) {
            errors.append("It has no “alias”: the name by which people know it.")
        }
        let modes = ["single", "restart", "queued", "parallel"]
        if let mode = members["mode"], !modes.contains(mode.text ?? "") {
            errors.append("Its “mode” is none of \(modes.joined(separator: ", ")).")
        }
        if holdsPlaceholder(given) {
            errors.append(
                "It holds placeholders such as ‹secret …›, which stand for values that are stored encrypted: write the values."
            )
        }
        let configuration = ConfigurationValue.object(members)
        if configuration.json.utf8.count > longest { errors.append("It is longer than 1 MiB.") }
        guard errors.isEmpty else { throw ProposalRefusal(.invalid, errors) }
        return configuration
    }

    private static func quoted(_ key: String) -> String { key.count > 40 ? "\(key.prefix(40))…" : key }

    private static let names: Set<String> = ["action", "service", "entity_id", "scene"]

    /// Home Assistant reads names of services and entities in any mixture of cases; what is compared here is in small letters.
    private static func lowered(_ value: ConfigurationValue, isPayload: Bool) -> ConfigurationValue {
        switch value {
        case .array(let elements): return .array(elements.map { lowered($0, isPayload: isPayload) })
        case .object(var members):
            for (key, member) in members {
                if names.contains(key), !isPayload || key == "entity_id" {
                    members[key] = smallNames(member, isPayload: isPayload)
                } else {
                    members[key] = lowered(member, isPayload: isPayload || SecretRules.beginsPayload(key))
                }
            }
            return .object(members)
        default: return value
        }
    }

    private static func smallNames(_ value: ConfigurationValue, isPayload: Bool) -> ConfigurationValue {
        switch value {
        case .string(let text): value.isTemplate ? value : .string(text.lowercased())
        case .array(let elements): .array(elements.map { smallNames($0, isPayload: isPayload) })
        default: lowered(value, isPayload: isPayload)
        }
    }

    private static func holdsPlaceholder(_ value: ConfigurationValue) -> Bool {
        switch value {
        case .string(let text): Placeholder.parse(text) != nil
        case .array(let elements): elements.contains(where: holdsPlaceholder)
        case .object(let members): members.values.contains(where: holdsPlaceholder)
        default: false
        }
    }
}
