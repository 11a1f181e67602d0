import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct MigratorTests {
    private func migration(_ version: Int, _ up: String, _ down: String) -> Migration {
        Migration(version: version, description: "step \(version)", up: Array(up.utf8), down: Array(down.utf8))
    }

    private var one: Migration { migration(1, "CREATE TABLE one (n integer);", "DROP TABLE one;") }
    private var two: Migration { migration(2, "CREATE TABLE two (n integer);", "DROP TABLE two;") }
    private var three: Migration { migration(3, "CREATE TABLE three (n integer);", "DROP TABLE three;") }

    private static let relations = """
        SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace ORDER BY relname
        """

    @Test func goesUpAndDownAndUpAgainToTheSameSchema() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let all = MigrationCatalog.all.map(\.version)
            let migrator = Migrator()
            #expect(try await migrator.up(on: database.session) == all)
            let first = try await database.column(Self.relations)
            #expect(first.contains("home_assistant_events"))
            try await migrator.verify(on: database.session)

            #expect(try await migrator.down(to: 0, on: database.session) == all.reversed())
            #expect(try await database.column(Self.relations) == ["schema_migrations", "schema_migrations_pkey"])
            #expect(try await database.scalar("SELECT count(*) FROM schema_migrations") == "0")

            #expect(try await migrator.up(on: database.session) == all)
            #expect(try await database.column(Self.relations) == first)
            #expect(try await migrator.up(on: database.session) == [])
        }
    }

    @Test func recordsChecksumAndTheSQLThatUndoes() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            _ = try await Migrator(migrations: [one, two]).up(on: database.session)
            let rows = try await database.column(
                """
                SELECT version || '|' || description || '|' || rollback_sql || '|' || checksum
                FROM schema_migrations WHERE applied_at <= clock_timestamp() ORDER BY version
                """)
            #expect(
                rows == ["1|step 1|DROP TABLE one;|\(one.checksum)", "2|step 2|DROP TABLE two;|\(two.checksum)"])
        }
    }

    @Test func oneOfTwoMigratorsWorksWhileTheOtherWaits() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            // A third session holds the lock until both are seen waiting, so that they truly compete.
            _ = try await database.session.query("SELECT pg_advisory_lock($1::bigint)", [.int(MigrationLock.key)])
            let (waiting, signal) = AsyncStream.makeStream(of: Void.self)
            let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let connection = try await database.connect()
                        return try await Migrator().up(on: connection) { event in
                            if case .waitingForLock = event { signal.yield() }
                        }
                    }
                }
                var iterator = waiting.makeAsyncIterator()
                for _ in 0..<2 { await iterator.next() }
                _ = try await database.session.query(
                    "SELECT pg_advisory_unlock($1::bigint)", [.int(MigrationLock.key)])
                return try await group.reduce(into: [[Int]]()) { $0.append($1) }
            }
            #expect(applied.sorted { $0.count < $1.count } == [[], MigrationCatalog.all.map(\.version)])
            try await Migrator().verify(on: database.session)
        }
    }

    @Test func manyMigratorsAtOnceEndAlike() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<6 {
                    group.addTask { try await Migrator().up(on: try await database.connect()) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied == MigrationCatalog.all.map(\.version))
        }
    }

    @Test func givesUpWaitingAfterItsLimit() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            _ = try await database.session.query("SELECT pg_advisory_lock($1::bigint)", [.int(MigrationLock.key)])
            let connection = try await database.connect()
            let error = try await thrown(MigrationError.self) {
                _ = try await Migrator(migrations: [one], lockTimeout: .zero).up(on: connection)
            }
            #expect(error.code == .locked)
            #expect(error.isRetriable)
            #expect(error.message.contains("Try again"))
        }
    }

    @Test func refusesAnEditedMigration() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            _ = try await Migrator(migrations: [one, two]).up(on: database.session)
            let edited = migration(2, "CREATE TABLE two (n bigint);", "DROP TABLE two;")
            let migrator = Migrator(migrations: [one, edited, three])
            for attempt in [
                migrator.verify, { _ = try await migrator.up(on: $0) }, { _ = try await migrator.plan(on: $0) },
            ]
                as [(PostgresConnection) async throws -> Void]
            {
                let error = try await thrown(MigrationError.self) { try await attempt(database.session) }
                #expect(error.code == .edited(2))
                #expect(error.message.hasPrefix("Migration 2 (step 2) was edited after it had been applied"))
                #expect(error.message.contains(String(edited.checksum.prefix(12))))
            }
            #expect(try await database.scalar("SELECT to_regclass('three')") == nil)
            let status = try await migrator.status(on: database.session)
            #expect(!status.isCurrent)
            #expect(status.entries.map { $0.problem != nil } == [false, true, false])
        }
    }

    @Test func refusesAHole() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let migrator = Migrator(migrations: [one, two, three])
            _ = try await migrator.up(on: database.session)
            try await database.session.execute("DELETE FROM schema_migrations WHERE version = 2")
            let error = try await thrown(MigrationError.self) { try await migrator.verify(on: database.session) }
            #expect(error.code == .missing(2))
            #expect(
                error.message.hasPrefix(
                    "Migration 2 (step 2) is missing from the database, although migration 3 is applied."))
            #expect(error.message.contains("migrate down --to 1"))
        }
    }

    @Test func refusesAnAppliedVersionThatItDoesNotKnowAmongKnownOnes() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            _ = try await Migrator(migrations: [one, two, three]).up(on: database.session)
            let error = try await thrown(MigrationError.self) {
                try await Migrator(migrations: [one, three]).verify(on: database.session)
            }
            #expect(error.code == .missing(2))
            #expect(error.message.contains("missing from this program"))
        }
    }

    @Test func refusesADatabaseAheadOfTheProgramAndUndoesItWithTheStoredSQL() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            _ = try await Migrator(migrations: [one, two, three]).up(on: database.session)
            let older = Migrator(migrations: [one])
            let error = try await thrown(MigrationError.self) { _ = try await older.up(on: database.session) }
            #expect(error.code == .newer(2))
            #expect(error.message.contains("migration 2 (step 2), which is newer than this program (its newest is 1)"))
            #expect(error.message.contains("migrate down --to 1"))
            let status = try await older.status(on: database.session)
            #expect(status.entries.map(\.version) == [1, 2, 3])

            #expect(try await older.down(to: 1, on: database.session) == [3, 2])
            try await older.verify(on: database.session)
            #expect(try await database.scalar("SELECT to_regclass('two')") == nil)
        }
    }

    @Test func namesWhatIsPending() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let fresh = try await thrown(MigrationError.self) {
                try await Migrator(migrations: [one, two]).verify(on: database.session)
            }
            #expect(fresh.code == .pending([1, 2]))
            #expect(fresh.message == "Migrations 1, 2 are not applied yet. Run `ha-bridge migrate up`.")
            _ = try await Migrator(migrations: [one]).up(on: database.session)
            let later = try await thrown(MigrationError.self) {
                try await Migrator(migrations: [one, two]).verify(on: database.session)
            }
            #expect(later.message == "Migration 2 is not applied yet. Run `ha-bridge migrate up`.")
        }
    }

    @Test func aFailingMigrationLeavesNothingBehind() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let broken = migration(2, "CREATE TABLE two (n integer); SELECT 1 / 0;", "DROP TABLE two;")
            let log = LockedBox<[String]>([])
            let error = try await thrown(MigrationError.self) {
                _ = try await Migrator(migrations: [one, broken, three]).up(on: database.session) { event in
                    log.withLock { $0.append(event.description) }
                }
            }
            #expect(error.code == .failed(2))
            #expect(error.cause?.sqlState == "22012")
            #expect(error.message.hasPrefix("Migration 2 (step 2) failed, and nothing of it remains in the database:"))
            #expect(try await database.column("SELECT version FROM schema_migrations") == ["1"])
            #expect(try await database.scalar("SELECT to_regclass('two')") == nil)
            let lines = log.withLock { $0 }
            #expect(lines.first == "Applying migration 1 (step 1).")
            #expect(lines.last == "Applying migration 2 (step 2).")

            // The lock was given back: another session goes on.
            let other = try await database.connect()
            #expect(
                try await Migrator(migrations: [one, two, three], lockTimeout: .zero).up(on: other) == [2, 3])
        }
    }

    @Test func theFirstMigrationThatFailsLeavesNotEvenItsTable() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            _ = try await thrown(MigrationError.self) {
                _ = try await Migrator(migrations: [migration(1, "SELECT nothing();", "SELECT 1;")])
                    .up(on: database.session)
            }
            #expect(try await database.column(Self.relations) == [])
        }
    }

    @Test func aRollbackThatFailsKeepsTheMigration() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let stuck = migration(2, "CREATE TABLE two (n integer);", "DROP TABLE two; DROP TABLE absent;")
            let migrator = Migrator(migrations: [one, stuck])
            _ = try await migrator.up(on: database.session)
            let error = try await thrown(MigrationError.self) {
                _ = try await migrator.down(to: 0, on: database.session)
            }
            #expect(error.code == .failed(2))
            #expect(error.message.hasPrefix("Undoing migration 2"))
            try await migrator.verify(on: database.session)
            #expect(try await database.scalar("SELECT to_regclass('two')") == "two")
        }
    }

    @Test func refusesToUndoWithoutSQLOrBelowZero() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let final = Migrator(migrations: [one, migration(2, "SELECT 1;", " \n")])
            _ = try await final.up(on: database.session)
            let error = try await thrown(MigrationError.self) { _ = try await final.down(to: 1, on: database.session) }
            #expect(error.code == .irreversible(2))
            let below = try await thrown(MigrationError.self) { _ = try await final.down(to: -1, on: database.session) }
            #expect(below.code == .invalidTarget(-1))
        }
    }

    @Test func worksUnderARolesLimitsForStatements() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            try await database.session.execute("SET statement_timeout = '150ms'")
            let slow = migration(1, "SELECT pg_sleep(0.4);", "SELECT 1;")
            #expect(try await Migrator(migrations: [slow]).up(on: database.session) == [1])
            #expect(try await database.scalar("SHOW statement_timeout") == "150ms")
        }
    }

    @Test func refusesToWorkInASessionThatDoesNotHoldTheLock() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let error = try await thrown(MigrationError.self) {
                try await database.session.transaction { try MigrationLock.check(on: $0) }
            }
            #expect(error.code == .lockLost)
        }
    }

    @Test func refusesTheTableOfAnotherProgram() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            try await database.session.execute("CREATE TABLE schema_migrations (version text PRIMARY KEY)")
            let error = try await thrown(MigrationError.self) { _ = try await Migrator().up(on: database.session) }
            #expect(error.code == .foreignTable)
        }
    }

    @Test func aCancelledMigratorGivesItsLockBack() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let connection = try await database.connect()
            let (started, signal) = AsyncStream.makeStream(of: Void.self)
            let slow = Migrator(migrations: [one, migration(2, "SELECT pg_sleep(0.3);", "SELECT 1;"), three])
            let task = Task {
                try await slow.up(on: connection) { event in
                    if case .applying(version: 2, _) = event { signal.yield() }
                }
            }
            var iterator = started.makeAsyncIterator()
            await iterator.next()
            task.cancel()
            _ = await task.result
            let other = try await database.connect()
            let done = try await Migrator(migrations: [one]).down(to: 0, on: other)
            #expect(done.last == 1)
        }
    }

    @Test func thePlanIsAScriptThatDoesTheSame() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            let plan = try await Migrator().plan(on: database.session)
            #expect(try await database.column(Self.relations) == [])
            try await database.session.execute(plan)
            try await Migrator().verify(on: database.session)
            #expect(try await Migrator().plan(on: database.session) == "-- The schema is current: nothing to apply.\n")

            let back = try await Migrator().planDown(to: 0, on: database.session)
            try await database.session.execute(back)
            #expect(try await database.scalar("SELECT count(*) FROM schema_migrations") == "0")
            #expect(try await Migrator().planDown(to: 0, on: database.session) == "-- Nothing to undo.\n")
        }
    }

    @Test func theStatusAsJSONIsFlat() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            _ = try await Migrator(migrations: [one]).up(on: database.session)
            let status = try await Migrator(migrations: [one, two]).status(on: database.session)
            #expect(!status.isCurrent)
            let data = try JSONEncoder().encode(status)
            let text = String(decoding: data, as: UTF8.self)
            #expect(text.contains(#""is_current":false"#))
            #expect(text.contains(#""state":"applied""#) && text.contains(#""applied_at":"20"#))
            #expect(try JSONDecoder().decode(MigrationStatus.self, from: data) == status)
        }
    }
}
