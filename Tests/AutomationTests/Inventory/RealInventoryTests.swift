import BridgeConcurrency
import BridgeCore
import Foundation
import HomeAssistantClient
import Store
import TestSupport
import Testing
import WebSocketTransport

@testable import Automation

/// A keeper that follows a session with a real Home Assistant, and is told what the writer of events would tell it.
private final class RealSession: FrameConsumer, SessionMeter {
    private let rig: InventoryRig
    private let keeper: InventoryKeeper

    init(_ rig: InventoryRig) {
        self.rig = rig
        keeper = rig.keeper(InventoryPacing())
    }

    func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool { true }
    func release(_ bytes: Int, for connection: ConnectionID) {}
    func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void) { body() }
    func received(messages: Int, events: Int, errors: Int, unknown: Int) {}

    func accept(_ frame: ReceivedFrame) {
        frame.bytes.withUnsafeBufferPointer { bytes in
            for place in frame.events {
                guard let event = try? EventDecoder(bytes).event(in: place) else { continue }
                let entity = event.entityID.map { JSONText.string($0, of: bytes) } ?? ""
                switch event.eventType.map({ JSONText.string($0, of: bytes) }) {
                case "automation_reloaded": keeper.receive(.reloaded, of: rig.connection)
                case "entity_registry_updated": keeper.receive(.registryChanged, of: rig.connection)
                case "state_changed" where entity.hasPrefix("automation."):
                    keeper.receive(.stateChanged(entityID: entity), of: rig.connection)
                default: break
                }
            }
        }
    }

    func run(url: HomeAssistantURL, token: String, _ body: @Sendable @escaping () async throws -> Void) async throws {
        let loop = try WebSocketEventLoop(logger: TestDatabase.quietLogger)
        let session = Session(
            target: SessionTarget(connection: rig.connection, url: url, token: Secret(Array(token.utf8))),
            environment: SessionEnvironment(loop: loop, resolver: HostResolver(), timer: rig.timer), consumer: self,
            meter: self, logger: TestDatabase.quietLogger)
        let (ports, announcement) = AsyncStream.makeStream(of: CommandPort.self)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.rig.timer.run() }
                group.addTask { await session.run(onNotice: { _ in }, onReady: { announcement.yield($0) }) }
                defer { group.cancelAll() }
                let port = try #require(await ports.first { _ in true })
                group.addTask { await self.keeper.follow(self.rig.connection, over: port) }
                try await body()
            }
        } catch {
            await loop.shutdown()
            throw error
        }
        await loop.shutdown()
    }
}

/// The Home Assistant that the environment names, over REST.
private struct RealHouse: Sendable {
    static var isGiven: Bool {
        let environment = ProcessInfo.processInfo.environment
        return environment["HA_BRIDGE_TEST_HA_URL"] != nil && environment["HA_BRIDGE_TEST_HA_TOKEN_FILE"] != nil
    }

    let url: HomeAssistantURL
    let token: String

