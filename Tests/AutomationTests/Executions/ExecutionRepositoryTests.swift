import BridgeCore
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct ExecutionRepositoryTests {
    /// The same observations in any order and number give the same rows.
    @Test func anyOrderGivesTheSame() async throws {
        print("HA_BRIDGE_TEST_SEED=\(TestSeed.value)")
        try await ExecutionRig.with { rig in
            var generator = SeededGenerator(seed: TestSeed.value)
            let start = Timestamp.now.adding(seconds: -30)
            for round in 0..<8 {
                let automation = try await rig.add("lab\(round)")
                let entity = "automation.lab\(round)"
                var steps: [@Sendable () async throws -> Void] = []
                for run in 0..<4 {
                    let begun = start.adding(seconds: Int64(run))
                    let context = "c-\(round)-\(run)"
                    func seen(_ status: ExecutionStatus, _ summary: String?) -> @Sendable () async throws -> Void {
                        let observed = ObservedRun(
                            automation: automation, runID: "\(run)", status: status, startedAt: begun,
                            completedAt: status == .running ? nil : begun.adding(seconds: 2), contextID: context,
                            traceSummary: summary)
                        return { _ = try await rig.repository.record([observed], of: rig.connection) }
                    }
                    let end: ExecutionStatus = run == 3 ? .blocked : run == 2 ? .failure : .success
                    steps += [seen(.running, nil), seen(end, nil), seen(end, #"{"steps": []}"#)]
                    steps += [seen(.running, nil), seen(end, #"{"steps": []}"#)]
                    if run != 3 {
                        try await rig.store("automation_triggered", entity, at: begun, context: context)
                    }
                }
                for _ in 0..<3 {
                    steps.append {
                        _ = try await rig.repository.recordTriggered(
                            of: rig.connection, from: start.adding(seconds: -60), before: .now.adding(seconds: 60),
                            grace: .seconds(3_600))
                    }
                }
                for step in steps.shuffled(using: &generator) { try await step() }
                let runs = try await rig.executions(automation)
                #expect(runs.map(\.status) == [.success, .success, .failure, .blocked])
                #expect(runs.allSatisfy { $0.traceSummary != nil && $0.duration == 2_000 })
                #expect(try await rig.figures(automation) == [3, 66.67, 2_000])
            }
        }
    }

    /// What Home Assistant says cannot spoil the others' rows.
    @Test func oddValuesAreMadeToFit() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            let start = Timestamp.now
            func odd(_ run: String, _ context: String?) -> ObservedRun {
                ObservedRun(
                    automation: automation, runID: run, status: .failure, startedAt: start,
                    completedAt: start.adding(seconds: -5), scriptExecution: "No Word!",
                    errorMessage: "a\0b" + String(repeating: "ü", count: 9_000), contextID: context)
            }
            let gone = ObservedRun(
                automation: AutomationID(), runID: "1", status: .success, startedAt: start, contextID: "x")
            _ = try await rig.repository.record(
                [
                    odd("1", "same"), odd("2", "same"), odd("", "y"), odd(String(repeating: "r", count: 300), "z"),
                    gone,
                ], of: rig.connection)
            _ = try await rig.repository.record([odd("3", "same")], of: rig.connection)
            let runs = try await rig.executions(automation)
            #expect(Set(runs.map(\.runID)) == ["1", "2", "3"])
            #expect(runs.compactMap(\.contextID) == ["same"])
            // None succeeded, so that there is no time that one takes.
            #expect(try await rig.figures(automation) == [3, 0, nil])
            #expect(runs.allSatisfy { $0.duration == 0 && $0.scriptExecution == nil })
            #expect(runs.allSatisfy { $0.errorMessage?.unicodeScalars.count == 2_000 })
        }
    }

    /// A new automation with the entity id of one that is gone has the runs that are told from then on.
    @Test func theOneThatIsThereHasTheEvent() async throws {
        try await ExecutionRig.with { rig in
            let old = try await rig.add("old", entity: "automation.lab")
            _ = try await rig.session.query(
                "SELECT automation_change_lifecycle($1, 'RETIRED', 'Gone.')", [.id(old)])
            let new = try await rig.add("new", entity: "automation.lab")
            try await rig.triggered("lab", "c-1", at: .now)
            _ = try await rig.repository.recordTriggered(
                of: rig.connection, from: .now.adding(seconds: -60), before: .now.adding(seconds: 60),
                grace: .seconds(60))
            #expect(try await rig.executions(old).isEmpty)
            #expect(try await rig.tally(new) == [.running: 1])
        }
    }
}
