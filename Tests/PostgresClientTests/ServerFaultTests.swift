import BridgeConcurrency
import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite(
    "A server that is stopped, killed, frozen or full", .serialized,
    .enabled(if: TestDatabase.isAvailable && runsSlowTests), .timeLimit(.minutes(2)))
struct ServerFaultTests {
    @Test func aKilledBackendTakesTheWholeServerAndTheWorkIsDoneOnce() async throws {
        try await withThrowawayServer { server in
            let writer = Persistence(try server.configuration)
            try await writer.persistently { try await $0.execute("CREATE TABLE t (n int8 PRIMARY KEY, s text)") }
            let isFirst = LockedBox(true)
            try await writer.persistently { connection in
                try await connection.transaction { connection in
                    _ = try connection.copyIn(
                        "COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<1_000)])
                    let kills = isFirst.withLock { first in
                        defer { first = false }
                        return first
                    }
                    if kills, let process = connection.backendProcessID { kill(process, SIGKILL) }
                }
            }
            let errors = await writer.errors
            #expect(!errors.isEmpty && errors.allSatisfy { $0.isRetriable && $0.isConnectionLoss }, "\(errors)")
            let count = try await writer.persistently {
                try await $0.query("SELECT count(*) AS n FROM t").first?.int("n")
            }
            #expect(count == 1_000)
        }
    }

    @Test func aServerThatIsStoppedAndStartedIsFoundAgain() async throws {
        try await withThrowawayServer { server in
            let pool = PostgresPool(try server.configuration, size: 2, logger: TestDatabase.quietLogger)
            let writer = Persistence(try server.configuration)
            try await writer.persistently { try await $0.execute("CREATE TABLE t (n int8 PRIMARY KEY, s text)") }
            try await pool.withConnection { try await $0.execute("SELECT 1") }
            try await server.stop(.immediate)
            async let rows = writer.persistently { connection in
                try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<500)])
            }
            while await writer.errors.count < 3 { try await Task.sleep(for: .milliseconds(20)) }
            let error = await postgresError { try await pool.withConnection { _ in } }
            #expect(error?.isRetriable == true && error?.needsAttention == false, "\(error?.description ?? "")")
            try await server.start()
            #expect(try await rows == 500)
            #expect(await writer.errors.allSatisfy { $0.isRetriable })
            for attempt in 0..<200 {
                do {
                    try await pool.withConnection { try await $0.execute("SELECT 1") }
                    break
                } catch {
                    try #require(attempt < 199, "\(error)")
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
        }
    }

    @Test func aFrozenPostmasterFailsEveryAttemptInTime() async throws {
        try await withThrowawayServer { server in
            let open = try await PostgresConnection.connect(server.configuration, logger: TestDatabase.quietLogger)
            server.signal(SIGSTOP)
            defer { server.signal(SIGCONT) }
            let several = try PostgresConfiguration(
                "postgresql://ha_bridge@127.0.0.1:\(server.port),127.0.0.1:\(server.port)/postgres")
            for configuration in [try server.configuration, several] {
                let error = await postgresError {
                    _ = try await PostgresConnection.connect(
                        configuration, deadline: .seconds(1), logger: TestDatabase.quietLogger)
                }
                #expect(error?.code == .deadlineExceeded && error?.isRetriable == true)
            }
            // The cancel request meets the frozen postmaster, too, and must not hold anyone up.
            let late = await postgresError {
                try await open.execute("SELECT pg_sleep(60)", deadline: .milliseconds(300))
            }
            #expect(late?.code == .deadlineExceeded)
            server.signal(SIGCONT)
            let writer = Persistence(try server.configuration)
            #expect(try await writer.persistently { try await $0.query("SELECT 1 AS n").first?.int("n") } == 1)
        }
    }

