import BridgeConcurrency
import BridgeCore
import Foundation

/// The registries of a fake house, listed as Home Assistant 2025.4 lists them.
///
/// To plug it in: `behaviour.onCommand = { registries.reply(to: $0) }`. Everything may be called from any thread.
package final class FakeRegistries: Sendable {
    /// An entity. `id` stays when it is renamed.
    package struct Entity: Sendable {
        package var id: String
        package var entityID: String
        package var name: String?
        package var originalName: String?
        package var hasEntityName = false
        package var deviceID: String?
        package var areaID: String?
        package var deviceClass: String?
        package var originalDeviceClass: String?

        package init(
            id: String, entityID: String, name: String? = nil, originalName: String? = nil, hasEntityName: Bool = false,
            deviceID: String? = nil, areaID: String? = nil, deviceClass: String? = nil,
            originalDeviceClass: String? = nil
        ) {
            self.id = id
            self.entityID = entityID
            self.name = name
            self.originalName = originalName
            self.hasEntityName = hasEntityName
            self.deviceID = deviceID
            self.areaID = areaID
            self.deviceClass = deviceClass
            self.originalDeviceClass = originalDeviceClass
        }
    }

    /// What the house has.
    package struct House: Sendable {
        /// Names by area id.
        package var areas: [String: String] = [:]
        /// Floor ids by area id.
        package var floorOfArea: [String: String] = [:]
        /// Names by floor id.
        package var floors: [String: String] = [:]
        /// Names by label id.
        package var labels: [String: String] = [:]
        /// Names and areas by device id.
        package var devices: [String: (name: String, area: String?)] = [:]
        package var entities: [Entity] = []
        package var timeZone = "Europe/Berlin"
        /// Refused commands, with the code.
        package var refused: [String: String] = [:]

        package init() {}

        /// As a release of before April 2024, which has neither labels nor floors.
        package mutating func becomeOld() {
            refused["config/label_registry/list"] = "unknown_command"
            refused["config/floor_registry/list"] = "unknown_command"
        }
    }

    private struct State {
        var house: House
        var commands: [String] = []
    }

    private let state: LockedBox<State>

    package init(_ house: House = House()) { state = LockedBox(State(house: house)) }

    /// Changes the house.
    package func update(_ body: (inout House) -> Void) { state.withLock { body(&$0.house) } }

    /// The types of the commands that were answered or refused so far.
    package var commands: [String] { state.withLock(\.commands) }

    /// How often the areas were listed.
    package var listings: Int { commands.count { $0 == "config/area_registry/list" } }

    // MARK: Answers

    /// For `FakeBehaviour.onCommand`: answers questions about registries, and leaves everything else to the default.
    package func reply(to command: FakeBehaviour.Command) -> FakeBehaviour.Reply {
        switch answer(to: command.json) {
        case nil: .byDefault
        case .result(let json): .result(json)
        case .error(let code, let message):
            .messages([
                #"{"id":\#(command.id),"type":"result","success":false,"error":{"code":"\#(code)","message":"\#(message)"}}"#
            ])
        }
    }

    /// The answer to a whole message; `nil` when it is about something else.
    package func answer(to json: String) -> FakeHistory.Answer? {
        guard let message = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
            let type = message["type"] as? String, type == "get_config" || type.hasPrefix("config/")
        else { return nil }
        let house = state.withLock { state in
            state.commands.append(type)
            return state.house
        }
        if let code = house.refused[type] { return .error(code: code, message: "Refused.") }
        switch type {
        case "get_config":
            return .result(
                #"{"version":"2025.4.4","state":"RUNNING","time_zone":"\#(house.timeZone)","components":["config"]}"#)
        case "config/area_registry/list": return .result(Self.list(house.areaEntries))
        case "config/floor_registry/list":
            return .result(Self.list(Self.named(house.floors, id: "floor_id", ["level": 0])))
        case "config/label_registry/list":
            return .result(Self.list(Self.named(house.labels, id: "label_id", ["color": "blue"])))
        case "config/device_registry/list": return .result(Self.list(house.deviceEntries))
        case "config/entity_registry/list": return .result(Self.list(house.entities.map { $0.entry(isWhole: false) }))
        case "config/entity_registry/get_entries":
            let wanted = message["entity_ids"] as? [String] ?? []
            // Home Assistant checks the form of each id, and refuses the whole command over one.
            if wanted.contains(where: { !$0.contains(".") || $0.contains("__") }) {
                return .error(code: "invalid_format", message: "Entity ID is an invalid entity ID.")
            }
            var entries: [String: Any] = [:]
            for id in wanted {
                entries[id] = house.entities.first { $0.entityID == id }?.entry(isWhole: true) ?? NSNull()
            }
            return .result(Self.json(entries))
        default: return .error(code: "unknown_command", message: "Unknown command.")
        }
    }

    fileprivate static func named(_ names: [String: String], id: String, _ rest: [String: Any]) -> [[String: Any]] {
        names.sorted { $0.key < $1.key }.map { key, name in
            rest.merging([id: key, "name": name, "icon": NSNull(), "created_at": 1_795_246_925.5]) { $1 }
        }
    }

    private static func list(_ entries: [[String: Any]]) -> String { json(entries) }

    private static func json(_ value: Any) -> String {
        (try? JSONSerialization.data(withJSONObject: value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}

extension FakeRegistries.House {
    fileprivate var areaEntries: [[String: Any]] {
        FakeRegistries.named(areas, id: "area_id", ["picture": NSNull()]).map { entry in
            let floor = (entry["area_id"] as? String).flatMap { floorOfArea[$0] }
            return entry.merging(["floor_id": floor ?? NSNull(), "aliases": ["other"], "labels": [String]()]) { $1 }
        }
    }

    fileprivate var deviceEntries: [[String: Any]] {
        devices.sorted { $0.key < $1.key }.map { id, device in
            [
                "id": id, "name": device.name, "name_by_user": NSNull(), "area_id": device.area ?? NSNull(),
                "manufacturer": "Acme", "model": "One", "sw_version": "1.2", "via_device_id": NSNull(),
                "disabled_by": NSNull(), "labels": [String](), "identifiers": [["acme", id]],
                "connections": [[String]](), "config_entries": ["01ENTRY"],
            ]
        }
    }
}

extension FakeRegistries.Entity {
    fileprivate func entry(isWhole: Bool) -> [String: Any] {
        var entry: [String: Any] = [
            "id": id, "entity_id": entityID, "unique_id": "unique-\(id)", "platform": "acme", "name": name ?? NSNull(),
            "original_name": originalName ?? NSNull(), "has_entity_name": hasEntityName,
            "device_id": deviceID ?? NSNull(), "area_id": areaID ?? NSNull(), "entity_category": NSNull(),
            "disabled_by": NSNull(), "hidden_by": NSNull(), "labels": [String](), "categories": [String: String](),
            "options": ["conversation": ["should_expose": true]], "translation_key": NSNull(), "icon": NSNull(),
        ]
        if isWhole {
            entry["device_class"] = deviceClass ?? NSNull()
            entry["original_device_class"] = originalDeviceClass ?? NSNull()
            entry["aliases"] = [String]()
            entry["capabilities"] = NSNull()
        }
        return entry
    }
}
