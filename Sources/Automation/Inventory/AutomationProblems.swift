import HomeAssistantClient

/// Says in sentences what an automation lacks.
package enum AutomationProblems {
    /// The ids of the entities that a configuration names. Templates are not looked into.
    package static func entities(in configuration: ConfigurationValue) -> Set<String> {
        var found: Set<String> = []
        collect(configuration, under: "", &found)
        return found
    }

    private static func collect(_ value: ConfigurationValue, under key: String, _ found: inout Set<String>) {
        switch value {
        case .null, .bool, .number: return
        case .array(let elements): for element in elements { collect(element, under: key, &found) }
        case .object(let members): for (name, member) in members { collect(member, under: name, &found) }
        case .string(let text):
            guard key == "entity_id" || key == "zone" || key == "scene" else { return }
            for part in text.split(separator: ",") {
                let id = String(part.filter { $0 != " " })
                if AutomationReader.isEntityID(id) { found.insert(id) }
            }
        }
    }

    /// Named in a sentence each; the rest is counted.
    private static let namedAtMost = 20

    /// The sentences. `missing` are the entities that it names and that do not exist, `disabled` those that are switched off in the
    /// registry.
    package static func sentences(
        for automation: ListedAutomation, missing: Set<String>, disabled: Set<String>
    ) -> [String] {
        var sentences: [String] = []
        if automation.ownID == nil {
            let proposal = automation.entityID.drop { $0 != "." }.dropFirst()
            sentences.append(
                """
                It has no id, so Home Assistant keeps no usable traces of its runs and its editor cannot change it: give it an \
                id: add the line “id: \(proposal)” to its configuration.
                """)
        }
        if automation.isRestored {
            sentences.append(
                """
                Home Assistant remembers it but has not loaded it: it was taken out of the configuration files, or they \
                cannot be read. Look into Home Assistant's log, or delete it there.
                """)
        } else if automation.state == .unavailable {
            sentences.append(
                "Home Assistant reports it unavailable: its configuration is not valid. Home Assistant's log says why.")
        }
        sentences += named(missing, "It names an entity that does not exist")
        sentences += named(disabled, "It names an entity that is disabled")
        return sentences
    }

    private static func named(_ entities: Set<String>, _ beginning: String) -> [String] {
        let sorted = entities.sorted()
        var sentences = sorted.prefix(namedAtMost).map { "\(beginning): \($0)." }
        if sorted.count > namedAtMost { sentences.append("\(beginning): \(sorted.count - namedAtMost) more.") }
        return sentences
    }
}
