import BridgeCore
import FoundationEssentials
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

@Suite(.needsScoreDatabase) struct ScoreKeeperTests {
    @Test func looksAtEverythingFirstAndThenAtWhatChanged() async throws {
        try await ScoredHouse.with { house in
            let first = try await house.addAutomation("a")
            let second = try await house.addAutomation("b")
            let now = try await house.scores.now()
            for id in [first, second] { try await house.add((0..<5).map { PastRun(age: Double($0)) }, to: id, at: now) }
            // What was written before the first look is no news at the second.
            try await house.session.execute(
                """
                ALTER TABLE automation_executions DISABLE TRIGGER update_automation_executions_updated_at;
                UPDATE automation_executions SET updated_at = now() - interval '1 hour';
                ALTER TABLE automation_executions ENABLE TRIGGER update_automation_executions_updated_at;
                ALTER TABLE automation_management DISABLE TRIGGER USER;
                UPDATE automation_management SET lifecycle_changed_at = now() - interval '1 hour';
                ALTER TABLE automation_management ENABLE TRIGGER USER
                """)
            let keeper = ScoreKeeper(house.workplace)
            var progress: [ConnectionID: ScoreKeeper.Progress] = [:]
            #expect(try await keeper.look(&progress) == .init(scored: 2, changed: 2, moved: 0))
            #expect(try await keeper.look(&progress) == .init())
            try await house.add([PastRun(status: .failure, age: 0)], to: second, at: try await house.scores.now())
            #expect(try await keeper.look(&progress) == .init(scored: 1, changed: 1, moved: 0))
            // Once, though the margin shows it again.
            #expect(try await keeper.look(&progress) == .init())
            #expect(progress[house.connection]?.seen.count == 1)
            // A run that is known better.
            try await house.session.execute(
                "UPDATE automation_executions SET overridden_at = started_at WHERE automation_id = '\(first)'")
            #expect(try await keeper.look(&progress) == .init(scored: 1, changed: 1, moved: 0))
            // A move, too: what is unavailable is not alive.
            try await house.session.execute("SELECT automation_change_lifecycle('\(first)', 'UNAVAILABLE', 'seen')")
            #expect(try await keeper.look(&progress).changed == 1)
        }
    }

    @Test func seesARowThatAppearsAfterALaterOne() async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            let keeper = ScoreKeeper(house.workplace)
            var progress: [ConnectionID: ScoreKeeper.Progress] = [:]
            _ = try await keeper.look(&progress)
            let now = try await house.scores.now()
            // The transaction of the slow writer begins first and ends last.
            let late = "INSERT INTO automation_executions (automation_id, run_id, started_at, status, updated_at)"
            try await house.add((0..<3).map { PastRun(age: Double($0)) }, to: id, at: now)
            #expect(try await keeper.look(&progress).scored == 1)
            try await house.session.execute(
                "\(late) VALUES ('\(id)', 'slow', now(), 'failure', now() - interval '20 s')")
            #expect(try await keeper.look(&progress).changed == 1)
            #expect(try await keeper.look(&progress).scored == 0)
        }
    }

    @Test func leavesConnectionsOfOtherBridgesAlone() async throws {
        try await ScoredHouse.with { house in
            _ = try await house.addAutomation("a")
            var workplace = house.workplace
            workplace.claims = { _ in nil }
            let keeper = ScoreKeeper(workplace)
            var progress: [ConnectionID: ScoreKeeper.Progress] = [
                house.connection: .init(everythingAt: .now, seenUntil: .now)
            ]
            #expect(try await keeper.look(&progress) == .init())
            #expect(progress.isEmpty)
        }
    }

    @Test func runsUntilItIsCancelled() async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            try await house.add((0..<5).map { PastRun(age: Double($0)) }, to: id, at: try await house.scores.now())
            var pacing = ScorePacing()
            pacing.look = .milliseconds(20)
            let keeper = ScoreKeeper(house.workplace, pacing: pacing)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await keeper.run() }
                while try await house.score(of: id) == nil { try await Task.sleep(for: .milliseconds(10)) }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}
