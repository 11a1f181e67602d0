import BridgeCore
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgres) struct BackupRetentionTests {
    /// One automation as the test remembers it; times are days before now.
    private struct Past {
        struct Version {
            var id: String
            var age: Double
            var retention: Int
            var isActive: Bool
        }

        /// In the order of their numbers.
        var versions: [Version] = []
        var successes: [Double] = []
        /// Versions that operations name, those that are under way and those that are over.
        var named: [Int] = []
        var wasNamed: [Int] = []

        /// What has to be left of it, by the rules in words.
        var kept: Set<String> {
            let good: Version? =
                successes.min().flatMap { last in
                    versions.last { $0.age >= last } ?? versions.first
                }
            return Set(
                versions.enumerated().filter { number, version in
                    let isExpired = !version.isActive || version.age > Double(version.retention)
                    return !isExpired || number == versions.count - 1 || version.id == good?.id
                        || named.contains(number)
                }.map(\.element.id))
        }
    }

    private static func past(_ generator: inout SeededGenerator) -> Past {
        var past = Past()
        var age = Double.random(in: 20...90, using: &generator)
        for _ in 0..<Int.random(in: 1...7, using: &generator) {
            past.versions.append(
                Past.Version(
                    id: UUID().uuidString.lowercased(), age: age,
                    retention: [1, 30, 60, 2_147_483_647].randomElement(using: &generator) ?? 30,
                    isActive: .random(in: 0..<6, using: &generator) > 0))
            age *= .random(in: 0.3...0.95, using: &generator)
        }
        past.successes = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            .random(in: 0.1...120, using: &generator)
        }
        if .random(using: &generator) { past.named = [.random(in: 0..<past.versions.count, using: &generator)] }
        past.wasNamed = [.random(in: 0..<past.versions.count, using: &generator)]
        return past
    }

    private static func store(_ past: Past, _ home: ConnectionID, _ session: PostgresConnection) async throws {
        let id = UUID().uuidString.lowercased()
        var sql = """
            INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, name)
            VALUES ('\(id)', '\(home)', '\(id)', 'a');
            """
        for (number, version) in past.versions.enumerated() {
            sql += """
                INSERT INTO automation_backup (id, connection_id, automation_id, version, backup_name, backup_type,
                    configuration_snapshot, configuration_digest, created_at, retention_days, is_active)
                VALUES ('\(version.id)', '\(home)', '\(id)', \(number + 1), 'b', 'AUTOMATIC', '{}', sha256('x'),
                    now() - make_interval(secs => \(version.age * 86_400)), \(version.retention), \(version.isActive));
                """
        }
        for (number, age) in past.successes.enumerated() {
            sql += """
                INSERT INTO automation_executions (connection_id, automation_id, run_id, started_at, status)
                VALUES ('\(home)', '\(id)', '\(number)', now() - make_interval(secs => \(age * 86_400)), 'success'),
                    ('\(home)', '\(id)', 'f\(number)', now(), 'failure');
                """
        }
        for (numbers, status, end) in [(past.named, "IN_PROGRESS", "NULL"), (past.wasNamed, "COMPLETED", "now()")] {
            for number in numbers {
                sql += """
                    INSERT INTO \(number % 2 == 0
                        ? "automation_apply_operation (workflow_id, proposal_digest, backup_id,"
                        : "rollback_operation (rollback_reason, rollback_type, \(number % 3 == 0 ? "safety_" : "")backup_id,")
                        connection_id, automation_id, status, initiated_at, completed_at)
                    VALUES (\(number % 2 == 0 ? "gen_random_uuid(), sha256('x')" : "'r', 'MANUAL'"),
                        '\(past.versions[number].id)', '\(home)', '\(id)', '\(status)', now(), \(end));
                    """
            }
        }
        // Operations without workflows: what they name is all that counts here.
        try await session.execute(
            "SET session_replication_role = replica; \(sql) SET session_replication_role = origin;", name: "past")
    }

    private static func left(_ session: PostgresConnection) async throws -> Set<String> {
        let rows = try await session.query("SELECT id::text AS id FROM automation_backup", [], name: "left")
        return Set(try rows.map { try $0.string("id") })
    }

    @Test func keepsWhatAWayBackMayNeed() async throws {
        var generator = SeededGenerator(seed: TestSeed.value)
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            var kept: Set<String> = []
            var count = 0
            for _ in 0..<60 {
                let past = Self.past(&generator)
                try await Self.store(past, home, database.session)
                kept.formUnion(past.kept)
                count += past.versions.count
            }
            let backups = BackupRepository(database.pool)
            var deleted = 0
            var last = 7
            while last == 7 {
                last = try await backups.deleteExpired(limit: 7)
                deleted += last
            }
            #expect(try await Self.left(database.session) == kept, "seed \(TestSeed.value)")
            #expect(deleted == count - kept.count && deleted > 0)
            #expect(try await backups.deleteExpired() == 0)
        }
    }

    @Test func passesByWhatAnotherTransactionHolds() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            var past = Past()
            for age in [90.0, 80, 1] {
                past.versions.append(
                    Past.Version(id: UUID().uuidString.lowercased(), age: age, retention: 1, isActive: true))
            }
            try await Self.store(past, home, database.session)
            let first = past.versions[0].id
            // As the row of an operation does that is being inserted.
            try await database.session.execute(
                "BEGIN; SELECT FROM automation_backup WHERE id = '\(first)' FOR KEY SHARE;", name: "hold")
            #expect(try await BackupRepository(database.pool).deleteExpired() == 1)
            try await database.session.execute("COMMIT", name: "release")
            #expect(try await Self.left(database.session) == [first, past.versions[2].id])
        }
    }

    @Test func newVersionsAreKeptAsLongAsTheOwnerWants() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let merge = try #require(
                try await AutomationRepository(database.pool).merge(
                    AutomationListing(entries: [
                        AutomationListing.Entry(
                            homeAssistantID: "a", hasOwnID: true, entityID: "automation.a", name: "A", mode: "single",
                            isEnabled: true, state: .active)
                    ]), of: home))
            let id = try #require(merge.rows["a"])
            let backups = BackupRepository(database.pool)
            let version = NewBackup(
                name: "n", type: .manual, snapshot: "{}", digest: [UInt8](repeating: 1, count: 32))
            _ = try await backups.add(version, of: id)
            try await database.session.execute(
                """
                INSERT INTO user_safety_configuration (user_id, backup_retention_days)
                SELECT user_id, 7 FROM home_assistant_connections WHERE id = '\(home)'
                """, name: "wish")
            _ = try await backups.add(version, of: id)
            let rows = try await database.session.query(
                "SELECT retention_days FROM automation_backup ORDER BY version", [], name: "retention")
            #expect(try rows.map { try $0.int("retention_days") } == [30, 7])
        }
    }
}
