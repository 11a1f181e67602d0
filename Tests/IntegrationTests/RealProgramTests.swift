import BridgeCore
import Foundation
import TestSupport
import Testing

/// The built program beside a real Home Assistant, asked by its own commands.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil), .serialized)
struct RealProgramTests {
    /// A running program that knows the automations of the house.
    private static func with(_ body: (ProcessRig, RealHouse) async throws -> Void) async throws {
        let house = try RealHouse()
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: house.url.description, token: house.token)
            let process = try rig.start()
            let isListed = try await rig.eventually(within: .seconds(60)) {
                try await rig.count(
                    "SELECT count(*) FROM automation_backup JOIN automation_management AS a ON a.id = automation_id "
                        + "WHERE home_assistant_automation_id = 'lab_ok'") == 1
            }
            try #require(isListed, "\(process.log)")
            try await body(rig, house)
            process.terminate()
            #expect(try await process.ended()?.status == 0)
            #expect(!process.log.contains(house.token))
        }
    }

    /// Forty runs in two bursts, with others that do not succeed between them: whatever Home Assistant dropped before it could be
    /// read is unknown, and nothing is missing or counted twice.
    @Test func countsEachRunOfAnAutomationOnce() async throws {
        try await Self.with { rig, house in
            let start = Timestamp.now
            for _ in 0..<2 {
                for _ in 0..<20 {
                    #expect(house.ask("POST", "/api/events/lab_ok", "{}").status == 200)
                    try await Task.sleep(for: .milliseconds(30))
                }
                #expect(house.ask("POST", "/api/events/lab_fail", "{}").status == 200)
                #expect(house.ask("POST", "/api/events/lab_cond", "{}").status == 200)
                try await Task.sleep(for: .seconds(2))
            }
            func runs(_ id: String, _ condition: String) async throws -> Int {
                try await rig.count(
                    """
                    SELECT count(*) FROM automation_executions JOIN automation_management AS a ON a.id = automation_id
                    WHERE home_assistant_automation_id = '\(id)' AND started_at >= '\(start.iso8601)' AND status \(condition)
                    """)
            }
            let isDone = try await rig.eventually(within: .seconds(150)) {
                try await runs("lab_ok", "IN ('success', 'unknown')") >= 40
            }
            #expect(isDone)
            #expect(try await runs("lab_ok", "IS NOT NULL") == 40)
            #expect(try await runs("lab_ok", "= 'success'") >= 5)
            let isElse = try await rig.eventually(within: .seconds(60)) {
                let failed = try await runs("lab_fail_service", "= 'failure'")
                let blocked = try await runs("lab_cond", "= 'blocked'")
                return failed == 2 && blocked == 2
            }
            #expect(isElse)
            for id in ["lab_fail_service", "lab_cond"] {
                #expect(try await runs(id, "IS NOT NULL") == 2, "\(id)")
            }

            let list = try await rig.bridge("automation", "list", "--json")
            #expect(list.objects.contains { "\($0)".contains("lab_ok") })
            let shown = try await rig.bridge("automation", "runs", "lab_ok", "--json", "--limit", "1000")
            #expect(shown.objects.count >= 40)
        }
    }

    @Test func findsByItsMeaningWhatHappened() async throws {
        try await Self.with { rig, house in
            #expect(house.ask("POST", "/api/events/lab_ok", "{}").status == 200)
            let isFound = try await rig.eventually(within: .seconds(60)) {
                let answer = try await rig.bridge("search", "lab a was switched on or off", "--json", "--limit", "10")
                return answer.output.contains("\"input_boolean.lab_a\"")
            }
            #expect(isFound)
            let status = try await rig.bridge("status").output
            #expect(status.contains("by words alone"))
        }
    }
}
