import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Testing

/// Answers commands by their type, and keeps what was asked.
private final class Answers: Sendable {
    private let answers: [String: Result<String, CommandFailure>]
    private let asked = LockedBox<[String]>([])

    init(_ answers: [String: Result<String, CommandFailure>]) { self.answers = answers }

    var commands: [String] { asked.withLock { $0 } }

    /// An empty house, unless the answers say otherwise.
    var port: CommandPort {
        CommandPort { [answers, asked] (fields, _) throws(CommandFailure) in
            asked.withLock { $0.append(fields) }
            let type = fields.split(separator: "\"", omittingEmptySubsequences: false)[3]
            switch answers[String(type)] {
            case .success(let json): return Self.answer(json)
            case .failure(let failure): throw failure
            case nil: return Self.answer(type == "get_config" ? #"{"version":"2025.4.4"}"# : "[]")
            }
        }
    }

    static func answer(_ json: String) -> CommandAnswer {
        let head = #"{"id":7,"type":"result","success":true,"result":"#
        return CommandAnswer(
            frame: Array((head + json + "}").utf8), result: head.utf8.count..<(head.utf8.count + json.utf8.count))
    }

    static func refusal(_ code: String) -> Result<String, CommandFailure> {
        .failure(.refused(code: code, message: ""))
    }
}

@Suite struct RegistryReaderTests {
    private func read(_ answers: [String: Result<String, CommandFailure>]) async throws -> RegistryListing {
        try await RegistryReader(Answers(answers).port).read()
    }

