import BridgeConcurrency
import BridgeCore
import EventSpool
import Foundation
import PostgresClient
import Store
import TestSupport
import Testing

@testable import HomeAssistantClient
@testable import Ingest

/// Two sinks over one database, of which the second copies the rows of a batch while the one before it is being written.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2))) struct EventSinkTests {
    private struct Rig: Sendable {
        let first: EventSink
        let second: EventSink
        let metrics: IngestMetrics
        let session: PostgresConnection
        let connection: ConnectionID

        /// A batch of `numbers`, each an event of its own.
        func batch(_ numbers: Range<Int>) -> EventBatch {
            var transformer = FrameTransformer()
            let messages = numbers.map { number in
                let time = "2026-11-21T01:14:\(10 + number / 1_000).\(String(format: "%03d", number % 1_000))000+00:00"
                return
                    #"{"type":"event","event":{"event_type":"tick","data":{"n":\#(number)},"time_fired":"\#(time)","context":{"id":"c\#(number)"}},"id":2}"#
            }
            let bytes = Array("[\(messages.joined(separator: ","))]".utf8)
            let sorted = FrameFuzzTests.sorter.sort(bytes)
            var batch = transformer.transform([
                ReceivedFrame(connection: connection, bytes: bytes, events: sorted.events)
            ])
            batch.sortRows()
            return batch
        }

        private func count(_ sql: String) async throws -> Int {
            try await session.query(sql).first.map { try $0[0].int } ?? -1
        }

        func stored() async throws -> Int {
            try await count("SELECT count(*) FROM home_assistant_events")
        }

        /// Returns when a session has copied and waits.
        func hasCopied() async throws -> Bool {
            for _ in 0..<500 {
                let waiting = try await count(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND state = 'idle in transaction' AND query LIKE 'COPY %'
                    """)
                if waiting > 0 { return true }
                try await Task.sleep(for: .milliseconds(10))
            }
            return false
        }
    }

    private func with(
        patience: Duration = .seconds(2), _ body: @Sendable @escaping (Rig) async throws -> Void
    ) async throws {
        try await TestDatabase.withSchema { server in
            let configuration = server.configuration.taking(.writer)
            let pool = PostgresPool(configuration, size: 2, logger: server.logger)
            let session = try await server.connect()
            let place = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-sink-\(UUID())")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let spool = try EventSpool.open(
                SpoolConfiguration(directory: place.appending(path: "spool").path), logger: server.logger)
            let queue = SpoolQueue(spool: spool, memoryLimit: 1 << 20, timer: DeadlineTimer())
            let metrics = IngestMetrics(MetricsRegistry(), queue: queue, meters: MeterRegistry())
            let user = try await UserRepository(pool).add(username: "ann", email: "ann@example.org")
            let id = ConnectionID()
            _ = try await ConnectionRepository(pool).add(
                id: id, userID: user.id, name: "home", url: "http://home.local:8123", sealedToken: "v1.k1.n.c.t")
            func sink() -> EventSink {
                EventSink(
                    configuration: configuration, deadLetters: DeadLetterRepository(pool),
                    audits: AuditLogRepository(pool),
                    leases: WriterLeases(bridge: spool.bridgeID, book: LeaseBook(bridge: spool.bridgeID)),
                    documents: nil, health: nil, metrics: metrics, logger: server.logger,
                    patience: patience)
            }
            let rig = Rig(first: sink(), second: sink(), metrics: metrics, session: session, connection: id)
            let result: Result<Void, any Error>
            do { result = .success(try await body(rig)) } catch { result = .failure(error) }
            await rig.first.close()
            await rig.second.close()
            await session.close()
            await pool.close()
            try? FileManager.default.removeItem(at: place)
            try result.get()
        }
    }

    @Test func copiesAheadAndCommitsBehind() async throws {
        try await with(patience: .seconds(15)) { rig in
            let before = BatchCompletion()
            let second = Task { try await rig.second.write(rig.batch(100..<200), after: before) }
            try #require(try await rig.hasCopied())
            #expect(try await rig.stored() == 0)
            let first = try await rig.first.write(rig.batch(0..<100))
            #expect(first.stored == 100)
            #expect(try await rig.stored() == 100)
            before.end(isCommitted: true)
            #expect(try await second.value.stored == 100)
            #expect(try await rig.stored() == 200)
            #expect(rig.metrics.batchesAhead.value == 1)
        }
    }

    @Test func commitsNothingBehindABatchThatWasGivenUp() async throws {
        try await with(patience: .seconds(15)) { rig in
            let before = BatchCompletion()
            let second = Task { try await rig.second.write(rig.batch(0..<100), after: before) }
            #expect(try await rig.hasCopied())
            before.end(isCommitted: false)
            await #expect(throws: CancellationError.self) { _ = try await second.value }
            #expect(try await rig.stored() == 0)
            // The session is whole: what comes next is written over it.
            let again = try await rig.second.write(rig.batch(0..<100))
            #expect(again.stored == 100)
        }
    }

    /// PostgreSQL has the first session wait for the second's row, and does not know that the second waits for the first.
    @Test func givesWayToTheBatchBefore() async throws {
        try await with { rig in
            let before = BatchCompletion()
            let second = Task { try await rig.second.write(rig.batch(90..<200), after: before) }
            #expect(try await rig.hasCopied())
            // The sink hears late that it gave way, as on a busy machine: the batch before is committed by then.
            async let held: Void = rig.second.hold(until: before)
            let first = try await rig.first.write(rig.batch(0..<100))
            #expect(first.stored == 100)
            before.end(isCommitted: true)
            await held
            let outcome = try await second.value
            #expect(outcome.stored == 100 && outcome.repeated == 10)
            #expect(try await rig.stored() == 200)
            #expect(rig.metrics.batchesAhead.value == 0)
            // For a while it does not try again.
            let next = BatchCompletion()
            let third = Task { try await rig.second.write(rig.batch(200..<300), after: next) }
            try await Task.sleep(for: .milliseconds(300))
            next.end(isCommitted: true)
            #expect(try await third.value.stored == 100)
            #expect(rig.metrics.batchesAhead.value == 0)
        }
    }

    @Test func whatMayRepeatOrSaysMoreThanRowsWaits() async throws {
        try await with { rig in
            var batch = rig.batch(0..<10)
            #expect(batch.canBeCopiedAhead)
            batch.mayRepeat = true
            #expect(!batch.canBeCopiedAhead)
            let before = BatchCompletion()
            let second = Task { [batch] in try await rig.second.write(batch, after: before) }
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await rig.stored() == 0)
            before.end(isCommitted: true)
            #expect(try await second.value.stored == 10)
            batch.mayRepeat = false
            batch.sightings = [Sighting(connection: rig.connection, epoch: 1, kind: .watermark, at: .now)]
            #expect(!batch.canBeCopiedAhead)
            #expect(!EventBatch().canBeCopiedAhead)
        }
    }
}

extension EventSink {
    /// Lets nothing else run on this actor until the batch is committed.
    fileprivate func hold(until completion: BatchCompletion) {
        _ = completion.wait(atMost: .seconds(30))
    }
}

@Suite struct BatchCompletionTests {
    @Test(arguments: [true, false]) func tellsEveryoneOnce(isCommitted: Bool) async {
        let completion = BatchCompletion()
        #expect(completion.current == nil)
        #expect(!completion.wait(atMost: .milliseconds(1)))
        async let first = completion.ended()
        async let second = completion.ended()
        completion.end(isCommitted: isCommitted)
        completion.end(isCommitted: !isCommitted)
        #expect(await first == isCommitted)
        #expect(await second == isCommitted)
        #expect(await completion.ended() == isCommitted)
        #expect(completion.current == isCommitted)
        #expect(completion.wait(atMost: .seconds(60)) == isCommitted)
    }

    @Test func wakesAThreadThatWaits() async {
        let completion = BatchCompletion()
        let thread = Thread { completion.end(isCommitted: true) }
        thread.start()
        #expect(await Task.detached { completion.wait(atMost: .seconds(60)) }.value)
    }
}
