import BridgeCore
import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite("The last statement of a transaction", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct FinalStatementTests {
    @Test func isCommittedTogetherWithTheRest() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            try await connection.execute("CREATE TABLE t (n int PRIMARY KEY)")
            for (number, final) in ["INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (4);", "SELECT 1 -- a comment"]
                .enumerated()
            {
                let count = try await connection.transaction(finalStatement: final) { connection in
                    try connection.query("INSERT INTO t VALUES ($1)", [.int(Int64(number * 2 + 1))]).affectedRows
                }
                #expect(count == 1)
            }
            let other = try await database.connect()
            #expect(try await other.query("SELECT count(*) AS n FROM t").first?.int("n") == 5)
        }
    }

    @Test func keepsNothingWhenItFailsAndTheSessionStaysGood() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let lease = ConnectionID()
            try await connection.execute(
                """
                CREATE TABLE t (n int PRIMARY KEY);
                CREATE TABLE parent (n int PRIMARY KEY);
                CREATE TABLE child (n int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
                CREATE FUNCTION seal(lease uuid) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
                  RAISE EXCEPTION 'Lost.' USING ERRCODE = 'HB001', DETAIL = lease::text; END $$
                """)
            func attempt(_ final: String, inserting number: Int, into table: String = "t") async -> PostgresError? {
                await postgresError {
                    try await connection.transaction(finalStatement: final, finalName: "seal") { connection in
                        _ = try connection.query("INSERT INTO \(table) VALUES ($1)", [.int(Int64(number))])
                    }
                }
            }
            let lost = await attempt("SELECT seal(\(PostgresLiteral.id(lease)))", inserting: 1)
            #expect(lost?.isLostLease == true && lost?.lostLease == lease && lost?.statementName == "seal")
            #expect(lost?.isRetriable == false && lost?.rejectsData == false && lost?.isConnectionLoss == false)
            let typing = await attempt("SELEC 1", inserting: 2)
            #expect(typing?.sqlState == "42601" && typing?.statementName == "seal")
            // An unfinished comment swallows the COMMIT, and is an error for it.
            #expect(await attempt("SELECT 1 /*", inserting: 3)?.sqlState == "42601")
            let deferred = await attempt("SELECT 1", inserting: 4, into: "child")
            #expect(deferred?.sqlState == "23503" && deferred?.statementName == "commit")
            let swallowed = await postgresError {
                try await connection.transaction(finalStatement: "SELECT 1", finalName: "seal") { connection in
                    _ = try? connection.query("SELECT 1/0")
                }
            }
            #expect(swallowed?.sqlState == "25P02" && swallowed?.statementName == "seal")
            #expect(await connection.isUsable)
            let rows = try await connection.query("SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM child) AS n")
            #expect(try rows.first?.int("n") == 0)
        }
    }

    @Test func holdsItsLocksForNoRoundTrip() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let proxy = try FaultProxy(to: server(of: database))
            defer { proxy.stop() }
            let observer = try await database.connect()
            try await observer.execute(
                "CREATE TABLE sealed (n int); CREATE TABLE lease (n int, epoch int); INSERT INTO lease VALUES (1, 1)")
            let connection = try await PostgresConnection.connect(
                try PostgresConfiguration(database.url + "&host=127.0.0.1&hostaddr=127.0.0.1&port=\(proxy.port)"),
                logger: database.logger)
            async let outcome = postgresError {
                try await connection.transaction(
                    deadline: .seconds(50),
                    finalStatement: "SELECT 1 FROM lease FOR SHARE; INSERT INTO sealed VALUES (1)"
                ) { _ in
                    // The client hears nothing more, as if it were frozen; what it sends still arrives.
                    proxy.apply(FaultPlan(toClient: FaultLink(delay: .seconds(600))))
                }
            }
            // Nobody tells the server that the client is gone; it has committed all the same, and the lock is free.
            for _ in 0..<500 where try await observer.query("SELECT 1 FROM sealed").isEmpty {
                try await Task.sleep(for: .milliseconds(20))
            }
            try #require(try await observer.query("SELECT 1 FROM sealed").count == 1)
            try await observer.execute("SET lock_timeout = '5s'; UPDATE lease SET epoch = 2")
            proxy.cut()
            #expect(await outcome?.code == .connectionLost)
        }
    }

    @Test func literalsKeepTheirValues() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let ids = [ConnectionID(), ConnectionID()]
            let moment = Timestamp(microseconds: 1_795_223_688_110_907)
            let text = "it's a \\ 'quoted' $1 -- \"text\" ü\n;"
            for setting in ["on", "off"] {
                try await connection.execute("SET standard_conforming_strings TO \(setting)")
                let rows = try await connection.query(
                    """
                    SELECT \(try PostgresLiteral.text(text)) AS t, \(PostgresLiteral.int(.min)) AS i,
                           \(PostgresLiteral.id(ids[0])) AS u, \(PostgresLiteral.timestamp(moment)) AS m,
                           \(PostgresLiteral.bool(true)) AS b, (\(PostgresLiteral.idArray(ids)))[2] AS second,
                           (\(PostgresLiteral.intArray([7, nil, .max])))[3] AS third,
                           (\(PostgresLiteral.intArray([7, nil, 9])))[2] AS hole,
                           cardinality(\(PostgresLiteral.uuidArray([]))) AS none, \(PostgresLiteral.null) AS n,
                           \(PostgresLiteral.uuid(nil)) AS nu, \(try PostgresLiteral.text(nil)) AS nt
                    """)
                let row = try #require(rows.first)
                #expect(try row.string("t") == text && row.int("i") == .min && row.bool("b"))
                #expect(try row.id("u", as: ConnectionID.self) == ids[0] && row.timestamp("m") == moment)
                #expect(try row.id("second", as: ConnectionID.self) == ids[1] && row.int("third") == .max)
                #expect(try row.optionalInt("hole") == nil && row.int("none") == 0 && row.optionalString("n") == nil)
                #expect(try row.optionalUUID("nu") == nil && row.optionalString("nt") == nil)
            }
            let error = await postgresError { _ = try PostgresLiteral.text("a\0b") }
            #expect(error?.sqlState == "22021")
        }
    }
}
