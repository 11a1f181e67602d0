import BridgeCore

/// The entities that an automation's configuration names, by what they are there for. Both spellings of Home Assistant are read.
struct ConfigurationEntities: Equatable {
    /// Without one of these it never begins; empty where a trigger needs no entity.
    private(set) var triggers: Set<String> = []
    /// What its actions act on; empty where an action needs no entity.
    private(set) var targets: Set<String> = []
    /// All that it names, conditions included.
    private(set) var all: Set<String> = []

    /// Reads a configuration as JSON text. Nothing is found in text that is none.
    init(_ configuration: String?) {
        guard let configuration, let root = JSONValue(configuration) else { return }
        let triggerList = (root["triggers"] ?? root["trigger"])?.list ?? []
        let actionList = (root["actions"] ?? root["action"])?.list ?? []
        let conditionList = (root["conditions"] ?? root["condition"])?.list ?? []
        triggers = Self.eachOf(triggerList)
        targets = Self.eachOf(actionList)
        for value in triggerList + actionList + conditionList { Self.collect(value, into: &all) }
    }

    /// The entities of the list, where each member names some; else none, as something works without them.
    private static func eachOf(_ values: [JSONValue]) -> Set<String> {
        var entities: Set<String> = []
        for value in values {
            var own: Set<String> = []
            collect(value, into: &own)
            if own.isEmpty { return [] }
            entities.formUnion(own)
        }
        return entities
    }

    private static func collect(_ value: JSONValue, into entities: inout Set<String>) {
        switch value {
        case .array(let values): for value in values { collect(value, into: &entities) }
        case .object(let members):
            for (name, member) in members {
                if name == "entity_id" {
                    for case .string(let text) in member.list {
                        // A text may hold several, after commas.
                        for part in text.split(separator: ",") {
                            let id = part.filter { $0 != " " }
                            if isEntity(id) { entities.insert(id) }
                        }
                    }
                } else {
                    collect(member, into: &entities)
                }
            }
        default: break
        }
    }

    /// A name and not a template, a registry's id, or a word such as `all`.
    private static func isEntity(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        }
    }
}
