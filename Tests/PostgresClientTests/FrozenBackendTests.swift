import BridgeConcurrency
import Foundation
import PostgresClient
import TestSupport
import Testing

/// A stopped process still acknowledges packets in its kernel: only a deadline of our own notices.
@Suite("A frozen backend", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct FrozenBackendTests {
    @Test func inAQueryEndsAtTheDeadline() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let process = try await freezable(connection)
            kill(process, SIGSTOP)
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
        try await TestDatabase.with(extensions: []) { database in
            let observer = try await database.connect()
            try await observer.execute("CREATE TABLE t (n int8 PRIMARY KEY)")
            try await freezable(observer)
            let frozen = LockedBox<[Int32]>([])
            let writer = Persistence(database.configuration)
            try await writer.persistently { connection in
                try await connection.transaction(deadline: .milliseconds(500)) { connection in
                    _ = try connection.query("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING")
                    guard let process = connection.backendProcessID, frozen.withLock({ $0.isEmpty }) else { return }
                    // Thaws when the second try waits for the row of the first.
                    frozen.withLock { $0.append(process) }
                    kill(process, SIGSTOP)
                    Thread {
                        for _ in 0..<100 where frozen.withLock({ !$0.isEmpty }) { usleep(20_000) }
                        kill(process, SIGCONT)
                    }.start()
                }
            }
            let errors = await writer.errors
            #expect(errors.first?.code == .deadlineExceeded && errors.first?.statementName == "commit", "\(errors)")
            #expect(errors.allSatisfy { $0.isRetriable })
            #expect(try await observer.query("SELECT count(*) AS n FROM t").first?.int("n") == 1)
            frozen.withLock { $0 = [] }
        }
    }

    @Test func inTheMiddleOfCopyLeavesNothingAndHoldsNoMemory() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let observer = try await database.connect()
            let process = try await freezable(connection)
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
            try await observer.execute("COMMIT")
            let error = await outcome
            #expect(error?.code == .deadlineExceeded && error?.isRetriable == true)
            kill(process, SIGCONT)
            let writer = Persistence(database.configuration)
            let rows = try await writer.persistently { connection in
                try await connection.copyIn(
                    "COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<200_000)])
            }
            #expect(rows == 200_000)
            #expect(try await observer.query("SELECT count(*) AS n FROM t").first?.int("n") == 200_000)
        }
    }

    @Test func idleInThePoolIsReplacedBeforeItIsLent() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let pool = PostgresPool(
                database.configuration, size: 1, probeAfter: .zero, logger: TestDatabase.quietLogger)
            let process = try #require(try await pool.withConnection { await $0.backendProcessID })
            guard isOurs(process) else { try Test.cancel("The server's processes are not ours to signal.") }
            kill(process, SIGSTOP)
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
        try await TestDatabase.with(extensions: []) { database in
            let listener = try await database.connect()
            let process = try await freezable(listener)
            try await listener.listen(to: "house")
            kill(process, SIGSTOP)
            let error = await postgresError { _ = try await listener.notifications(waitingAtMost: .milliseconds(50)) }
            kill(process, SIGCONT)
            #expect(error?.code == .deadlineExceeded)
            #expect(await listener.isUsable == false)
        }
    }

    /// The process of a session that the test may freeze; ends the test where it may not.
    @discardableResult
    private func freezable(_ connection: PostgresConnection) async throws -> Int32 {
        let process = try #require(await connection.backendProcessID)
        guard isOurs(process) else { try Test.cancel("The server's processes are not ours to signal.") }
        return process
    }

    private func waits(_ process: Int32, _ observer: PostgresConnection) async throws -> Bool {
        let rows = try await observer.query(
            "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'", [.int(Int64(process))])
        return !rows.isEmpty
    }
}
