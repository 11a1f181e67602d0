import Foundation
import TestSupport
import Testing

/// How a real house is governed, by the built program and as a person sees it.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil), .serialized) struct GovernedHouseTests
{
    private static func isListed(_ rig: ProcessRig, _ id: String) async throws -> Bool {
        try await rig.eventually(within: .seconds(60)) {
            try await rig.count(
                "SELECT count(*) FROM automation_backup JOIN automation_management AS a ON a.id = automation_id "
                    + "WHERE home_assistant_automation_id = '\(id)'") > 0
        }
    }

    /// The script that shows it to people: propose, approve, run, change, roll back, delete, restore.
    @Test func theDemonstrationRunsAsItIsWritten() async throws {
        let (url, tokenFile) = try #require(TestHomeAssistant.given)
        let house = try RealHouse()
        let path = "/api/config/automation/config/demo_governed_light"
        // Another run may have left it.
        _ = house.ask("DELETE", path)
        defer { _ = house.ask("DELETE", path) }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: url, token: house.token)
            // Gone is gone after a while that is ten times as short.
            rig.bridge.environment["BRIDGE_TIME_SCALE"] = "10"
            let bridge = try rig.start()
            try #require(try await Self.isListed(rig, "lab_ok"), "\(bridge.log)")
            let script = try await ScriptRun(
                "demo-governed", rig: rig,
                environment: ["HA_URL": url, "HA_TOKEN_FILE": tokenFile, "PROPOSER": "anna"], within: .seconds(240))
            let said = script.said
            #expect(script.status == 0, "\(said)\n\(bridge.log)")
            for sentence in [
                "It acts on lights: light.bed_light.", "It ran with success: yes.", "+       brightness_pct: 80",
                "is back at version 1.", "The bridge has seen that it is gone: yes.",
                "The automation is there again: yes.",
                "The audit trail is as it was signed",
            ] { #expect(said.contains(sentence), "“\(sentence)” is missing in:\n\(said)") }
            let actions = try await rig.value(
                """
                SELECT string_agg(DISTINCT action_type, ' ' ORDER BY action_type) FROM automation_audit_trail
                """)
            for action in ["APPROVE", "BACKUP", "CREATE", "MODIFY", "PROPOSE", "RESTORE", "ROLLBACK"] {
                #expect(actions?.contains(action) == true, "\(action) is missing: \(actions ?? "-")")
            }
            #expect(try await rig.count("SELECT count(*) FROM rollback_operation WHERE status = 'COMPLETED'") == 2)
            bridge.terminate()
            #expect(try await bridge.ended()?.status == 0)
        }
    }

    /// An automation whose message comes from `!secret`: nothing of that file can be changed from here, and the value is nowhere.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_HA_DIR"] != nil))
    func aValueOfSecretsStaysWhereItIs() async throws {
        let house = try RealHouse()
        let directory = try #require(ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_HA_DIR"]) + "/config"
        let canary = "canary-\(UUID().uuidString.lowercased())"
        let automations = directory + "/automations.yaml"
        let before = try String(contentsOfFile: automations, encoding: .utf8)
        let secrets = directory + "/secrets.yaml"
        let secretsBefore = try? String(contentsOfFile: secrets, encoding: .utf8)
        defer {
            try? before.write(toFile: automations, atomically: true, encoding: .utf8)
            if let secretsBefore {
                try? secretsBefore.write(toFile: secrets, atomically: true, encoding: .utf8)
            } else {
                try? FileManager.default.removeItem(atPath: secrets)
            }
            _ = house.ask("POST", "/api/services/automation/reload", "{}")
        }
        try ((secretsBefore ?? "") + "\nporch_code: \(canary)\n").write(
            toFile: secrets, atomically: true, encoding: .utf8)
        let entry = """

            - id: secret_porch
              alias: Secret porch
              triggers: [{trigger: event, event_type: secret_porch}]
              actions: [{event: porch_done, event_data: {password: !secret porch_code}}]
            """
        let withSecret = before + entry + "\n"
        try withSecret.write(toFile: automations, atomically: true, encoding: .utf8)
        try #require(house.ask("POST", "/api/services/automation/reload", "{}").status == 200)
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: house.url.description, token: house.token)
            let bridge = try rig.start()
            try #require(try await Self.isListed(rig, "secret_porch"), "\(bridge.log)")
            let file = try rig.bridge.file(
                "porch.yaml",
                "id: secret_porch\nalias: Secret porch\ntriggers: [{trigger: event, event_type: x}]\n"
                    + "actions: [{event: porch_done}]\n")
            let proposed = try await rig.bridge("automation", "propose", "--file", file)
            #expect(proposed.status != 0 && proposed.errors.contains("!secret"), "\(proposed.errors)")
            let retired = try await rig.bridge("automation", "retire", "secret_porch")
            #expect(retired.status != 0 && retired.errors.contains("!secret"), "\(retired.errors)")
            let returned = try await rig.bridge(
                "automation", "rollback", "secret_porch", "--to", "1", "--reason", "A try.")
            #expect(returned.status != 0 && returned.errors.contains("!secret"), "\(returned.errors)")
            let ownSecret = try rig.bridge.file(
                "own.yaml",
                "alias: Own\ntriggers: [{trigger: event, event_type: x}]\n"
                    + "actions: [{event: y, event_data: {password: !secret porch_code}}]\n")
            let own = try await rig.bridge("automation", "propose", "--file", ownSecret)
            #expect(own.status != 0 && own.errors.contains("!secret"), "\(own.errors)")
            #expect(try String(contentsOfFile: automations, encoding: .utf8) == withSecret)
            bridge.terminate()
            #expect(try await bridge.ended()?.status == 0)
            let search = CanarySearch(canaries: [canary])
            #expect(try await search.places(in: rig.session) == [])
            #expect(search.places(below: rig.bridge.directory) == [])
            #expect(!bridge.log.contains(canary))
        }
    }
}
