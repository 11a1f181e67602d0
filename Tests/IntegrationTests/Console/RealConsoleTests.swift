import Foundation
import TestSupport
import Testing

/// The console of the built program, with what a real Home Assistant tells, in a real browser and under a storm of odd requests.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil), .serialized) struct RealConsoleTests {
    private static let password = "correct horse battery"

    /// A bridge that has seen the house, whose first person has set a password by the link of the log.
    private func withConsole(_ body: (ProcessRig, RunningBridge) async throws -> Void) async throws {
        let (url, _) = try #require(TestHomeAssistant.given)
        let house = try RealHouse()
        try await ProcessRig.with { rig in
            try #require(
                try await rig.bridge("user", "add", "console", "--email", "c@example.org", "--role", "admin").status
                    == 0)
            let file = try rig.tokenFile(house.token)
            let added = try await rig.bridge(
                "connection", "add", "home", "--url", url, "--token-file", file, "--no-test", "--user", "console")
            try #require(added.status == 0, "\(added.errors)")
            let bridge = try rig.start()
            let isConnected = try await rig.eventually(within: .seconds(60)) { try await rig.status() == "connected" }
            try #require(isConnected, "\(bridge.log)")
            let hasLink = try await rig.eventually(within: .seconds(40)) { bridge.log.contains("/welcome/") }
            try #require(hasLink, "\(bridge.log)")
            // The one of the log is for whoever is the first administrator; this one is for the person of the test.
            let link = try await rig.bridge("user", "link", "console")
            let token = try #require(link.output.split(separator: "/").last).trimmingCharacters(
                in: .whitespacesAndNewlines)
            let set = ProcessExchange.ask(
                "POST", port: rig.httpPort, path: "/api/v1/session/link",
                headers: ["Content-Type: application/json", "Origin: http://127.0.0.1:\(rig.httpPort)"],
                body: #"{"token":"\#(token)","password":"\#(Self.password)"}"#)
            try #require(set.status == 200, "\(set.body)")
            try await body(rig, bridge)
            bridge.terminate()
            #expect(try await bridge.ended()?.status == 0)
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_QUICK"] == nil))
    func aPersonFindsTheWayInABrowser() async throws {
        try await withConsole { rig, bridge in
            try await rig.session.execute(
                """
                UPDATE home_assistant_entities SET name = '<img src=x onerror=document.title="broken">'
                WHERE entity_id = 'light.bed_light'
                """)
            // Of high risk, so that it waits, and by somebody else, so that whoever looks may approve it.
            let file = try rig.bridge.file(
                "proposal.yaml",
                """
                alias: Console check \(UUID())
                triggers: [{trigger: event, event_type: console_check}]
                actions: [{action: lock.unlock, target: {entity_id: lock.front_door}}]
                """)
            let proposed = try await rig.bridge(
                "automation", "propose", "--file", file, "--user", "anna", "--reason", "A look in the browser.",
                "--no-wait")
            try #require(proposed.status == 0, "\(proposed.errors)")
            let script = try await ScriptRun(
                "console-check", [rig.bridge.directory.path + "/pictures"], rig: rig,
                environment: [
                    "CONSOLE_URL": "http://127.0.0.1:\(rig.httpPort)/", "CONSOLE_USER": "console",
                    "CONSOLE_PASSWORD": Self.password, "CONSOLE_SCRIPTED": "light.bed_light",
                ], within: .seconds(420))
            #expect(script.status == 0, "\(script.said)\n\(bridge.log)")
            // Nothing of it was left out.
            #expect(script.said.contains("ok: A name with a script in it: shown as text"), "\(script.said)")
            let votes = try await rig.count(
                "SELECT count(*) FROM approval_workflow_approvers WHERE status = 'APPROVED'")
            #expect(votes == 1, "\(script.said)")
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_QUICK"] == nil))
    func noRequestIsAnsweredByAFailure() async throws {
        try await withConsole { rig, bridge in
            let made = try await rig.bridge(
                "token", "add", "storm", "--user", "console", "--scope", "read", "--scope", "govern")
            try #require(made.status == 0, "\(made.errors)")
            let file = try rig.bridge.file("storm-token", made.output)
            let script = try await ScriptRun(
                "api-check", ["http://127.0.0.1:\(rig.httpPort)", file], rig: rig,
                environment: ["API_CHECK_EXAMPLES": "15"], within: .seconds(600))
            // What it found comes first, since whoever reads a long log sees the beginning of this.
            let found = script.said.range(of: "= FAILURES =").map { script.said[$0.lowerBound...] } ?? script.said[...]
            #expect(script.status == 0, "\(found.prefix(8_000))\n\(bridge.log.suffix(4_000))")
        }
    }
}
