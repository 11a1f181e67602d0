import BridgeConcurrency
import Foundation
import PostgresClient
import TestSupport
import Testing

/// A stopped process still acknowledges packets in its kernel: only a deadline of our own notices.
///
/// Each test has a server of its own: a frozen backend holds up everyone who drops a database of the same server.
@Suite(
    "A frozen backend", .serialized, .enabled(if: TestDatabase.isAvailable && runsSlowTests),
    .timeLimit(.minutes(2)))
struct FrozenBackendTests {
    @Test func inAQueryEndsAtTheDeadline() async throws {
        try await withThrowawayServer { server in
            let connection = try await connect(server)
            let process = try await process(of: connection)
            kill(process, SIGSTOP)
            defer { kill(process, SIGCONT) }
            let error = await postgresError {
                _ = try await connection.query("SELECT 1", name: "asked", deadline: .milliseconds(300))
            }
            kill(process, SIGCONT)
            #expect(error?.code == .deadlineExceeded && error?.isRetriable == true && error?.isConnectionLoss == true)
            #expect(error?.statementName == "asked")
            #expect(await connection.isUsable == false)
        }
    }

    @Test func inCommitLeavesItOpenAndTheWorkIsDoneOnce() async throws {
        try await withThrowawayServer { server in
            let observer = try await connect(server)
            try await observer.execute("CREATE TABLE t (n int8 PRIMARY KEY)")
            let frozen = LockedBox<Int32?>(nil)
            defer { if let process = frozen.withLock({ $0 }) { kill(process, SIGCONT) } }
            let writer = Persistence(try server.configuration)
            async let work: Void = writer.persistently { connection in
                try await connection.transaction(deadline: .seconds(1)) { connection in
                    _ = try connection.query("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING")
                    guard let process = connection.backendProcessID, frozen.withLock({ $0 == nil }) else { return }
                    frozen.withLock { $0 = process }
                    kill(process, SIGSTOP)
                }
            }
            // The second try waits for the row of the first, whose fate is open.
            while await writer.errors.count < 2 { try await Task.sleep(for: .milliseconds(20)) }
            if let process = frozen.withLock({ $0 }) { kill(process, SIGCONT) }
            try await work
            let errors = await writer.errors
            #expect(errors[0].code == .deadlineExceeded && errors[0].statementName == "commit", "\(errors)")
            #expect(errors.allSatisfy { $0.isRetriable })
            #expect(try await observer.query("SELECT count(*) AS n FROM t").first?.int("n") == 1)
        }
    }

    @Test func inTheMiddleOfCopyLeavesNothingAndHoldsNoMemory() async throws {
        try await withThrowawayServer { server in
            let connection = try await connect(server)
            let observer = try await connect(server)
            let process = try await process(of: connection)
            try await observer.execute("CREATE TABLE t (n int8 PRIMARY KEY, s text)")
            // Frozen while it waits for the table: the COPY has begun on the server, and nothing is read from the socket.
            try await observer.execute("BEGIN; LOCK TABLE t IN SHARE MODE")
            async let outcome = postgresError {
                _ = try await connection.copyIn(
                    "COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<200_000)], deadline: .seconds(4))
            }
            var isWaiting = false
            for _ in 0..<300 where !isWaiting {
                isWaiting = try await waits(process, observer)
                if !isWaiting { try await Task.sleep(for: .milliseconds(10)) }
            }
            try #require(isWaiting)
            kill(process, SIGSTOP)
            defer { kill(process, SIGCONT) }
            try await observer.execute("COMMIT")
            let error = await outcome
            #expect(error?.code == .deadlineExceeded && error?.isRetriable == true)
            kill(process, SIGCONT)
            let writer = Persistence(try server.configuration)
            let rows = try await writer.persistently { connection in
                try await connection.copyIn(
                    "COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<200_000)])
            }
            #expect(rows == 200_000)
            #expect(try await observer.query("SELECT count(*) AS n FROM t").first?.int("n") == 200_000)
        }
    }

    @Test func idleInThePoolIsReplacedBeforeItIsLent() async throws {
        try await withThrowawayServer { server in
            let pool = PostgresPool(
                try server.configuration, size: 1, probeAfter: .zero, logger: TestDatabase.quietLogger)
            let process = try #require(try await pool.withConnection { await $0.backendProcessID })
            kill(process, SIGSTOP)
            defer { kill(process, SIGCONT) }
            let other = try await pool.withConnection { connection in
                try await connection.execute("SELECT 1")
                return await connection.backendProcessID
            }
            kill(process, SIGCONT)
            #expect(other != process && other != nil)
            #expect(try await pool.withConnection { await $0.backendProcessID } == other)
        }
    }

    @Test func ofAListenerIsNoticedThoughItIsSilentAnyway() async throws {
        try await withThrowawayServer { server in
            let listener = try await connect(server)
            let process = try await process(of: listener)
            try await listener.listen(to: "house")
            kill(process, SIGSTOP)
            defer { kill(process, SIGCONT) }
            let error = await postgresError { _ = try await listener.notifications(waitingAtMost: .milliseconds(50)) }
            kill(process, SIGCONT)
            #expect(error?.code == .deadlineExceeded)
            #expect(await listener.isUsable == false)
        }
    }

    private func connect(_ server: ThrowawayServer) async throws -> PostgresConnection {
        try await PostgresConnection.connect(
            server.configuration, deadline: .seconds(10), logger: TestDatabase.quietLogger)
    }

    private func process(of connection: PostgresConnection) async throws -> Int32 {
        try #require(await connection.backendProcessID)
    }

    private func waits(_ process: Int32, _ observer: PostgresConnection) async throws -> Bool {
        let rows = try await observer.query(
            "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'", [.int(Int64(process))])
        return !rows.isEmpty
    }
}