    @Test func aFullServerIsNotStormed() async throws {
        try await withThrowawayServer(settings: ["max_connections = 5", "superuser_reserved_connections = 0"]) {
            server in
            var held: [PostgresConnection] = []
            while held.count < 5 {
                held.append(
                    try await PostgresConnection.connect(server.configuration, logger: TestDatabase.quietLogger))
            }
            let pool = PostgresPool(try server.configuration, size: 4, logger: TestDatabase.quietLogger)
            // A crowd that asks as fast as it can, until the pool has tried four times.
            var states: Set<String> = []
            var refusals = 0
            while await pool.attempts < 4 {
                let error = await postgresError { try await pool.withConnection { _ in } }
                states.insert(error?.shortDescription ?? "")
                refusals += 1
            }
            #expect(states == ["53300"])
            // Without pauses each of them would have been an attempt.
            #expect(refusals > 40)
            for connection in held { await connection.close() }
            for _ in 0..<200 {
                if (try? await pool.withConnection({ try await $0.execute("SELECT 1") })) != nil { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            try await pool.withConnection { try await $0.execute("SELECT 1") }
            #expect(await pool.attempts < 12)
        }
    }

    @Test func aServerThatOnlyReadsIsRetriedUntilItWrites() async throws {
        try await withThrowawayServer { server in
            let administration = try await PostgresConnection.connect(
                server.configuration, logger: TestDatabase.quietLogger)
            try await administration.execute("CREATE TABLE t (n int8 PRIMARY KEY, s text)")
            let writer = Persistence(try server.configuration)
            try await writer.persistently { try await $0.execute("SELECT 1") }
            let pool = PostgresPool(try server.configuration, size: 1, logger: TestDatabase.quietLogger)
            try await administration.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            try await administration.execute("SELECT pg_reload_conf()")
            try await waitForSetting(administration, "on")
            async let rows = writer.persistently { connection in
                try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<10)])
            }
            while await writer.errors.count < 2 { try await Task.sleep(for: .milliseconds(20)) }
            let pooled = await postgresError {
                try await pool.withConnection { try await $0.execute("INSERT INTO t VALUES (99)") }
            }
            #expect(pooled?.sqlState == "25006")
            // A connection string that asks for a primary is told at once, in words.
            let asking = try PostgresConfiguration(server.url + "?target_session_attrs=read-write")
            let told = await postgresError {
                _ = try await PostgresConnection.connect(asking, logger: TestDatabase.quietLogger)
            }
            #expect(told?.code == .connectionFailed && told?.sqlState == "25006" && told?.isRetriable == true)
            #expect(told?.description.contains("read-only") == true && told?.hint != nil, "\(told?.description ?? "")")
            try await administration.execute("SET default_transaction_read_only = off")
            try await administration.execute("ALTER SYSTEM RESET default_transaction_read_only")
            try await administration.execute("SELECT pg_reload_conf()")
            #expect(try await rows == 10)
            let errors = await writer.errors
            #expect(errors.allSatisfy { $0.isWrongServer && $0.isRetriable && $0.isConnectionLoss && !$0.rejectsData })
        }
    }

    private func waitForSetting(_ connection: PostgresConnection, _ value: String) async throws {
        for _ in 0..<200 {
            let rows = try await connection.query("SHOW default_transaction_read_only")
            if try rows.first?.string("default_transaction_read_only") == value { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("The setting never arrived.")
    }
}

@Suite(
    "A standby that becomes the primary", .enabled(if: TestDatabase.isAvailable && runsSlowTests),
    .timeLimit(.minutes(3)))
struct FailoverTests {
    @Test func theWriterGoesOnByItselfAndNothingIsLost() async throws {
        try await withThrowawayServer(settings: ["synchronous_standby_names = '*'", "synchronous_commit = on"]) {
            primary in
            try await primary.withStandby { standby in
                let several = try PostgresConfiguration(
                    "postgresql://ha_bridge@127.0.0.1:\(standby.port),127.0.0.1:\(primary.port)/postgres")
                let writer = Persistence(several, connectDeadline: .seconds(3))
                try await writer.persistently { try await $0.execute("CREATE TABLE t (n int8 PRIMARY KEY)") }
                #expect(await writer.errors.isEmpty, "Of two servers the primary was not found at once.")
                @Sendable func write(_ number: Int) async throws {
                    try await writer.persistently { connection in
                        try await connection.transaction(deadline: .seconds(5)) { connection in
                            _ = try connection.query(
                                "INSERT INTO t VALUES ($1) ON CONFLICT DO NOTHING", [.int(Int64(number))])
                        }
                    }
                }
                for number in 0..<50 { try await write(number) }
                // Reads go to a standby where the owner wants that.
                let reader = try await PostgresConnection.connect(
                    PostgresConfiguration(
                        "postgresql://ha_bridge@127.0.0.1:\(primary.port),127.0.0.1:\(standby.port)/postgres?target_session_attrs=standby"
                    ), logger: TestDatabase.quietLogger)
                let refused = await postgresError { try await reader.execute("INSERT INTO t VALUES (-1)") }
                #expect(refused?.isWrongServer == true)
                #expect(await reader.isUsable == false)

                try await primary.stop(.immediate)
                async let meanwhile: Void = write(50)
                while await writer.errors.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
                try await standby.promote()
                // The new primary has no standby to wait for.
                let administration = try await PostgresConnection.connect(
                    standby.configuration, logger: TestDatabase.quietLogger)
                try await administration.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
                try await administration.execute("SELECT pg_reload_conf()")
                try await meanwhile
                for number in 51..<100 { try await write(number) }
                let row = try await administration.query("SELECT count(*) AS n, max(n) AS m FROM t").first
                #expect(try row?.int("n") == 100 && row?.int("m") == 99)
                #expect(await writer.errors.allSatisfy { $0.isRetriable && $0.isConnectionLoss })
            }
        }
    }
}
