import BridgeCore
import Foundation
import PostgresClient
import TestSupport
import Testing

/// Where the server of a test's database listens.
func server(of database: TestDatabase) throws -> FaultProxy.Server {
    let pieces = database.url.split(separator: "?", maxSplits: 1)[1].split(separator: "&")
    func value(_ keyword: String) -> String? {
        pieces.last { $0.hasPrefix(keyword + "=") }.map { String($0.dropFirst(keyword.count + 1)) }?
            .removingPercentEncoding
    }
    let port = value("port").flatMap { UInt16($0) } ?? 5_432
    guard let host = value("hostaddr") ?? value("host") else { return .tcp(host: "127.0.0.1", port: port) }
    return host.hasPrefix("/") ? .unix(path: "\(host)/.s.PGSQL.\(port)") : .tcp(host: host, port: port)
}

@Suite("A network that fails", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct NetworkFaultTests {
    private func configuration(_ database: TestDatabase, _ ports: UInt16...) throws -> PostgresConfiguration {
        let hosts = ports.map { _ in "127.0.0.1" }.joined(separator: ",")
        let list = ports.map { "\($0)" }.joined(separator: ",")
        // Without encryption, so that the bytes of a plan are those of the protocol, each time the same.
        return try PostgresConfiguration(database.url + "&host=\(hosts)&hostaddr=\(hosts)&port=\(list)&sslmode=disable")
    }

    @Test func aBatchIsStoredOnceWhateverHappensOnTheWay() async throws {
        var generator = FaultRandom()
        if let text = getenv("HA_BRIDGE_TEST_SEED"), let seed = UInt64(String(cString: text)) {
            generator = FaultRandom(seed: seed)
        }
        print("Network faults: HA_BRIDGE_TEST_SEED=\(generator.seed)")
        try await TestDatabase.with(extensions: []) { database in
            let proxy = try FaultProxy(to: server(of: database))
            defer { proxy.stop() }
            let observer = try await database.connect()
            try await observer.execute(
                "CREATE TABLE t (n int8 PRIMARY KEY, s text); CREATE TABLE batch (n int PRIMARY KEY)")
            // Locks are waited for less long than a batch has, so that a session that holds them for ever is found out.
            let settings = PostgresSessionSettings(lockTimeout: .milliseconds(300), clientCheckInterval: .seconds(5))
            let writer = Persistence(
                try configuration(database, proxy.port), settings: settings, connectDeadline: .seconds(1))
            for batch in 0..<15 {
                // A fault each time; a connection that it spares carries the batch.
                proxy.apply(.random(using: &generator, bytesToServer: 0...120_000, bytesToClient: 0...600))
                let rows = numberedRows(batch * 2_000..<(batch + 1) * 2_000)
                try await writer.persistently { connection in
                    do {
                        try await connection.transaction(
                            deadline: .seconds(1), finalStatement: "INSERT INTO batch VALUES (\(batch))"
                        ) { connection in
                            _ = try connection.copyIn("COPY t FROM STDIN (FORMAT binary)", chunks: [rows])
                        }
                    } catch let error as PostgresError where error.isDuplicate {
                        // The first commit did take effect, though nobody heard of it.
                    }
                }
                proxy.resume()
            }
            let errors = await writer.errors
            print("Network faults: \(proxy.counters), \(errors.count) failed attempts")
            #expect(proxy.counters.struck > 0)
            #expect(
                !errors.isEmpty
                    && errors.allSatisfy { $0.isRetriable && ($0.isConnectionLoss || $0.sqlState == "55P03") },
                "\(errors)")
            let row = try await observer.query("SELECT count(*) AS n, max(n) AS m FROM t").first
            #expect(try row?.int("n") == 30_000 && row?.int("m") == 29_999, "Seed \(generator.seed)")
            #expect(try await observer.query("SELECT count(*) AS n FROM batch").first?.int("n") == 15)
        }
    }

    @Test func aTricklingLineEndsAtTheDeadlineAndAGoodOneFollows() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let proxy = try FaultProxy(to: server(of: database))
            defer { proxy.stop() }
            let writer = Persistence(try configuration(database, proxy.port))
            try await writer.persistently { try await $0.execute("CREATE TABLE t (n int8 PRIMARY KEY, s text)") }
            proxy.apply(FaultPlan(toServer: FaultLink(bytesPerSecond: 1_024), connections: 1))
            // More than all the buffers on the way hold, so that the line is felt.
            let rows = try await writer.persistently { connection in
                try await connection.copyIn(
                    "COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<200_000)], deadline: .seconds(3))
            }
            #expect(rows == 200_000)
            #expect(await writer.errors.map(\.code) == [.deadlineExceeded])
        }
    }

    @Test func aBlackHoleIsNoticedInEveryState() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let proxy = try FaultProxy(to: server(of: database))
            defer { proxy.stop() }
            let writer = Persistence(try configuration(database, proxy.port), connectDeadline: .milliseconds(300))
            let pool = PostgresPool(
                try configuration(database, proxy.port), size: 1, connectDeadline: .milliseconds(300),
                probeAfter: .zero,
                logger: database.logger)
            try await writer.persistently { try await $0.execute("SELECT 1") }
            try await pool.withConnection { try await $0.execute("SELECT 1") }
            proxy.blackhole()
            async let answer = writer.persistently { connection in
                try await connection.query("SELECT 7 AS n", deadline: .milliseconds(300)).first?.int("n")
            }
            let pooled = await postgresError { try await pool.withConnection { try await $0.execute("SELECT 1") } }
            #expect(pooled?.code == .deadlineExceeded)
            while await writer.errors.count < 2 { try await Task.sleep(for: .milliseconds(20)) }
            proxy.resume()
            #expect(try await answer == 7)
        }
    }

    @Test func aPeerFrozenInTheMiddleOfCopyIsEnded() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let proxy = try FaultProxy(
                to: server(of: database),
                plan: FaultPlan(toServer: FaultLink(ending: FaultEnding(.blackhole, afterBytes: 1_000_000))))
            defer { proxy.stop() }
            let settings = PostgresSessionSettings(lockTimeout: .milliseconds(200))
            let other = try await PostgresConnection.connect(
                database.configuration, settings: settings, logger: database.logger)
            try await other.execute("CREATE TABLE t (n int8 PRIMARY KEY, s text)")
            // Long enough that a slow machine is not refused before the line goes dead.
            let patience = Duration.seconds(3)
            let frozen = try await PostgresConnection.connect(
                try configuration(database, proxy.port),
                settings: PostgresSessionSettings(statementTimeout: patience, lockTimeout: .milliseconds(200)),
                logger: database.logger)
            async let outcome = postgresError {
                _ = try await frozen.copyIn(
                    "COPY t FROM STDIN (FORMAT binary)", chunks: [numberedRows(0..<200_000)], deadline: .seconds(50))
            }
            while proxy.counters.struck == 0 { try await Task.sleep(for: .milliseconds(10)) }
            // All that came through is taken in when the server waits for more.
            let waiting = """
                SELECT 1 FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'COPY t %' AND wait_event = 'ClientRead'
                """
            while try await other.query(waiting).isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            // It holds the key beyond its own statement_timeout.
            let end = ContinuousClock.now + patience * 1.5
            while ContinuousClock.now < end {
                let blocked = await postgresError { try await other.execute("INSERT INTO t VALUES (0, 'x')") }
                #expect(blocked?.sqlState == "55P03")
            }
            #expect(try await other.endFrozenPeers(silentFor: .seconds(3_600)) == 0)
            #expect(try await other.endFrozenPeers(silentFor: .milliseconds(100)) == 1)
            let writer = Persistence(database.configuration, settings: settings)
            try await writer.persistently { try await $0.execute("INSERT INTO t VALUES (0, 'x')") }
            proxy.cut()
            #expect(await outcome?.isConnectionLoss == true)
            #expect(try await other.query("SELECT count(*) AS n FROM t").first?.int("n") == 1)
        }
    }

    @Test func aDeadFirstServerCostsItsShareOnlyOnce() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let good = try FaultProxy(to: server(of: database))
            let dead = try FaultProxy(to: server(of: database))
            defer { [good, dead].forEach { $0.stop() } }
            dead.blackhole()
            let several = try configuration(database, dead.port, good.port)
            for number in 1...5 {
                let connection = try await PostgresConnection.connect(
                    several, deadline: .seconds(2), logger: database.logger)
                await connection.close()
                #expect(good.counters.accepted == number)
            }
            // The one attempt that waits in the dead server's queue is all that was ever made.
            dead.resume()
            for _ in 0..<100 where dead.counters.accepted == 0 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(dead.counters.accepted == 1)
            // Now the good one goes away, and the other is found.
            good.refuse()
            let connection = try await PostgresConnection.connect(
                several, deadline: .seconds(2), logger: database.logger)
            #expect(try await connection.query("SELECT 1 AS n").first?.int("n") == 1)
        }
    }

    @Test func aNameWithADeadAddressCostsNoMoreThanItsShare() async throws {
        // "localhost" has one or two addresses; the server listens on some of them only.
        try await TestDatabase.with(extensions: []) { database in
            guard case .tcp(_, let port) = try server(of: database) else { return }
            let plain = database.url.replacing("hostaddr=", with: "application_name=")
            let connection = try await PostgresConnection.connect(
                PostgresConfiguration(plain + "&host=localhost&port=\(port)"), logger: database.logger)
            #expect(try await connection.query("SELECT 1 AS n").first?.int("n") == 1)
        }
    }
}
