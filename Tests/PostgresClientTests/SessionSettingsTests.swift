import BridgeConcurrency
import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite("Bounds that the server keeps", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct SessionSettingsTests {
    @Test func areSetAndLeaveStricterOnesAlone() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let plain = try await database.connect()
            try await plain.execute("ALTER DATABASE \(database.name) SET lock_timeout = '2s'")
            try await plain.execute("ALTER DATABASE \(database.name) SET statement_timeout = '10min'")
            let bounded = try await PostgresConnection.connect(
                database.configuration, settings: .bounded, logger: database.logger)
            let rows = try await bounded.query(
                """
                SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l,
                       current_setting('idle_in_transaction_session_timeout') AS i,
                       current_setting('client_connection_check_interval') AS c
                """)
            let row = try #require(rows.first)
            #expect(try row.string("s") == "30s" && row.string("l") == "2s" && row.string("i") == "1min")
            #expect(try row.string("c") == "5s")
            let none = try await database.connect()
            let other = try await none.query("SELECT current_setting('statement_timeout') AS s")
            #expect(try other.first?.string("s") == "10min")
        }
    }

    @Test func noStatementIsCompiled() async throws {
        try await TestDatabase.with(extensions: []) { database in
            try await database.connect().execute("ALTER DATABASE \(database.name) SET jit = on")
            let rows = try await database.connect().query("SHOW jit")
            #expect(try rows.first?.string("jit") == "off")
        }
    }

    @Test func aStatementAndAnIdleTransactionEnd() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let settings = PostgresSessionSettings(
                statementTimeout: .milliseconds(100), idleInTransactionTimeout: .milliseconds(100))
            let connection = try await PostgresConnection.connect(
                database.configuration, settings: settings, logger: database.logger)
            let slow = await postgresError { try await connection.execute("SELECT pg_sleep(60)") }
            #expect(slow?.sqlState == "57014" && slow?.isRetriable == true)
            #expect(await connection.isUsable)
            try await connection.execute("BEGIN")
            let observer = try await database.connect()
            let process = try #require(await connection.backendProcessID)
            while try await observer.query(
                "SELECT 1 FROM pg_stat_activity WHERE pid = $1", [.int(Int64(process))]
            ).isEmpty == false { try await Task.sleep(for: .milliseconds(20)) }
            let idle = await postgresError { try await connection.execute("SELECT 1") }
            #expect(idle?.code == .connectionLost && idle?.isRetriable == true, "\(idle?.description ?? "")")
            #expect(idle?.sqlState == "25P03", "\(idle?.description ?? "")")
        }
    }

    @Test func aLockedTableIsTriedAgainUntilItIsFree() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let owner = try await database.connect()
            try await owner.execute("CREATE TABLE t (n int8 PRIMARY KEY, s text)")
            try await owner.execute("BEGIN; LOCK TABLE t")
            var settings = PostgresSessionSettings.bounded
            settings.lockTimeout = .milliseconds(100)
            let writer = Persistence(database.configuration, settings: settings)
            async let rows = writer.persistently { connection in
                try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<100)])
            }
            while await writer.errors.count < 3 { try await Task.sleep(for: .milliseconds(20)) }
            try await owner.execute("COMMIT")
            #expect(try await rows == 100)
            let errors = await writer.errors
            #expect(errors.allSatisfy { $0.sqlState == "55P03" && $0.isRetriable && !$0.isConnectionLoss })
        }
    }
}

// A release build knows nothing of places to crash at.
#if DEBUG
    @Suite("Where half of the rows are on their way", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
    struct CopyCrashTests {
        @Test func aCrashLeavesNone() async throws {
            try await TestDatabase.with(extensions: []) { database in
                let observer = try await database.connect()
                try await observer.execute("CREATE TABLE t (n int8 PRIMARY KEY, s text)")
                setenv("HA_BRIDGE_TEST_CRASH_DATABASE", database.url, 1)
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    setenv("BRIDGE_CRASH_AT", "inside-copy", 1)
                    let url = getenv("HA_BRIDGE_TEST_CRASH_DATABASE").map { String(cString: $0) } ?? ""
                    let connection = try await PostgresConnection.connect(
                        PostgresConfiguration(url, applicationName: "crashing"), logger: TestDatabase.quietLogger)
                    _ = try await connection.copyIn(
                        "COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<50_000)])
                }
                while try await observer.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'crashing'")
                    .isEmpty == false
                { try await Task.sleep(for: .milliseconds(20)) }
                #expect(try await observer.query("SELECT count(*) AS n FROM t").first?.int("n") == 0)
            }
        }
    }
#endif