    init() throws {
        let environment = ProcessInfo.processInfo.environment
        url = try HomeAssistantURL(try #require(environment["HA_BRIDGE_TEST_HA_URL"]))
        token = try String(contentsOfFile: try #require(environment["HA_BRIDGE_TEST_HA_TOKEN_FILE"]), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @discardableResult
    func ask(_ method: String, _ path: String, _ body: String = "") -> ProcessExchange {
        ProcessExchange.ask(
            method, host: url.host, port: UInt16(url.port), path: url.pathPrefix + path,
            headers: ["Authorization: Bearer \(token)", "Content-Type: application/json"], body: body, limit: 60)
    }

    /// The automations and their attributes, by entity id.
    func automations() -> [String: [String: Any]] {
        let states = ask("GET", "/api/states").json as? [[String: Any]] ?? []
        var automations: [String: [String: Any]] = [:]
        for state in states {
            guard let entity = state["entity_id"] as? String, entity.hasPrefix("automation.") else { continue }
            automations[entity] = (state["attributes"] as? [String: Any] ?? [:]).merging(["state": state["state"] ?? ""]
            ) { own, _ in own }
        }
        return automations
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable && RealHouse.isGiven))
struct RealInventoryTests {
    @Test func agreesWithHomeAssistantWhateverHappensToAnAutomation() async throws {
        let house = try RealHouse()
        let id = "inventory_test_\(UInt32.random(in: 0...(.max)))"
        let path = "/api/config/automation/config/\(id)"
        @Sendable func post(_ alias: String, _ event: String) -> Int {
            house.ask(
                "POST", path,
                """
                {"id":"\(id)","alias":"\(alias)","description":"Made by a test","triggers":[{"trigger":"event",\
                "event_type":"\(event)"}],"conditions":[],"actions":[{"event":"\(id)_done","event_data":{"word":"sesame street"}}]}
                """
            ).status
        }
        defer { house.ask("DELETE", path) }
        try await InventoryRig.with { rig in
            try await RealSession(rig).run(url: house.url, token: house.token) {
                // Everything that the house has is there, as Home Assistant shows it.
                try await eventually { try await !rig.versions("lab_ok").isEmpty }
                try await eventually {
                    try await rig.automations.list().allSatisfy { $0.configurationDigest != nil }
                }
                let all = house.automations()
                #expect(all.count > 20)
                for automation in try await rig.automations.list() {
                    let shown = try #require(all[automation.entityID ?? ""], "\(automation)")
                    #expect(automation.name == shown["friendly_name"] as? String)
                    #expect(automation.mode == shown["mode"] as? String)
                    #expect(automation.isEnabled == (shown["state"] as? String == "on"))
                    #expect(automation.hasOwnID == (shown["id"] != nil))
                    #expect(automation.homeAssistantID == shown["id"] as? String ?? automation.entityID)
                    #expect((automation.registryID != nil) == automation.hasOwnID)
                }
                try await eventually {
                    try await rig.automations.find("lab_cond_error").problems
                        == ["It names an entity that does not exist: sensor.does_not_exist."]
                }
                let nameless = try await rig.automations.find("automation.lab_no_id_automation")
                #expect(nameless.problems.first?.hasPrefix("It has no id") == true)

                #expect(post("Inventory test", "one") == 200)
                try await eventually { try await rig.versions(id).count == 1 }
                #expect(try await rig.state(id) == .active)
                let entity = try #require(try await rig.automations.find(id).entityID)

                let clock = ContinuousClock()
                let began = clock.now
                #expect(post("Inventory test", "two") == 200)
                try await eventually { try await rig.versions(id).count == 2 }
                print("An edit had its version after \(clock.now - began).")
                let versions = try await rig.versions(id)
                let texts = versions.map { ConfigurationText.lines(ConfigurationValue(json: $0.snapshot) ?? .null) }
                let difference = LineDifference(from: texts[1], to: texts[0], context: 0)
                #expect(
                    difference.lines.filter { line in
                        if case .skipped = line { false } else { true }
                    } == [.removed("    event_type: one"), .added("    event_type: two")])
                #expect(versions.allSatisfy { !$0.snapshot.contains("sesame") && $0.sealedSecrets != nil })

                #expect(post("Renamed inventory test", "two") == 200)
                try await eventually { try await rig.automations.find(id).name == "Renamed inventory test" }
                #expect(try await rig.automations.find(id).entityID == entity)
                try await eventually { try await rig.versions(id).count == 3 }

                house.ask("POST", "/api/services/automation/turn_off", "{\"entity_id\":\"\(entity)\"}")
                try await eventually { try await rig.state(id) == .paused }
                house.ask("POST", "/api/services/automation/turn_on", "{\"entity_id\":\"\(entity)\"}")
                try await eventually { try await rig.state(id) == .active }
                #expect(house.ask("DELETE", path).status == 200)
                try await eventually { try await rig.state(id) == .retired }
                // The reloads of three edits have moved nothing.
                #expect(
                    try await rig.history(id).map { $0.prefix { $0 != ":" } } == [
                        "- ACTIVE", "ACTIVE PAUSED", "PAUSED ACTIVE", "ACTIVE RETIRED",
                    ])
                #expect(try await rig.history("lab_ok").count == 1)
            }
        }
    }
}
