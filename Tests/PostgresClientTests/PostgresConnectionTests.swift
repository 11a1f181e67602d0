import BridgeCore
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

/// Runs `body` and returns the error that it must throw.
func postgresError(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        Issue.record("Nothing was thrown.")
    } catch let error as PostgresError {
        return error
    } catch {
        Issue.record("\(error)")
    }
    return nil
}

@Suite("Statements against a real server", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct PostgresConnectionTests {
    @Test func parametersAndRowsKeepTheirValues() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let id = ConnectionID()
            let moment = Timestamp(microseconds: 1_795_223_688_110_907)
            let result = try await connection.query(
                """
                SELECT $1::text AS t, $2::int8 AS i, $3::float8 AS d, $4::bool AS b, $5::uuid AS u, $6::timestamptz AS m,
                       $7::jsonb AS j, $8::text[] AS a, $9::bytea AS y, $10::text AS n, array_length($8::text[], 1) AS c,
                       ($8::text[])[2] AS second
                """,
                [
                    .text("Küche 'x' \\"), .int(.min), .double(0.1), true, .id(id), .timestamp(moment),
                    .json("{\"a\":1}"), .textArray(["a", "b\"\\,{}", "", "NULL"]), .bytes([0, 255, 16]), nil,
                ], name: "round trip")
            let row = try #require(result.first)
            #expect(try row["t"].string == "Küche 'x' \\")
            #expect(try row.int("i") == .min)
            #expect(try row.double("d") == 0.1)
            #expect(try row.bool("b"))
            #expect(try row.id("u", as: ConnectionID.self) == id)
            #expect(try row.timestamp("m") == moment)
            #expect(try row.string("j") == "{\"a\": 1}")
            #expect(try row.int("c") == 4)
            #expect(try row.string("second") == "b\"\\,{}")
            #expect(try row.bytes("y") == [0, 255, 16])
            #expect(try row.optionalString("n") == nil && row.optionalTimestamp("n") == nil)
            #expect(result.count == 1 && result.affectedRows == 1)
            let early = try await connection.query("SELECT timestamptz '1969-12-31 23:59:59.5+00' AS m")
            #expect(try early.first?.timestamp("m") == Timestamp(microseconds: -500_000))
        }
    }

    @Test func decodingErrorsNameTheColumnOnly() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let result = try await connection.query("SELECT 'private' AS a, NULL AS b")
            let row = try #require(result.first)
            for attempt in [{ _ = try row.int("a") }, { _ = try row.string("b") }, { _ = try row.string("c") }] {
                let error = await postgresError { try attempt() }
                #expect(error?.code == .decoding)
                #expect(error?.description.contains("private") == false)
                #expect(error?.column != nil)
            }
        }
    }

    @Test func errorsSayWhatAndNeverTheValues() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            try await connection.execute(
                """
                CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, small varchar(3), age int CHECK (age > 0));
                INSERT INTO t VALUES (1, 'a', 'b', 5)
                """)
            let cases: [(String, [PostgresValue], String)] = [
                ("SELECT $1::int", ["hunter22"], "22P02"), ("SELECT $1::jsonb", ["{hunter22"], "22P02"),
                ("SELECT $1::timestamptz", ["hunter22"], "22007"),
                ("INSERT INTO t VALUES (2, 'x', $1)", ["hunter22"], "22001"),
                ("INSERT INTO t VALUES (1, $1)", ["hunter22"], "23505"),
                ("INSERT INTO t (id, small) VALUES (3, 'x')", [], "23502"),
                ("INSERT INTO t VALUES (4, $1, 'x', -1)", ["hunter22"], "23514"),
                ("SELECT * FROM missing WHERE a = $1", ["hunter22"], "42P01"),
                ("SELECT nonsense", [], "42703"), ("SELEC", [], "42601"),
                ("SELECT $1::text", ["hunter22\0"], "22021"), ("SELECT ($1::int8 * 1000)::int", [99_999_999], "22003"),
            ]
            for (sql, values, state) in cases {
                let error = await postgresError { _ = try await connection.query(sql, values, name: "a-name") }
                #expect(error?.sqlState == state, "\(sql): \(error?.description ?? "")")
                #expect(error?.code == .server)
                #expect(error?.statementName == "a-name")
                #expect(error?.description.contains("hunter22") == false, "\(error?.description ?? "")")
                #expect(error?.description.contains("a-name") == true)
                #expect(await connection.isUsable)
            }
            let duplicate = await postgresError { _ = try await connection.query("INSERT INTO t VALUES (1, 'q')") }
            #expect(duplicate?.constraint == "t_pkey" && duplicate?.table == "t" && duplicate?.detail == "Key (id)")
            let check = await postgresError { _ = try await connection.query("INSERT INTO t VALUES (7, 'q', 'r', -1)") }
            #expect(check?.constraint == "t_age_check" && check?.detail == nil)
        }
    }

    @Test func severalStatementsFormOneTransaction() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let error = await postgresError {
                try await connection.execute("CREATE TABLE a (n int); CREATE TABLE b (n int); SELECT 1/0")
            }
            #expect(error?.sqlState == "22012")
            let left = try await connection.query("SELECT count(*) AS n FROM pg_class WHERE relname IN ('a', 'b')")
            #expect(try left.first?.int("n") == 0)
        }
    }

    @Test func transactionsCommitOrLeaveNothing() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            try await connection.execute("CREATE TABLE t (n int PRIMARY KEY)")
            let count = try await connection.transaction { connection in
                _ = try connection.query("INSERT INTO t VALUES ($1)", [1])
                return try connection.query("INSERT INTO t VALUES ($1)", [2]).affectedRows
            }
            #expect(count == 1)
            let error = await postgresError {
                try await connection.transaction { connection in
                    _ = try connection.query("INSERT INTO t VALUES (3)")
                    _ = try connection.query("INSERT INTO t VALUES (3)")
                }
            }
            #expect(error?.isDuplicate == true)
            // An error that the body swallows must not pass for a commit.
            let swallowed = await postgresError {
                try await connection.transaction { connection in
                    _ = try? connection.query("INSERT INTO t VALUES (1)")
                }
            }
            #expect(swallowed?.sqlState == "25P02")
            let nested = await postgresError {
                try await connection.transaction { connection in try connection.transaction { _ in } }
            }
            #expect(nested?.code == .protocolViolation)
            let slow = await postgresError {
                try await connection.transaction(deadline: .milliseconds(200)) { connection in
                    _ = try connection.query("SELECT pg_sleep(5)")
                }
            }
            #expect(slow?.code == .deadlineExceeded)
            #expect(await connection.isUsable == false)
            let rows = try await database.connect().query("SELECT count(*) AS n FROM t")
            #expect(try rows.first?.int("n") == 2)
        }
    }

    @Test func aCopyThroughQueryIsRefused() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let error = await postgresError { _ = try await connection.query("COPY pg_class TO STDOUT") }
            #expect(error?.code == .protocolViolation)
            let other = try await database.connect()
            let wrong = await postgresError { _ = try await other.copyIn("SELECT 1", chunks: []) }
            #expect(wrong?.code == .protocolViolation)
            #expect(await other.isUsable)
        }
    }

    @Test func notificationsArriveAndWaitsEndWithTheirTask() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let listener = try await database.connect()
            let sender = try await database.connect()
            try await listener.listen(to: "house \"1\"")
            #expect(try await listener.notifications(waitingAtMost: .zero).isEmpty)
            async let arrived = listener.notifications(waitingAtMost: .seconds(10))
            _ = try await sender.query("SELECT pg_notify($1, $2)", ["house \"1\"", "changed ü"])
            #expect(try await arrived == [.init(channel: "house \"1\"", payload: "changed ü")])

            // Without an end by cancellation the limit of the suite would pass.
            let waiting = Task { try await listener.notifications(waitingAtMost: .seconds(600)) }
            try await Task.sleep(for: .milliseconds(50))
            waiting.cancel()
            #expect(try await waiting.value.isEmpty)
            #expect(await listener.isUsable)
        }
    }
}
