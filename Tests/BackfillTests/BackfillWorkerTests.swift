import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import Store
import TestSupport
import Testing

@testable import Ingest

@Suite(.needsPostgres) struct BackfillWorkerTests {
    private func worker(_ house: BackfillHouse, _ port: CommandPort, _ timer: DeadlineTimer) -> BackfillWorker {
        let own = BackfillSink(pool: house.pool)
        return BackfillWorker(
            connection: house.connection, port: port, gaps: house.gaps, timer: timer, logger: TestDatabase.quietLogger,
            pacing: BackfillHouse.pacing, sink: { try await own.write($0) })
    }

    private func isClosed(_ house: BackfillHouse) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if try await house.gaps.list(onlyOpen: true).isEmpty { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    @Test func repairsWhatIsThereAndWhatComesLater() async throws {
        try await BackfillHouse.with { house in
            let end = Timestamp.now.adding(seconds: -60)
            house.history.set("sensor.a", "1", at: end.adding(seconds: -50))
            _ = try await house.openGap(from: end.adding(seconds: -100), to: end)
            let timer = DeadlineTimer()
            let worker = worker(house, house.port(), timer)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await timer.run() }
                group.addTask { await worker.run() }
                #expect(try await isClosed(house))
                _ = try await house.openGap(from: end.adding(seconds: -40), to: end.adding(seconds: 1))
                worker.lookNow()
                #expect(try await isClosed(house))
                group.cancelAll()
            }
            #expect(try await house.gaps.list().map(\.status) == [.backfilled, .backfilled])
        }
    }

    @Test func endsWithItsSession() async throws {
        try await BackfillHouse.with { house in
            let end = Timestamp.now.adding(seconds: -60)
            _ = try await house.openGap(from: end.adding(seconds: -100), to: end)
            let port = CommandPort { (_, _) throws(CommandFailure) in throw .disconnected }
            await worker(house, port, DeadlineTimer()).run()
            #expect(try await house.gaps.repairable(house.connection).count == 1)
        }
    }

    /// A statement that is cancelled fails as one that the database refuses does.
    @Test func saysNothingOfStatementsThatItsOwnEndCutsOff() async throws {
        try await BackfillHouse.with { house in
            let end = Timestamp.now.adding(seconds: -60)
            house.history.set("sensor.a", "1", at: end.adding(seconds: -50))
            _ = try await house.openGap(from: end.adding(seconds: -100), to: end)
            let log = LogCollector()
            let own = BackfillSink(pool: house.pool)
            let worker = BackfillWorker(
                connection: house.connection, port: house.port(), gaps: house.gaps, timer: DeadlineTimer(),
                logger: log.logger, pacing: BackfillHouse.pacing,
                sink: { items in
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await own.write(items)
                })
            await Task { await worker.run() }.value
            #expect(try await house.gaps.repairable(house.connection).count == 1)
            #expect(!log.text.contains("warning"), "\(log.text)")
        }
    }

    @Test func leavesAnUnendedGapAlone() async throws {
        try await BackfillHouse.with { house in
            let start = Timestamp.now.adding(seconds: -60)
            _ = try await house.openGap(from: start, to: nil)
            #expect(try await house.gaps.repairable(house.connection).isEmpty)
            #expect(try await house.gaps.list(onlyOpen: true).count == 1)
        }
    }
}
