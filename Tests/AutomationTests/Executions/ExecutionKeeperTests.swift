import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct ExecutionKeeperTests {
    @Test func anEventAndItsTraceAreOneRow() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            let traces = FakeTraces()
            let keeper = rig.keeper()
            let start = Timestamp.now
            try await rig.following(keeper, traces.port) {
                // The event before its trace, and a trace before its event.
                try await rig.triggered("lab", "c-1", at: start)
                keeper.receive(
                    .triggered(entityID: "automation.lab", at: start), of: rig.connection)
                try await eventually { try await rig.tally(automation) == [.running: 1] }
                traces.begin("lab", "1", at: start)
                traces.begin("lab", "2", at: start.adding(seconds: 1))
                keeper.receive(.stateChanged(entityID: "automation.lab"), of: rig.connection)
                try await eventually { try await rig.tally(automation) == [.success: 2] }
                try await rig.triggered("lab", "c-2", at: start.adding(seconds: 1))
                for _ in 0..<3 {
                    keeper.receive(
                        .triggered(entityID: "automation.lab", at: start), of: rig.connection)
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(try await rig.tally(automation) == [.success: 2])
                let runs = try await rig.executions(automation)
                #expect(runs.map(\.runID) == ["1", "2"] && runs.map(\.contextID) == ["c-1", "c-2"])
                #expect(runs.map(\.source) == ["trace", "trace"] && runs.map(\.duration) == [250, 250])
                #expect(runs.allSatisfy { $0.traceSummary?.contains("trigger/0") == true })
                #expect(try await rig.figures(automation) == [2, 100, 250])
            }
        }
    }

    /// Twenty triggers of which Home Assistant has kept five traces.
    @Test func whatWasDroppedIsUnknownAndTheSumIsRight() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            let traces = FakeTraces()
            let start = Timestamp.now
            for run in 0..<20 {
                traces.begin("lab", "\(run)", at: start.adding(.milliseconds(run)))
                try await rig.triggered("lab", "c-\(run)", at: start.adding(.milliseconds(run)))
            }
            // Events that were stored while nobody followed; twice, as after a restart.
            for _ in 0..<2 {
                try await rig.following(rig.keeper(), traces.port) {
                    try await eventually { try await rig.tally(automation) == [.success: 5, .unknown: 15] }
                    try await Task.sleep(for: .milliseconds(400))
                    #expect(try await rig.tally(automation) == [.success: 5, .unknown: 15])
                    #expect(try await rig.figures(automation) == [20, 100, 250])
                }
            }
        }
    }

    @Test func blockedRunsChangeNoRate() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            let traces = FakeTraces()
            let start = Timestamp.now
            for (run, word) in ["finished", "error", "failed_conditions", "failed_single", "aborted"].enumerated() {
                traces.begin("lab", "\(run)", at: start.adding(.milliseconds(run)), ended: word)
            }
            try await rig.following(rig.keeper(), traces.port) {
                try await eventually {
                    try await rig.tally(automation) == [.success: 1, .failure: 1, .blocked: 2, .aborted: 1]
                }
                #expect(try await rig.figures(automation) == [3, 50, 250])
            }
        }
    }

    /// A run that is under way when Home Assistant is killed ends nowhere.
    @Test func aRunThatIsGoneIsGivenUp() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            let traces = FakeTraces()
            traces.begin("lab", "1", at: .now, ended: nil)
            traces.begin("lab", "2", at: .now, ended: nil)
            try await rig.following(rig.keeper(), traces.port) {
                try await eventually { try await rig.tally(automation) == [.running: 2] }
                traces.end("2", "cancelled")
                try await eventually { try await rig.tally(automation) == [.running: 1, .cancelled: 1] }
            }
            traces.forgetAll()
            try await rig.following(rig.keeper(), traces.port) {
                try await eventually { try await rig.tally(automation) == [.unknown: 1, .cancelled: 1] }
            }
        }
    }

    @Test func automationsThatComeLaterLoseNothing() async throws {
        try await ExecutionRig.with { rig in
            try await rig.add("other")
            let traces = FakeTraces()
            let keeper = rig.keeper()
            let start = Timestamp.now
            try await rig.following(keeper, traces.port) {
                for run in 0..<3 {
                    traces.begin("lab", "\(run)", at: start.adding(.milliseconds(run)))
                    try await rig.triggered("lab", "c-\(run)", at: start.adding(.milliseconds(run)))
                    keeper.receive(
                        .triggered(entityID: "automation.lab", at: start), of: rig.connection)
                }
                try await Task.sleep(for: .milliseconds(100))
                let automation = try await rig.add("lab")
                let without = try await rig.add("automation.none", hasOwnID: false, entity: "automation.none")
                try await rig.triggered("none", "c-none", at: start)
                keeper.receive(.reloaded, of: rig.connection)
                try await eventually { try await rig.tally(automation) == [.success: 3] }
                // Without an id of its own there is no trace that could tell.
                try await eventually { try await rig.tally(without) == [.unknown: 1] }
            }
        }
    }

    @Test func refusalsAndFailuresOfTheDatabaseAreTriedAgain() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            let traces = FakeTraces()
            traces.refuse(.refused(code: "unknown_command", message: "Unknown command."))
            traces.begin("lab", "1", at: .now)
            _ = try await rig.session.query("ALTER TABLE automation_executions RENAME TO elsewhere")
            try await rig.following(rig.keeper(), traces.port) {
                try await eventually { traces.commands > 3 }
                traces.refuse(nil)
                try await Task.sleep(for: .milliseconds(300))
                _ = try await rig.session.query("ALTER TABLE elsewhere RENAME TO automation_executions")
                try await eventually { try await rig.tally(automation) == [.success: 1] }
            }
        }
    }

    /// A reload changes every automation of the house at once.
    @Test func aReloadIsNoStorm() async throws {
        try await ExecutionRig.with { rig in
            _ = try await rig.session.query(
                """
                INSERT INTO automation_management (connection_id, home_assistant_automation_id, entity_id, name)
                SELECT $1, 'a' || n, 'automation.a' || n, 'A' FROM generate_series(1, 300) AS n
                """, [.id(rig.connection)])
            let last = try await AutomationRepository(rig.pool).find("a300").id
            let traces = FakeTraces()
            var pacing = ExecutionRig.quick
            pacing.sweep = .seconds(600)
            pacing.betweenSweeps = .milliseconds(200)
            let keeper = rig.keeper(pacing)
            try await rig.following(keeper, traces.port) {
                try await eventually { traces.commands == 2 }
                traces.begin("a300", "1", at: .now)
                for number in 1...300 {
                    keeper.receive(.stateChanged(entityID: "automation.a\(number)"), of: rig.connection)
                }
                try await eventually { try await rig.tally(last) == [.success: 1] }
                // The first look, one or two for what was told, the steps of the run; and a few that came before the rest.
                #expect(traces.commands < 120)
            }
        }
    }

    @Test func theEndOfTheSessionEndsIt() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            let traces = FakeTraces()
            traces.begin("lab", "1", at: .now)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await rig.timer.run() }
                let keeper = rig.keeper()
                let done = Task { await keeper.follow(rig.connection, over: traces.port) }
                try await eventually { try await rig.tally(automation) == [.success: 1] }
                traces.refuse(.disconnected)
                await done.value
                // Nobody listens any more, which must do no harm.
                keeper.receive(.reloaded, of: rig.connection)
                group.cancelAll()
            }
        }
    }

    /// Nothing is written for a connection whose lease another bridge holds.
    @Test func withoutItsLeaseNothingIsWritten() async throws {
        try await ExecutionRig.with { rig in
            let automation = try await rig.add("lab")
            let traces = FakeTraces()
            traces.begin("lab", "1", at: .now)
            let workplace = AutomationWorkplace(
                pool: rig.pool, timer: rig.timer,
                claims: { LeaseClaims(bridge: BridgeID(), epochs: [$0: 7]) }, logger: TestDatabase.quietLogger)
            try await rig.following(ExecutionKeeper(workplace, pacing: ExecutionRig.quick), traces.port) {
                try await eventually { traces.commands > 8 }
                #expect(try await rig.executions(automation).isEmpty)
            }
        }
    }
}
