import BridgeCore
import PostgresClient

/// Makes the roll-ups of connections from what is marked, one bounded transaction after another. Each may be interrupted at any
/// point and is then done again. Methods throw `PostgresError`.
///
/// A mark is read first, then the events, in a later snapshot; the mark goes only if it is the same still. What is committed in
/// between has either been seen or has left a mark of its own. Two at once for the same connection take turns.
package struct RollupRepository: Sendable {
    /// What is computed in one transaction.
    package struct Limits: Sendable {
        /// Marked 5 minutes.
        package var buckets = 72
        /// Hours, of the states or of the metrics.
        package var hours = 24
        /// Days.
        package var days = 4

        package init(buckets: Int = 72, hours: Int = 24, days: Int = 4) {
            self.buckets = buckets
            self.hours = hours
            self.days = days
        }
    }

    let pool: PostgresPool
    let limits: Limits

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool, limits: Limits = Limits()) {
        self.pool = pool
        self.limits = limits
    }

    /// The connections for which any of the steps has something to do now; none that is being removed.
    package func due() async throws -> [ConnectionID] {
        try await pool.withConnection { session in
            let result = try await session.query(RollupSQL.due, name: "rollups_due")
            return try result.map { row throws(PostgresError) in try row.id("id") }
        }
    }

    /// Rolls up to `limits.buckets` marked 5 minutes that are over, the oldest first, and those after them that begin with another
    /// state now.
    package func rollUpFiveMinutes(_ connection: ConnectionID) async throws -> RollupStep {
        try await alone(connection) { session in
            let marks = try Self.read(
                """
                SELECT (extract(epoch FROM bucket_start) / 300)::bigint AS bucket, generation
                FROM home_assistant_rollup_dirty
                WHERE connection_id = $1 AND \(RollupSQL.isFiveMinutesOver)
                ORDER BY bucket_start LIMIT $2
                """, [.id(connection), .int(Int64(limits.buckets))], session)
            guard !marks.isEmpty else { return RollupStep() }
            let zone = try Self.timeZone(connection, session)
            var step = RollupStep(buckets: marks.count, isUnfinished: marks.count == limits.buckets)
            var following = try Self.compute(
                connection, marks.map { Following(entity: nil, bucket: $0.bucket) }, zone, &step, session)
            // What an entity carries on may pass through buckets in which it was never known.
            for _ in 0..<Self.rounds where !following.isEmpty {
                following = try Self.compute(connection, following, zone, &step, session)
            }
            if !following.isEmpty {
                try Self.mark(connection, following.map(\.bucket), session)
                step.isUnfinished = true
            }
            _ = try session.query(
                """
                DELETE FROM home_assistant_rollup_dirty AS mark
                USING unnest($2::text[]::bigint[], $3::text[]::bigint[]) AS seen (bucket, generation)
                WHERE mark.connection_id = $1 AND mark.bucket_start = to_timestamp(seen.bucket * 300)
                    AND mark.generation = seen.generation
                """,
                [
                    .id(connection), .textArray(marks.map { "\($0.bucket)" }),
                    .textArray(marks.map { "\($0.generation)" }),
                ],
                name: "delete_rollup_marks")
            return step
        }
    }

    /// Makes hours that are over and whose 5 minutes are made.
    package func rollUpHours(_ connection: ConnectionID) async throws -> RollupStep {
        try await rollUp(connection, kind: "hour", limit: limits.hours, RollupSQL.compose("hourly"))
    }

    /// Makes days of the house that are over and whose 5 minutes are made.
    package func rollUpDays(_ connection: ConnectionID) async throws -> RollupStep {
        try await rollUp(connection, kind: "day", limit: limits.days, RollupSQL.compose("daily"))
    }

    /// Makes 5 minutes and hours of the metrics, of hours that are over.
    package func rollUpMetricHours(_ connection: ConnectionID) async throws -> RollupStep {
        try await rollUp(connection, kind: "metrics", limit: limits.hours, RollupSQL.metricHours)
    }

    /// Makes days of the metrics.
    package func rollUpMetricDays(_ connection: ConnectionID) async throws -> RollupStep {
        try await rollUp(connection, kind: "metrics_day", limit: limits.days, RollupSQL.metricDays)
    }

    // MARK: Steps

    /// How often what is carried on is followed in one transaction; the rest is left for the next.
    private static let rounds = 20

    private struct Following {
        var entity: String?
        var bucket: Int64
    }

    private struct Mark {
        var bucket: Int64
        var generation: Int64
    }

    private static func compute(
        _ connection: ConnectionID, _ buckets: [Following], _ zone: String, _ step: inout RollupStep,
        _ session: isolated PostgresConnection
    ) throws -> [Following] {
        let entities = buckets.compactMap(\.entity)
        let result = try session.query(
            RollupSQL.fiveMinutes(forEntities: !entities.isEmpty),
            [
                .id(connection), .textArray(buckets.map { "\($0.bucket)" }),
                entities.isEmpty ? .null : .textArray(entities), .text(zone),
            ], name: "roll_up_5_minutes", deadline: deadline)
        var following: [Following] = []
        for row in result {
            guard let entity = try row.optionalString("entity_id") else { continue }
            following.append(Following(entity: entity, bucket: Int64(try row.int("bucket"))))
        }
        step.rows += try result.one { row throws(PostgresError) in try row.int("written") }
        return following
    }

    private func rollUp(
        _ connection: ConnectionID, kind: String, limit: Int, _ statement: String
    ) async throws -> RollupStep {
        try await alone(connection) { session in
            let zone = try Self.timeZone(connection, session)
            let marks = try Self.read(
                RollupSQL.pending, [.id(connection), .text(kind), .text(zone), .int(Int64(limit))], session)
            guard !marks.isEmpty else { return RollupStep() }
            let rows = try session.query(
                statement, [.id(connection), .textArray(marks.map { "\($0.bucket)" }), .text(zone)],
                name: "roll_up_\(kind)",
                deadline: Self.deadline
            ).one { row throws(PostgresError) in try row.int("written") }
            _ = try session.query(
                """
                DELETE FROM home_assistant_rollup_pending AS mark
                USING unnest($3::text[]::bigint[], $4::text[]::bigint[]) AS seen (bucket, generation)
                WHERE mark.connection_id = $1 AND mark.kind = $2 AND mark.bucket_start = to_timestamp(seen.bucket * 300)
                    AND mark.generation = seen.generation
                """,
                [
                    .id(connection), .text(kind), .textArray(marks.map { "\($0.bucket)" }),
                    .textArray(marks.map { "\($0.generation)" }),
                ], name: "delete_rollup_marks")
            return RollupStep(buckets: marks.count, rows: rows, isUnfinished: marks.count == limit)
        }
    }

    private static func mark(
        _ connection: ConnectionID, _ buckets: [Int64], _ session: isolated PostgresConnection
    ) throws {
        _ = try session.query(
            """
            INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start)
            SELECT DISTINCT $1::uuid, to_timestamp(bucket * 300) FROM unnest($2::text[]::bigint[]) AS bucket
            ORDER BY 2
            ON CONFLICT (connection_id, bucket_start) DO UPDATE SET generation = EXCLUDED.generation
            """, [.id(connection), .textArray(buckets.map { "\($0)" })], name: "mark_rollups")
    }

    private static func read(
        _ sql: String, _ parameters: [PostgresValue], _ session: isolated PostgresConnection
    ) throws -> [Mark] {
        try session.query(sql, parameters, name: "read_rollup_marks").map { row in
            Mark(bucket: Int64(try row.int("bucket")), generation: Int64(try row.int("generation")))
        }
    }

    /// The zone by which the days of a connection are made; `prepare` has stored it.
    static func timeZone(_ connection: ConnectionID, _ session: isolated PostgresConnection) throws -> String {
        let result = try session.query(
            "SELECT time_zone FROM home_assistant_rollup_progress WHERE connection_id = $1", [.id(connection)],
            name: "rollup_time_zone")
        return try result.first?.string("time_zone") ?? "UTC"
    }

    /// A transaction while no other makes roll-ups of the connection, which is not deleted meanwhile. Nothing happens to one that
    /// is gone.
    func alone(
        _ connection: ConnectionID, _ body: @Sendable (isolated PostgresConnection) throws -> RollupStep
    ) async throws -> RollupStep {
        try await pool.withConnection { pooled in
            try await pooled.transaction(deadline: Self.deadline) { session in
                guard try LeaseClaims.lock("home_assistant_rollups", of: connection, under: nil, session) else {
                    return RollupStep()
                }
                return try body(session)
            }
        }
    }

    static let deadline: Duration = .seconds(120)
}
