import BridgeCore

/// Asks Home Assistant for its automations, one command after the other.
package struct AutomationReader: Sendable {
    private let port: CommandPort
    private let answerLimit: Duration

    /// Asks over `port`, and waits for each answer no longer than `answerLimit`.
    package init(_ port: CommandPort, answerLimit: Duration = .seconds(60)) {
        self.port = port
        self.answerLimit = answerLimit
    }

    /// Every automation, and the ids of all entities. Throws `.refused` with the code `no_list` for an answer that is no list.
    package func states() async throws(CommandFailure) -> StateListing {
        let answer = try await port.ask(#""type":"get_states""#, within: answerLimit)
        guard let listing = Self.listing(answer) else {
            throw .refused(code: "no_list", message: "Its states are no list.")
        }
        return listing
    }

    /// The answer to `get_states`; `nil` when it is no list. Entries without an id are passed over.
    static func listing(_ answer: CommandAnswer) -> StateListing? {
        var listing = StateListing()
        let others = answer.forEachItem { item in
            guard let entity = item.text("entity_id") else { return }
            guard listing.entities.insert(entity).inserted, entity.hasPrefix("automation.") else { return }
            listing.automations.append(
                ListedAutomation(
                    entityID: entity, state: item.text("state"),
                    attributes: item.value(of: "attributes").flatMap {
                        ConfigurationValue(json: answer.frame, range: $0)
                    }))
        }
        return others.map { _ in listing }
    }

    /// The entries that the entity registry has of these entities, in parts; ids that are not well-formed are left out.
    package func registryEntries(
        of entities: some Collection<String>
    ) async throws(CommandFailure) -> [String: RegistryEntry] {
        let asked = entities.filter(Self.isEntityID)
        var entries: [String: RegistryEntry] = [:]
        var start = asked.startIndex
        while start < asked.endIndex {
            let end =
                asked.index(start, offsetBy: RegistryCommand.entriesAtOnce, limitedBy: asked.endIndex) ?? asked.endIndex
            let answer = try await port.ask(RegistryCommand.entries(of: asked[start..<end]), within: answerLimit)
            _ = answer.forEachItem { item in
                guard let entity = item.text("entity_id"), let id = item.text("id") else { return }
                entries[entity] = RegistryEntry(registryID: id, isDisabled: item.text("disabled_by") != nil)
            }
            start = end
        }
        return entries
    }

    /// What the registry says of an entity.
    package struct RegistryEntry: Sendable, Equatable {
        /// It stays when the entity is renamed.
        package let registryID: String
        package let isDisabled: Bool
    }

    /// The configuration of one automation with its `!secret` values resolved and its blueprint expanded. Throws `.refused` with
    /// the code `not_found` for an automation that is gone, and `no_configuration` for an answer that is none.
    package func configuration(of entity: String) async throws(CommandFailure) -> ConfigurationValue {
        var id: [UInt8] = []
        JSONText.appendQuoted(entity, to: &id)
        let fields = #""type":"automation/config","entity_id":\#(String(decoding: id, as: UTF8.self))"#
        let answer = try await port.ask(fields, within: answerLimit)
        guard let value = ConfigurationValue(json: answer.frame, range: answer.result),
            let configuration = value["config"],
            case .object = configuration
        else { throw .refused(code: "no_configuration", message: "It gave no configuration of \(entity).") }
        return configuration
    }

    /// Whether `text` is an entity id as Home Assistant's commands take it: `light.kitchen_2`.
    package static func isEntityID(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.first != 0x5F && part.last != 0x5F
                    && part.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
            }
    }
}
