import BridgeConcurrency
import BridgeCore
import Foundation
import HomeAssistantClient
import Logging
import TestSupport
import Testing
import WebSocketTransport

/// The Home Assistant that the environment names.
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
    func with(_ body: (SessionPorts) async throws -> Void) async throws {
        let environment = ProcessInfo.processInfo.environment
        let url = try HomeAssistantURL(try #require(environment["HA_BRIDGE_TEST_HA_URL"]))
        let token = try String(
            contentsOfFile: try #require(environment["HA_BRIDGE_TEST_HA_TOKEN_FILE"]), encoding: .utf8
        )
        .trimmingCharacters(in: .whitespacesAndNewlines)
        let loop = try sharedLoop.get()
        let timer = DeadlineTimer()
        let target = SessionTarget(connection: ConnectionID(), url: url, token: Secret(Array(token.utf8)))
        let session = Session(
            target: target, purpose: .commands,
            environment: SessionEnvironment(loop: loop, resolver: HostResolver(), timer: timer), consumer: self,
            meter: self, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (ports, announcement) = AsyncStream.makeStream(of: CommandPort.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await timer.run() }
            group.addTask { await session.run(onNotice: { _ in }, onReady: { announcement.yield($0) }) }
            defer { group.cancelAll() }
            let port = try #require(await ports.first { _ in true })
            try await body(SessionPorts(commands: port, requests: .over(loop, HostResolver(), target)))
        }
    }
}

@Suite(.enabled(if: RealHouse.isGiven), .timeLimit(.minutes(2)))
struct RealControlTests {
    private func value(_ alias: String, _ more: String = "") throws -> ConfigurationValue {
        try configuration(
            #"{"alias":"\#(alias)","trigger":[{"platform":"event","event_type":"control_test"}],"action":[]\#(more)}"#)
    }

    @Test(arguments: ["plain", "a b?c#d%25e&f=ä\"🦔"]) func anAutomationComesChangesAndGoes(suffix: String) async throws
    {
        let id = "control_test_\(UInt32.random(in: 0...(.max)))_\(suffix)"
        try await RealHouse().with { ports in
            let client = AutomationConfigurationClient(ports.requests)
            #expect(try await client.read(id) == nil)
            #expect(try await client.delete(id) == false)
            do {
                try await client.write(try value("Control", #","id":"somebody else""#), as: id)
                let first = try #require(try await client.read(id))
                #expect(first["id"]?.text == id && first["alias"]?.text == "Control")
                #expect(first["triggers"] != nil || first["trigger"] != nil)
                #expect(try await client.read("somebody else") == nil)
                try await client.write(try value("Other", #","description":"two\u2028lines","mode":"queued""#), as: id)
                let second = try #require(try await client.read(id))
                #expect(second["description"]?.text == "two\u{2028}lines" && second["mode"]?.text == "queued")
                // What was read can be written back as it is.
                try await client.write(second, as: id)
                #expect(try await client.read(id) == second)
                let refused = await failure { () throws(ConfigurationFailure) in
                    try await client.write(.object(["alias": .string("B"), "nope": .null]), as: id)
                }
                guard case .refused(status: 400, let message) = refused else {
                    Issue.record("\(String(describing: refused))")
                    return
                }
                #expect(message.contains("Message malformed"))
                #expect(try await client.read(id) == second)
            } catch {
                _ = try? await client.delete(id)
                throw error
            }
            #expect(try await client.delete(id))
            #expect(try await client.delete(id) == false)
            #expect(try await client.read(id) == nil)
        }
    }

    @Test func servicesAndVerdicts() async throws {
        try await RealHouse().with { ports in
            let client = ServiceClient(ports.commands)
            let services = try await client.services()
            #expect(services.isSuperset(of: ["automation.turn_off", "automation.turn_on", "homeassistant.restart"]))
            let good = try #require(ConfigurationValue(json: #"[{"platform":"event","event_type":"x"}]"#))
            let bad = try #require(ConfigurationValue(json: #"[{"platform":"nope"}]"#))
            let actions = try #require(ConfigurationValue(json: #"[{"service":"light.turn_on"}]"#))
            #expect(try await client.validate(triggers: good, conditions: .array([]), actions: actions).isEmpty)
            let faults = try await client.validate(triggers: bad, actions: actions)
            #expect(faults.triggers?.contains("nope") == true && faults.actions == nil && faults.sentences.count == 1)
            let nowhere = ConfigurationValue.object(["entity_id": .string("automation.not_there_at_all")])
            #expect(try await client.call("automation", "turn_on", target: nowhere) != nil)
            await #expect(throws: CommandFailure.self) { try await client.call("nope", "nope") }
        }
    }
}
