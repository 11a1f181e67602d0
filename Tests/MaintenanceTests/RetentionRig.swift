import BridgeCore
import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

/// A database with two houses, in whose past a test writes events as it likes, and the job that takes the old ones out.
struct RetentionRig {
    let pool: PostgresPool
    let session: PostgresConnection
    let configuration: PostgresConfiguration
    /// Far from any month boundary that the events come near to by chance.
    let now: Timestamp

    var partitions: PartitionRepository { PartitionRepository(pool) }
    func retention(days: Int = 90) -> RetentionRepository { RetentionRepository(pool, days: days) }

    func job(
        days: Int = 90, rows: Int = 2_000, vectors: Int = 200,
        progress: @escaping @Sendable (RetentionJob.Progress) -> Void = { _ in },
        audit: @escaping @Sendable ([RetentionRecord]) async throws -> Void = { _ in }
    ) -> RetentionJob {
        var pacing = RetentionJob.Pacing()
        pacing.rows = rows
        pacing.vectors = vectors
        pacing.rest = .zero
        pacing.attempts = 4
        pacing.retry = .milliseconds(1)...Duration.milliseconds(5)
        let now = now
        return RetentionJob(
            partitions: partitions, retention: retention(days: days),
            rollups: RollupRetentionRepository(pool, days: 400, metricsDays: 90), pacing: pacing, clock: { now },
            progress: progress, audit: audit)
    }

    func scalar(_ sql: String) async throws -> String {
        try #require(try await session.query(sql).first).string("value")
    }

    func column(_ sql: String) async throws -> [String] {
        try await session.query(sql).map { row throws(PostgresError) in try row.string("value") }
    }

    /// Events of the houses, `days` before now.
    func fill(_ sql: String) async throws { try await session.execute(sql, name: "fill") }

    static let houses = ["c0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000002"]

    static func with(_ body: (RetentionRig) async throws -> Void) async throws {
        try await TestDatabase.withSchema { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration.taking(.writer), size: 4, logger: TestDatabase.quietLogger)
            let now = try #require(Timestamp(iso8601: "2026-11-15T12:00:00Z"))
            let rig = RetentionRig(pool: pool, session: session, configuration: server.configuration, now: now)
            do {
                try await rig.fill(
                    """
                    INSERT INTO users (id, username, email)
                    VALUES ('00000000-0000-4000-8000-000000000001', 'u', 'u@example.org');
                    INSERT INTO home_assistant_connections (id, name, url, encrypted_token, user_id)
                    SELECT ('c0000000-0000-4000-8000-00000000000' || n)::uuid, 'house' || n, 'http://h' || n, 'v1.x',
                        '00000000-0000-4000-8000-000000000001' FROM generate_series(1, 2) AS n;
                    INSERT INTO home_assistant_rollup_progress (connection_id, marked_until, time_zone)
                    SELECT id, '2026-11-15 12:00:00+00', 'UTC' FROM home_assistant_connections
                    """)
                let from = now.adding(seconds: -300 * 86_400)
                _ = try await rig.partitions.ensureEventPartitions(from: from, to: now)
                try await body(rig)
            } catch {
                await pool.close()
                await session.close()
                throw error
            }
            await pool.close()
            await session.close()
        }
    }

    static func insert(
        _ house: String, _ type: String, _ entity: String?, daysAgo: Double, key: Int? = nil
    ) -> String {
        """
        ('\(house)', '\(type)', \(entity.map { "'\($0)'" } ?? "NULL"), 'on',
            '2026-11-15 12:00:00+00'::timestamptz - \(daysAgo) * interval '1 day',
            \(key.map { "decode(lpad('\($0)', 32, '0'), 'hex')" } ?? "NULL"))
        """
    }

    static let into = """
        INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp, embedding_key) VALUES
        """
}
