import PostgresClient
import TestSupport
import Testing

@Suite("Pool against a real server", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct PostgresPoolTests {
    @Test func sessionsAreReusedAndNeverMoreThanTheSize() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let pool = PostgresPool(database.configuration, size: 2, logger: database.logger)
            let processes = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await pool.withConnection { connection in
                            let rows = try await connection.query("SELECT pg_backend_pid() AS p FROM pg_sleep(0.01)")
                            return try rows.first?.int("p") ?? 0
                        }
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(processes.count <= 2 && !processes.contains(0))
            await pool.close()
            let error = await postgresError { try await pool.withConnection { _ in } }
            #expect(error?.code == .connectionLost)
        }
    }

    @Test func brokenSessionsAreReplaced() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let pool = PostgresPool(database.configuration, size: 1, logger: database.logger)
            let first = try await pool.withConnection { await $0.backendProcessID }
            // Broken by its borrower.
            let error = await postgresError {
                try await pool.withConnection { connection in
                    _ = try await connection.query("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            #expect(error?.isConnectionLoss == true)
            let second = try await pool.withConnection { await $0.backendProcessID }
            #expect(second != nil && second != first)
            // Broken while idle.
            let observer = try await database.connect()
            _ = try await observer.query("SELECT pg_terminate_backend($1, 5000)", [.int(Int64(second ?? 0))])
            let third = try await pool.withConnection { try await $0.query("SELECT 1 AS n").first?.int("n") }
            #expect(third == 1)
        }
    }

    @Test func aTransactionLeftOpenIsRolledBack() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let pool = PostgresPool(database.configuration, size: 1, logger: database.logger)
            try await pool.withConnection { try await $0.execute("BEGIN; CREATE TABLE t (n int)") }
            let rows = try await pool.withConnection { try await $0.query("SELECT to_regclass('t') AS t") }
            #expect(try rows.first?.optionalString("t") == nil)
        }
    }

    @Test func waitersAreBoundedInNumberAndTime() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let pool = PostgresPool(
                database.configuration, size: 1, maximumWaiters: 1, waitLimit: .milliseconds(200),
                logger: database.logger)
            try await pool.withConnection { _ in
                async let waiting = postgresError { try await pool.withConnection { _ in } }
                async let other = postgresError { try await pool.withConnection { _ in } }
                let errors = await [waiting, other].compactMap(\.self)
                #expect(Set(errors.map(\.shortDescription)) == ["deadline_exceeded", "53300"])
                #expect(errors.filter(\.isRetriable).count == 2)
            }
            // The place is free again.
            try await pool.withConnection { _ in }
            // A cancelled waiter gives its turn up at once.
            try await pool.withConnection { _ in
                let task = Task { try await pool.withConnection { _ in } }
                task.cancel()
                #expect(await postgresError { try await task.value } != nil)
            }
            try await pool.withConnection { _ in }
        }
    }

    @Test func aServerThatIsDownFailsEveryBorrowerAndNobodyHangs() async throws {
        let pool = PostgresPool(
            try PostgresConfiguration("host=127.0.0.1 port=1 dbname=house"), size: 1, logger: TestDatabase.quietLogger)
        await withTaskGroup(of: PostgresError?.self) { group in
            for _ in 0..<5 {
                group.addTask { await postgresError { try await pool.withConnection { _ in } } }
            }
            for await error in group { #expect(error?.code == .connectionFailed) }
        }
    }
}