    /// Entries with every field of Home Assistant 2025.4 that matters and some that do not.
    @Test func readsEveryRegistry() async throws {
        let listing = try await read([
            "get_config": .success(#"{"version":"2025.4.4","state":"RUNNING","time_zone":"Europe/Berlin"}"#),
            "config/floor_registry/list": .success(#"[{"floor_id":"up","name":"Upstairs","level":1,"aliases":[]}]"#),
            "config/area_registry/list": .success(
                #"[{"aliases":["Stube","Salon","Stube"],"area_id":"living","floor_id":"up","icon":null,"labels":["b","a"],"name":"Living Room","created_at":1795246925.7},{"area_id":"k","name":"Küche","floor_id":"gone"}]"#
            ),
            "config/label_registry/list": .success(
                #"[{"label_id":"a","name":"A","color":"red","description":null}]"#),
            "config/device_registry/list": .success(
                #"[{"id":"d1","name":"Lamp","name_by_user":"Big lamp","area_id":"living","manufacturer":"Acme","model":12,"sw_version":"1.0","via_device_id":"d0","disabled_by":"user","labels":["a"]}]"#
            ),
            "config/entity_registry/list": .success(
                #"[{"id":"e1","entity_id":"binary_sensor.a","unique_id":77,"platform":"acme","name":null,"original_name":"Door","has_entity_name":false,"device_id":"d1","area_id":null,"entity_category":"diagnostic","disabled_by":null,"hidden_by":"user","labels":["z"]}]"#
            ),
            "config/entity_registry/get_entries": .success(
                #"{"binary_sensor.a":{"entity_id":"binary_sensor.a","device_class":null,"original_device_class":"door"},"x.y":null}"#
            ),
        ])
        #expect(listing.timeZone == "Europe/Berlin" && listing.skipped == 0 && listing.refusals.isEmpty)
        #expect(
            listing.registries
                == HouseRegistries(
                    areas: [
                        RegistryArea(
                            areaID: "living", name: "Living Room", floorID: "up", floorName: "Upstairs",
                            aliases: ["Salon", "Stube"], labels: ["a", "b"]),
                        RegistryArea(areaID: "k", name: "Küche", floorID: "gone"),
                    ],
                    labels: [RegistryLabel(labelID: "a", name: "A", color: "red")],
                    devices: [
                        RegistryDevice(
                            deviceID: "d1", name: "Big lamp", areaID: "living", manufacturer: "Acme", model: "12",
                            softwareVersion: "1.0", viaDeviceID: "d0", disabledBy: "user", labels: ["a"])
                    ],
                    entities: [
                        RegistryEntity(
                            registryID: "e1", entityID: "binary_sensor.a", uniqueID: "77", platform: "acme",
                            name: "Door", deviceID: "d1", deviceClass: "door", entityCategory: "diagnostic",
                            hiddenBy: "user", labels: ["z"])
                    ]))
    }

    /// Releases before April 2024 have neither labels nor floors; a reading of one is no failure.
    @Test func anOldReleaseHasNoLabelsAndNoFloors() async throws {
        let listing = try await read([
            "config/floor_registry/list": Answers.refusal("unknown_command"),
            "config/label_registry/list": Answers.refusal("unknown_command"),
            "config/area_registry/list": .success(#"[{"area_id":"k","name":"Kitchen","picture":null,"aliases":[]}]"#),
        ])
        #expect(listing.registries.labels == nil && listing.registries.devices == [])
        #expect(listing.registries.areas == [RegistryArea(areaID: "k", name: "Kitchen")])
        #expect(
            listing.refusals == [
                "config/floor_registry/list": "unknown_command", "config/label_registry/list": "unknown_command",
            ])
    }

    /// What Home Assistant would show: `name`, else the device's name and the original one where the integration is modern.
    @Test(arguments: [
        (#""name":"Mine","original_name":"Temperature","has_entity_name":true,"device_id":"d""#, "Mine"),
        (#""name":null,"original_name":"Temperature","has_entity_name":true,"device_id":"d""#, "Stove Temperature"),
        (#""original_name":null,"has_entity_name":true,"device_id":"d""#, "Stove"),
        (#""original_name":"Temperature","has_entity_name":false,"device_id":"d""#, "Temperature"),
        (#""original_name":"Temperature","has_entity_name":true,"device_id":"nameless""#, "Temperature"),
        (#""original_name":"Temperature","has_entity_name":true,"device_id":null"#, "Temperature"),
        (#""name":"","original_name":"""#, nil),
    ])
    func namesAnEntityAsHomeAssistantDoes(fields: String, name: String?) async throws {
        let listing = try await read([
            "config/device_registry/list": .success(#"[{"id":"d","name":"Stove"},{"id":"nameless","name":null}]"#),
            "config/entity_registry/list": .success(#"[{"id":"1","entity_id":"sensor.t",\#(fields)}]"#),
        ])
        #expect(listing.registries.entities?.first?.name == name)
    }

    @Test func badEntriesCostOnlyThemselves() async throws {
        let listing = try await read([
            "config/area_registry/list": .success(
                #"[null,3,"x",[],{},{"area_id":"","name":"n"},{"area_id":["k"]},{"area_id":"k"},{"area_id":"b\u0000ad","name":"\ud800x","labels":{"a":1},"aliases":[null,7,"y",["z"]]}]"#
            )
        ])
        #expect(
            listing.registries.areas == [
                RegistryArea(areaID: "k", name: "k"),
                RegistryArea(areaID: "b\u{FFFD}ad", name: "\u{FFFD}x", aliases: ["7", "y"]),
            ])
        #expect(listing.skipped == 7)
    }

    @Test(arguments: ["null", "7", #""text""#, "true"])
    func anAnswerThatIsNoListCountsAsNone(answer: String) async throws {
        let types = ["area", "device", "entity", "label"].map { "config/\($0)_registry/list" }
        let listing = try await read(Dictionary(uniqueKeysWithValues: types.map { ($0, .success(answer)) }))
        #expect(listing.registries == HouseRegistries())
        #expect(listing.refusals == Dictionary(uniqueKeysWithValues: types.map { ($0, "no_list") }))
    }

    /// An answer that ends in its midst never gets here whole; a list that is not closed is no list.
    @Test func aBrokenListCountsAsNone() async throws {
        let listing = try await read(["config/device_registry/list": .success(#"[{"id":"d","name":"#)])
        #expect(listing.registries.devices == nil && listing.registries.areas == [])
    }

    @Test(arguments: [CommandFailure.timedOut, .disconnected])
    func aLostConnectionIsThrown(failure: CommandFailure) async throws {
        await #expect(throws: failure) { try await read(["config/device_registry/list": .failure(failure)]) }
        await #expect(throws: failure) {
            try await read([
                "config/entity_registry/list": .success(#"[{"id":"1","entity_id":"a.b"}]"#),
                "config/entity_registry/get_entries": .failure(failure),
            ])
        }
    }

    // MARK: Device classes

    private static func entities(_ ids: [String]) -> Result<String, CommandFailure> {
        let entries = ids.enumerated().map { #"{"id":"r\#($0.offset)","entity_id":"\#($0.element)"}"# }
        return .success("[\(entries.joined(separator: ","))]")
    }

    @Test func asksForDeviceClassesInParts() async throws {
        let ids = (0..<1_201).map { "sensor.s\($0)" }
        let answers = Answers([
            "config/entity_registry/list": Self.entities(ids),
            "config/entity_registry/get_entries": .success(
                #"{"sensor.s7":{"entity_id":"sensor.s7","device_class":"window","original_device_class":"door"}}"#),
        ])
        let listing = try await RegistryReader(answers.port).read()
        let asked = answers.commands.filter { $0.contains("get_entries") }
        #expect(asked.map { $0.count { $0 == "." } } == [500, 500, 201])
        #expect(Set(asked.flatMap { $0.matches(of: /sensor\.s\d+/).map { String($0.output) } }) == Set(ids))
        #expect(listing.registries.entities?.count == 1_201 && listing.registries.entities?[7].deviceClass == "window")
        #expect(listing.registries.entities?[8].deviceClass == nil)
    }

    /// Home Assistant refuses a whole command over one id that it does not take.
    @Test func aBadEntityIDCostsOnlyItsOwnDeviceClass() async throws {
        let ids = (0..<64).map { $0 == 21 ? "sensor.BAD" : "sensor.s\($0)" }
        let list = try Self.entities(ids).get()
        let port = CommandPort { (fields, _) throws(CommandFailure) in
            if fields.contains("entity_registry/list") { return Answers.answer(list) }
            if fields.contains("get_config") { return Answers.answer("{}") }
            guard fields.contains("get_entries") else { return Answers.answer("[]") }
            if fields.contains("BAD") { throw .refused(code: "invalid_format", message: "") }
            let entries = fields.matches(of: /sensor\.s\d+/).map {
                #""\#($0.output)":{"entity_id":"\#($0.output)","device_class":"door"}"#
            }
            return Answers.answer("{\(entries.joined(separator: ","))}")
        }
        let listing = try await RegistryReader(port).read()
        let entities = try #require(listing.registries.entities)
        #expect(entities.filter { $0.deviceClass == nil }.map(\.entityID) == ["sensor.BAD"])
        #expect(listing.refusals == ["config/entity_registry/get_entries": "invalid_format"])
    }

    @Test func refusedEntriesAreNotAskedForWithoutEnd() async throws {
        let answers = Answers([
            "config/entity_registry/list": Self.entities((0..<1_000).map { "s.s\($0)" }),
            "config/entity_registry/get_entries": Answers.refusal("invalid_format"),
        ])
        let listing = try await RegistryReader(answers.port).read()
        #expect(answers.commands.count { $0.contains("get_entries") } < 100)
        #expect(listing.registries.entities?.count == 1_000)
        let old = Answers([
            "config/entity_registry/list": Self.entities((0..<1_000).map { "s.s\($0)" }),
            "config/entity_registry/get_entries": Answers.refusal("unknown_command"),
        ])
        #expect(try await RegistryReader(old.port).read().registries.entities?.count == 1_000)
        #expect(old.commands.count { $0.contains("get_entries") } == 1)
    }
}
