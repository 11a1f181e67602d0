import BridgeConcurrency
import BridgeCore
import Foundation
import HomeAssistantClient
import Store
import TestSupport
import Testing
import WebSocketTransport

@testable import Automation

/// The Home Assistant that the environment names, over a session that subscribes to nothing.
private struct RealHouse: FrameConsumer, SessionMeter {
    static var isGiven: Bool {
        let environment = ProcessInfo.processInfo.environment
        return environment["HA_BRIDGE_TEST_HA_URL"] != nil && environment["HA_BRIDGE_TEST_HA_TOKEN_FILE"] != nil
    }

    func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool { true }
    func release(_ bytes: Int, for connection: ConnectionID) {}
    func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void) { body() }
    func received(messages: Int, events: Int, errors: Int, unknown: Int) {}
    func accept(_ frame: ReceivedFrame) {}

    /// Lends both ways to ask it.
    func with(_ rig: ChangeRig, _ body: @Sendable @escaping (SessionPorts) async throws -> Void) async throws {
        let environment = ProcessInfo.processInfo.environment
        let url = try HomeAssistantURL(try #require(environment["HA_BRIDGE_TEST_HA_URL"]))
        let file = try #require(environment["HA_BRIDGE_TEST_HA_TOKEN_FILE"])
        let token = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let loop = try WebSocketEventLoop(logger: TestDatabase.quietLogger)
        let target = SessionTarget(connection: rig.connection, url: url, token: Secret(Array(token.utf8)))
        let session = Session(
            target: target, purpose: .commands,
            environment: SessionEnvironment(loop: loop, resolver: HostResolver(), timer: rig.timer), consumer: self,
            meter: self, logger: TestDatabase.quietLogger)
        let (ports, announcement) = AsyncStream.makeStream(of: CommandPort.self)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await session.run(onNotice: { _ in }, onReady: { announcement.yield($0) }) }
                defer { group.cancelAll() }
                let port = try #require(await ports.first { _ in true })
                try await body(SessionPorts(commands: port, requests: .over(loop, HostResolver(), target)))
            }
        } catch {
            await loop.shutdown()
            throw error
        }
        await loop.shutdown()
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable && RealHouse.isGiven), .timeLimit(.minutes(2)))
struct RealChangeTests {
    @Test func aRealHouseGetsChangesAndGetsThemBack() async throws {
        let id = "change_test_\(UInt32.random(in: 0...(.max)))"
        var pacing = ChangePacing()
        pacing.look = .milliseconds(100)
        // Nobody tells of reloads here.
        pacing.reload = .milliseconds(500)
        pacing.settle = .seconds(5)
        pacing.betweenLooks = .milliseconds(50)
        pacing.watch = .milliseconds(600)
        pacing.betweenWatches = .milliseconds(50)
        let quick = pacing
        let old =
            #"{"id":"\#(id)","alias":"Change test \#(id)","trigger":[{"platform":"event","event_type":"change_test"}],"action":[{"service":"homeassistant.update_entity","data":{"value":1.50,"password":"do-not-show-me-1"},"target":{"entity_id":"sun.sun"}}]}"#
        try await ChangeRig.with { rig in
            try await RealHouse().with(rig) { ports in
                let client = AutomationConfigurationClient(ports.requests)
                let keeper = rig.keeper(quick)
                let row = try await rig.addProposed(id)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await keeper.follow(rig.connection, over: ports) }
                    defer { group.cancelAll() }
                    try await rig.propose(.create, id, of: row, configuration: old)
                    var operation = try await rig.ended(row)
                    #expect(operation.status == .completed, "\(operation)")
                    let created = try #require(try await client.read(id))
                    #expect(created.json.contains("do-not-show-me-1"))
                    #expect(try await rig.lifecycle(row) == .active)

                    // What the house has is what the next proposal is made against.
                    rig.house.update { $0.file[id] = created }
                    try await rig.propose(.modify, id, of: row, alias: "Changed \(id)")
                    operation = try await rig.ended(row, count: 2)
                    #expect(operation.status == .completed, "\(operation)")
                    #expect(try await client.read(id)?["alias"]?.text == "Changed \(id)")

                    // Refused: nothing has changed.
                    rig.house.update { $0.file[id] = ConfigurationValue(json: ChangeRig.json(id, "Changed \(id)")) }
                    try await rig.propose(
                        .modify, id, of: row,
                        configuration: #"{"id":"\#(id)","alias":"Bad","triggers":[{"trigger":"nope"}],"actions":[]}"#)
                    operation = try await rig.ended(row, count: 3)
                    #expect(operation.status == .failed && operation.errorMessage?.contains("nope") == true)
                    #expect(try await client.read(id)?["alias"]?.text == "Changed \(id)")

                    // Switched off, rolled back: it stays off.
                    try await ServiceClient(ports.commands).call(
                        "automation", "turn_off",
                        target: .object(["entity_id": .string("automation.change_test_\(id)")]))
                    try await rig.rollBack(row, to: 1)
                    operation = try await rig.ended(row, .rollback)
                    #expect(operation.status == .completed, "\(operation)")
                    #expect(ConfigurationComparison.areSame(try #require(try await client.read(id)), created))
                    let listed = try await AutomationReader(ports.commands).states().automations.first {
                        $0.ownID == id
                    }
                    #expect(listed?.state == .off)

                    // Deleted by hand, restored, deleted as approved.
                    try await client.delete(id)
                    _ = try await rig.session.query(
                        "SELECT automation_change_lifecycle($1, 'RETIRED', 'Gone from Home Assistant.')", [.id(row)])
                    try await rig.rollBack(row, to: 1)
                    operation = try await rig.ended(row, .rollback, count: 2)
                    #expect(operation.status == .completed && operation.before == nil, "\(operation)")
                    let restored = try #require(try await client.read(id))
                    #expect(ConfigurationComparison.areSame(restored, created))
                    rig.house.update { $0.file[id] = restored }
                    try await rig.propose(.retire, id, of: row)
                    operation = try await rig.ended(row, count: 4)
                    #expect(operation.status == .completed, "\(operation)")
                    #expect(try await client.read(id) == nil)
                }
                try await client.delete(id)
            }
            let trail = try await rig.audit(row: id)
            #expect(!trail.isEmpty && !trail.contains("do-not-show-me"))
        }
    }
}

extension ChangeRig {
    /// Every row of the audit trail about an automation, as text.
    fileprivate func audit(row id: String) async throws -> String {
        try await column(
            """
            SELECT row_to_json(trail)::text FROM automation_audit_trail AS trail
            JOIN automation_management AS known ON known.id = trail.automation_id
            WHERE known.home_assistant_automation_id = '\(id)'
            """
        ).joined(separator: "\n")
    }
}
