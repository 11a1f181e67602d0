import FoundationEssentials
import Logging
import PostgresClient
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Faults of a real server", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct PostgresFaultTests {
    @Test func aSlowStatementEndsAtItsDeadlineAndOnTheServer() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let observer = try await database.connect()
            let process = try #require(await connection.backendProcessID)
            let error = await postgresError {
                _ = try await connection.query("SELECT pg_sleep(300)", name: "slow", deadline: .milliseconds(300))
            }
            #expect(error?.code == .deadlineExceeded && error?.isRetriable == true && error?.statementName == "slow")
            #expect(await connection.isUsable == false)
            let later = await postgresError { _ = try await connection.query("SELECT 1") }
            #expect(later?.code == .connectionLost)
            // Without the cancel request the server would sleep on for minutes.
            var isGone = false
            for _ in 0..<50 where !isGone {
                let rows = try await observer.query(
                    "SELECT 1 FROM pg_stat_activity WHERE pid = $1", [.int(Int64(process))])
                isGone = rows.isEmpty
                if !isGone { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(isGone)
        }
    }

    @Test func aCopyThatWaitsForALockEndsAtItsDeadline() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let observer = try await database.connect()
            try await connection.execute("CREATE TABLE t (n int8)")
            try await observer.execute("BEGIN; LOCK TABLE t IN EXCLUSIVE MODE")
            let error = await postgresError {
                _ = try await connection.copyIn(
                    "COPY t FROM STDIN (FORMAT binary)", chunks: [], deadline: .milliseconds(300))
            }
            #expect(error?.code == .deadlineExceeded)
        }
    }

    @Test func aTerminatedBackendAmidCopyStoresNothingAndSaysWhy() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            let observer = try await database.connect()
            let process = try #require(await connection.backendProcessID)
            try await connection.execute("CREATE TABLE t (n int8, s text)")
            // Rows enough to last until the kill; a trigger makes each of them slow.
            try await connection.execute(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN PERFORM pg_sleep(0.005); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()
                """)
            var encoder = BinaryCopyEncoder()
            encoder.header()
            for number in 0..<20_000 {
                encoder.beginRow(columns: 2)
                encoder.int8(Int64(number))
                encoder.text("a row of some length, so that the stream is longer than all the buffers on its way")
            }
            encoder.trailer()
            let bytes = encoder.take()
            async let outcome = postgresError {
                _ = try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", chunks: [bytes], name: "rows")
            }
            try await Task.sleep(for: .milliseconds(200))
            _ = try await observer.query("SELECT pg_terminate_backend($1)", [.int(Int64(process))])
            let error = await outcome
            #expect(error?.isRetriable == true && error?.isConnectionLoss == true, "\(error?.description ?? "")")
            #expect(error?.sqlState == "57P01", "\(error?.description ?? "")")
            #expect(await connection.isUsable == false)
            #expect(try await observer.query("SELECT count(*) AS n FROM t").first?.int("n") == 0)
            try await observer.execute("DROP TRIGGER slow ON t")
            let again = try await database.connect().copyIn("COPY t FROM STDIN (FORMAT binary)", chunks: [bytes])
            #expect(again == 20_000)
        }
    }

    @Test func aBadRowAmidCopyIsNamedAndTheSessionStaysGood() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            try await connection.execute("CREATE TABLE t (n int8 PRIMARY KEY, s varchar(5))")
            @Sendable func rows(_ values: [(Int64, String)]) -> [UInt8] {
                var encoder = BinaryCopyEncoder()
                encoder.header()
                for (number, text) in values {
                    encoder.beginRow(columns: 2)
                    encoder.int8(number)
                    encoder.text(text)
                }
                encoder.trailer()
                return encoder.take()
            }
            let copy = "COPY t FROM STDIN (FORMAT binary)"
            let tooLong = await postgresError {
                _ = try await connection.copyIn(copy, chunks: [rows([(1, "a"), (2, "hunter22"), (3, "c")])])
            }
            #expect(tooLong?.sqlState == "22001" && tooLong?.copyLine == 2 && tooLong?.rejectsData == true)
            #expect(tooLong?.description.contains("hunter22") == false)
            let duplicate = await postgresError {
                _ = try await connection.copyIn(copy, chunks: [rows([(1, "a"), (2, "b"), (2, "c")])])
            }
            #expect(duplicate?.isDuplicate == true && duplicate?.copyLine == 3)
            // An error at the first row of a stream much longer than any buffer.
            let long = [(Int64(1), "too long")] + (2..<300_000).map { (Int64($0), "ok") }
            let early = await postgresError { _ = try await connection.copyIn(copy, chunks: [rows(long)]) }
            #expect(early?.copyLine == 1)
            let cut = await postgresError { _ = try await connection.copyIn(copy, chunks: [[1, 2, 3]]) }
            #expect(cut?.sqlState == "22P04")
            #expect(try await connection.copyIn(copy, chunks: [rows([(1, "a"), (2, "b")])]) == 2)
            let inside = try await connection.transaction { connection in
                try connection.copyIn(copy, chunks: [rows([(8, "x"), (9, "y")])])
            }
            #expect(inside == 2)
        }
    }

    @Test func aCancelledTaskLeavesTheSessionAsItWas() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let connection = try await database.connect()
            try await connection.execute("CREATE TABLE t (n int)")
            let observer = try await database.connect()
            try await observer.execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
            let task = Task {
                try await connection.transaction { connection in
                    _ = try connection.query("INSERT INTO t SELECT 1 FROM pg_advisory_xact_lock(1)")
                    _ = try connection.query("INSERT INTO t VALUES (2)")
                }
            }
            // The connection's thread is in the statement: ask the server.
            let waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while try await observer.query(waits).isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            task.cancel()
            try await observer.execute("COMMIT")
            let error = await postgresError { try await task.value }
            #expect(error?.code == .cancelled && error?.isRetriable == false)
            #expect(await connection.isUsable)
            #expect(try await connection.query("SELECT count(*) AS n FROM t").first?.int("n") == 0)
        }
    }

    @Test func aRefusedLoginCarriesItsStateAndNoPassword() async throws {
        let server = try PostgresConfiguration(try #require(TestDatabase.serverURL))
        func attempt(_ changes: String) async -> PostgresError? {
            await postgresError {
                let configuration = try PostgresConfiguration(server.uri() + changes)
                _ = try await PostgresConnection.connect(configuration, logger: TestDatabase.quietLogger)
            }
        }
        let missing = await attempt("&dbname=there_is_no_such_database")
        #expect(missing?.code == .connectionFailed && missing?.sqlState == "3D000", "\(missing?.description ?? "")")
        #expect(missing?.description.contains("LOCATION") == false)
        let login = await attempt("&password=hunter22hunter22&user=nobody_of_this_name")
        // A server that trusts its own machine says 28000, one that asks for passwords 28P01.
        #expect(login?.sqlState?.hasPrefix("28") == true, "\(login?.description ?? "")")
        #expect(login?.isRetriable == false && login?.needsAttention == true)
        #expect(login?.description.contains("hunter22") == false)
    }

    @Test func aLaterServerIsUsedWhenTheFirstIsDown() async throws {
        let server = try PostgresConfiguration(try #require(TestDatabase.serverURL))
        let good = server.uri()
        let pieces = good.split(separator: "?", maxSplits: 1)[1].split(separator: "&")
        let host = try #require(pieces.first { $0.hasPrefix("host=") }?.dropFirst(5))
        let port = pieces.first { $0.hasPrefix("port=") }?.dropFirst(5) ?? "5432"
        let silent = try SilentServer()
        let several = good + "&host=127.0.0.1,[::1],127.0.0.1,\(host)&port=1,1,\(silent.port),\(port)"
        let connection = try await PostgresConnection.connect(
            PostgresConfiguration(several.replacing("[::1]", with: "::1")), deadline: .seconds(8),
            logger: TestDatabase.quietLogger)
        #expect(try await connection.query("SELECT 1 AS n").first?.int("n") == 1)
    }
}

@Suite("Faults on the way to a server", .timeLimit(.minutes(1)))
struct ConnectionFailureTests {
    @Test func aRefusedPortIsARetriableSentence() async throws {
        let error = await postgresError {
            _ = try await PostgresConnection.connect(
                PostgresConfiguration("postgresql://anna:hunter22@127.0.0.1:1/house"), logger: TestDatabase.quietLogger)
        }
        #expect(error?.code == .connectionFailed && error?.isRetriable == true)
        #expect(error?.description.hasPrefix("Cannot connect to PostgreSQL: ") == true)
        #expect(error?.description.contains("refused") == true)
        #expect(error?.description.contains("hunter22") == false)
    }

    @Test func aServerThatSaysNothingEndsAtTheDeadline() async throws {
        let silent = try SilentServer()
        let error = await postgresError {
            _ = try await PostgresConnection.connect(
                PostgresConfiguration("postgresql://anna:hunter22@127.0.0.1:\(silent.port)/house"),
                deadline: .milliseconds(300), logger: TestDatabase.quietLogger)
        }
        #expect(error?.code == .deadlineExceeded && error?.isRetriable == true)
        #expect(error?.description.contains("hunter22") == false)
    }

    @Test func aCancelledTaskStopsConnecting() async throws {
        let silent = try SilentServer()
        let configuration = try PostgresConfiguration("postgresql://127.0.0.1:\(silent.port)/house")
        let task = Task {
            _ = try await PostgresConnection.connect(
                configuration, deadline: .seconds(600), logger: TestDatabase.quietLogger)
        }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        let error = await postgresError { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func anUnknownHostNameIsASentence() async throws {
        let error = await postgresError {
            _ = try await PostgresConnection.connect(
                PostgresConfiguration("postgresql://anna:hunter22@no-such-host.invalid/house"),
                logger: TestDatabase.quietLogger)
        }
        #expect(error?.isRetriable == true)
        #expect(error?.description.contains("no-such-host.invalid") == true)
        #expect(error?.description.contains("hunter22") == false)
    }
}
