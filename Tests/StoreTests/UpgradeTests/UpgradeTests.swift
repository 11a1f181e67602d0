import PostgresClient
import TestSupport
import Testing

@testable import Store

/// A database comes up from every earlier version to the newest schema and back again, and keeps what it holds.
///
/// One database climbs through all versions. At each it gets a house with rows in every table of that day, so that at the top it
/// holds rows of every age; on its way down each schema must be what it was, with every row that has a place in it.
@Suite(.needsPostgres) struct UpgradeTests {
    /// What a version looked like on the way up.
    private struct Landing {
        let version: Int
        let objects: [String]
        let tables: [(name: String, columns: [String])]
        /// Months of events that it made.
        let months: [String]
    }

    @Test func rowsOfEveryEarlierSchemaComeUpAndGoBack() async throws {
        try await TestDatabase.with(extensions: []) { database in
            let session = try await database.connect()
            var landings: [Landing] = []
            for version in MigrationCatalog.all.map(\.version) {
                landings.append(try await climb(to: version, from: landings.last, session))
            }
            try await Migrator().verify(on: session)
            try await expectMonthsLikeNewOnes(landings, session)

            var atTheTop: [[String]] = []
            for landing in landings { atTheTop.append(try await rows(of: landing, session)) }
            for (landing, expected) in zip(landings, atTheTop).reversed() {
                _ = try await Migrator().down(to: landing.version, on: session)
                try await expect(landing, expected, session)
            }
            // What the way back left behind does not stand in the way of the next attempt.
            #expect(try await Migrator().up(on: session) == landings.map(\.version).filter { $0 > 1 })
            try await Migrator().verify(on: session)
            #expect(try await Migrator().down(to: 0, on: session) == landings.map(\.version).reversed())
            await session.close()
        }
    }

    // MARK: The way up

    private func climb(to version: Int, from below: Landing?, _ session: PostgresConnection) async throws -> Landing {
        var before: [String] = []
        if let below { before = try await rows(of: below, session) }
        _ = try await Migrator(migrations: MigrationCatalog.all.filter { $0.version <= version }).up(on: session)
        if let below {
            let after = try await rows(of: below, session)
            #expect(SchemaPicture.missing(before, in: after) == [], "lost or changed by version \(version)")
            let added = SchemaPicture.missing(after, in: before).filter { line in
                !Self.growing.contains { line.hasPrefix($0 + " ") }
            }
            #expect(added == [], "came from nowhere with version \(version)")
        }
        let objects = try await SchemaPicture.objects(session)
        let older = try await months(session)
        try await OldHouse(version: version).store(session)
        let landing = Landing(
            version: version, objects: objects, tables: try await SchemaPicture.tables(session),
            months: try await months(session).filter { !older.contains($0) })
        let stored = try await rows(of: landing, session)
        for table in landing.tables where !stored.contains(where: { $0.hasPrefix(table.name + " ") }) {
            Issue.record(
                "At version \(version) the test has no row for \(table.name): add one to TwoHouses or OldHouse.")
        }
        return landing
    }

    /// Tables in which a migration puts rows of its own.
    private static let growing = ["safety_rule"]

    /// What the database holds of what had a place in the schema of that day.
    private func rows(of landing: Landing, _ session: PostgresConnection) async throws -> [String] {
        try await SchemaPicture.rows(
            of: landing.tables.map { table in
                // The way back from version 5 drops all vectors, as it says.
                let isBare = landing.version < 5 && table.name == "home_assistant_events"
                return (table.name, isBare ? table.columns.filter { $0 != "embedding_vector" } : table.columns)
            }, session)
    }

    // MARK: The way down

    private func expect(_ landing: Landing, _ rows: [String], _ session: PostgresConnection) async throws {
        let version = landing.version
        let found = try await self.rows(of: landing, session)
        #expect(SchemaPicture.missing(rows, in: found) == [], "lost or changed on the way down to \(version)")
        #expect(SchemaPicture.missing(found, in: rows) == [], "came from nowhere on the way down to \(version)")
        let objects = try await SchemaPicture.objects(session)
        #expect(SchemaPicture.missing(landing.objects, in: objects) == [], "gone on the way down to \(version)")
        #expect(SchemaPicture.missing(objects, in: landing.objects) == [], "left behind on the way down to \(version)")
    }

    // MARK: Months

    private func months(_ session: PostgresConnection) async throws -> [String] {
        try await session.query(
            """
            SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
                AND relname ~ '^home_assistant_events_y[0-9]{4}m[0-9]{2}$' ORDER BY relname
            """
        ).map { row throws(PostgresError) in try row[0].string }
    }

    /// A month that an old version made has the columns, indexes, triggers and rights of one that is made today.
    private func expectMonthsLikeNewOnes(_ landings: [Landing], _ session: PostgresConnection) async throws {
        let old = try await months(session)
        try await session.execute("SELECT home_assistant_ensure_event_partitions('2099-01-01Z', '2099-01-01Z')")
        let new = try #require(Set(try await months(session)).subtracting(old).first)
        let objects = try await SchemaPicture.objects(ofMonths: true, session)
        let wanted = shape(of: new, objects)
        #expect(!wanted.isEmpty)
        for landing in landings {
            for month in landing.months {
                let found = shape(of: month, objects)
                #expect(
                    SchemaPicture.missing(wanted, in: found) == [], "a month of version \(landing.version) lacks it")
                #expect(
                    SchemaPicture.missing(found, in: wanted) == [], "a month of version \(landing.version) alone has it"
                )
            }
        }
    }

    /// What a month consists of, without its name, without those of its indexes, and without the words about its columns.
    private func shape(of month: String, _ objects: [String]) -> [String] {
        objects.filter { $0.contains(month) }.map { object in
            let words =
                object.replacing(month, with: "MONTH").split(separator: ", comment ").first.map(String.init) ?? ""
            return words.replacing(/INDEX \S+ ON/, with: "INDEX ON").replacing(
                /constraint MONTH\.\S+_pkey:/, with: "key:")
        }
    }
}
