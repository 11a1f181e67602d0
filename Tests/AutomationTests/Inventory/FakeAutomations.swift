import BridgeConcurrency
import BridgeCore
import HomeAssistantClient

/// A house of automations behind a `CommandPort`.
final class FakeAutomations: Sendable {
    struct House: Sendable {
        struct Automation: Sendable {
            var id: String?
            var name = "Some automation"
            var state = "on"
            var mode = "single"
            var isRestored = false
            /// A JSON object; `nil` for an automation that is not found.
            var configuration: String? = #"{"alias":"Some automation","triggers":[],"actions":[]}"#
        }

        /// By entity id.
        var automations: [String: Automation] = [:]
        /// Ids of other entities.
        var entities: Set<String> = []
        /// Entities of the registry that are switched off.
        var disabled: Set<String> = []
        /// Failures to be thrown, by the type of the command.
        var failures: [String: CommandFailure] = [:]
    }

    private struct State {
        var house = House()
        var commands: [String] = []
    }

    private let state = LockedBox(State())

    func update(_ body: (inout House) -> Void) { state.withLock { body(&$0.house) } }

    /// The types of the commands so far.
    var commands: [String] { state.withLock(\.commands) }

    func count(_ type: String) -> Int { commands.count { $0 == type } }

    var port: CommandPort {
        CommandPort { [self] (fields, _) throws(CommandFailure) in
            let command = ConfigurationValue(json: "{\(fields)}")
            let type = command?["type"]?.text ?? ""
            let house = state.withLock { state in
                state.commands.append(type)
                return state.house
            }
            if let failure = house.failures[type] { throw failure }
            switch type {
            case "get_states": return Self.answer(Self.states(house))
            case "config/entity_registry/get_entries": return Self.answer(Self.entries(house, command))
            case "automation/config":
                guard let configuration = house.automations[command?["entity_id"]?.text ?? ""]?.configuration else {
                    throw .refused(code: "not_found", message: "Entity not found")
                }
                return Self.answer(#"{"config":\#(configuration)}"#)
            default: throw .refused(code: "unknown_command", message: "Unknown command.")
            }
        }
    }

    private static func answer(_ json: String) -> CommandAnswer {
        let head = #"{"id":7,"type":"result","success":true,"result":"#
        return CommandAnswer(
            frame: Array((head + json + "}").utf8), result: head.utf8.count..<(head.utf8.count + json.utf8.count))
    }

    private static func states(_ house: House) -> String {
        var states: [ConfigurationValue] = house.entities.map { entity in
            .object(["entity_id": .string(entity), "state": .string("on"), "attributes": .object([:])])
        }
        for (entity, automation) in house.automations {
            var attributes: [String: ConfigurationValue] = ["friendly_name": .string(automation.name)]
            if let id = automation.id { attributes["id"] = .string(id) }
            if automation.state != "unavailable" { attributes["mode"] = .string(automation.mode) }
            if automation.isRestored { attributes["restored"] = .bool(true) }
            states.append(
                .object([
                    "entity_id": .string(entity), "state": .string(automation.state), "attributes": .object(attributes),
                ]))
        }
        return ConfigurationValue.array(states).json
    }

    private static func entries(_ house: House, _ command: ConfigurationValue?) -> String {
        guard case .array(let asked) = command?["entity_ids"] else { return "{}" }
        var entries: [String: ConfigurationValue] = [:]
        for entity in asked.compactMap(\.text) {
            let isKnown = house.automations[entity]?.id != nil || house.disabled.contains(entity)
            entries[entity] =
                isKnown
                ? .object([
                    "entity_id": .string(entity), "id": .string("registry-of-\(entity)"),
                    "disabled_by": house.disabled.contains(entity) ? .string("user") : .null,
                ]) : .null
        }
        return ConfigurationValue.object(entries).json
    }
}
