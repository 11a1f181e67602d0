import BridgeCore
import PostgresClient

/// One row of Home Assistant's own statistics, in the unit of the entity.
package struct StoredStatistic: Sendable, Equatable {
    /// An entity, or a series that an integration of Home Assistant has brought in, whose name holds a colon.
    package var name: String
    /// The start of its bucket.
    package var start: Timestamp
    package var minimum: Double?
    package var maximum: Double?
    package var mean: Double?
    /// The reading of a counter at the end.
    package var state: Double?
    /// What a counter rose by.
    package var change: Double?
    package var lastReset: Timestamp?

    /// A row without any number.
    package init(name: String, start: Timestamp) {
        self.name = name
        self.start = start
    }
}

/// Puts statistics of Home Assistant into the roll-ups, where there are none of events. Methods throw `PostgresError`.
package struct StatisticsRepository: Sendable {
    /// The buckets of Home Assistant's statistics.
    package enum Level: String, Sendable, CaseIterable {
        case fiveMinutes = "5_minutes"
        case hour = "hourly"

        /// The length of a bucket.
        package var seconds: Int64 { self == .hour ? 3_600 : 300 }
    }

    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Stores `rows`, and returns how many of them are new or others than before. A roll-up of events stays what it is.
    package func store(_ rows: [StoredStatistic], of connection: ConnectionID, in level: Level) async throws -> Int {
        guard !rows.isEmpty else { return 0 }
        func texts(_ value: (StoredStatistic) -> Double?) -> PostgresValue {
            .textArray(rows.map { row in value(row).map { "\($0)" } ?? "" })
        }
        return try await write(
            """
            WITH written AS (
                INSERT INTO home_assistant_states_\(level.rawValue) AS stored (
                    connection_id, entity_id, bucket_start, sample_count, \(Self.values), source)
                SELECT
                    $1, name, start::timestamptz, 0, nullif(minimum, '')::double precision,
                    nullif(maximum, '')::double precision, nullif(mean, '')::double precision, \(level.seconds),
                    nullif(state, '')::double precision, nullif(change, '')::double precision,
                    nullif(state, '')::double precision, nullif(reset, ''), 'statistics'
                FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
                    AS given (name, start, minimum, maximum, mean, state, change, reset)
                ORDER BY 2, 3
                \(Self.onConflict)
                RETURNING 1
            )
            SELECT count(*) AS count FROM written
            """,
            [
                .id(connection), .textArray(rows.map { StorableText.fitting($0.name) }),
                .textArray(rows.map(\.start.iso8601)), texts(\.minimum), texts(\.maximum), texts(\.mean),
                texts(\.state),
                texts(\.change), .textArray(rows.map { $0.lastReset?.iso8601 ?? "" }),
            ], name: "store_statistics")
    }

    /// Makes the days between two moments, both included, of the hours of one series. An hour belongs to the day in which it begins.
    package func makeDays(
        of name: String, _ connection: ConnectionID, from: Timestamp, to: Timestamp, zone: String
    ) async throws -> Int {
        try await write(
            """
            WITH written AS (
                INSERT INTO home_assistant_states_daily AS stored (
                    connection_id, entity_id, bucket_start, sample_count, \(Self.values), source)
                SELECT
                    $1, $2::text, home_assistant_day_start(bucket_start, $5) AS day, 0, min(minimum), max(maximum),
                    sum(mean * known_seconds) / nullif(sum(known_seconds) FILTER (WHERE mean IS NOT NULL), 0),
                    sum(known_seconds), (array_agg(last_value ORDER BY bucket_start DESC))[1], sum(change),
                    (array_agg(counter_value ORDER BY bucket_start DESC))[1],
                    (array_agg(counter_reset ORDER BY bucket_start DESC))[1], 'statistics'
                FROM home_assistant_states_hourly
                WHERE connection_id = $1 AND entity_id = $2::text
                    AND bucket_start >= home_assistant_day_start($3::timestamptz, $5)
                    -- A day has 25 hours at most; what is of the next one is left out.
                    AND bucket_start < home_assistant_day_start($4::timestamptz, $5) + interval '25 hours'
                    AND home_assistant_day_start(bucket_start, $5) <= home_assistant_day_start($4::timestamptz, $5)
                GROUP BY day
                ORDER BY day
                \(Self.onConflict)
                RETURNING 1
            )
            SELECT count(*) AS count FROM written
            """, [.id(connection), .text(StorableText.fitting(name)), .timestamp(from), .timestamp(to), .text(zone)],
            name: "make_days_of_statistics")
    }

    /// The time zone by which the days of a connection are made; UTC where Home Assistant has not told it.
    package func zone(of connection: ConnectionID) async throws -> String {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT automation_time_zone(time_zone) AS zone FROM home_assistant_connections WHERE id = $1
                """, [.id(connection)], name: "time_zone"
            ).first?.string("zone") ?? "UTC"
        }
    }

    /// The unit of an entity's numbers by its newest events; `nil` where none is known.
    package func unit(of entity: String, _ connection: ConnectionID) async throws -> String? {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT unit FROM (
                    SELECT attributes ->> 'unit_of_measurement' AS unit, timestamp FROM home_assistant_events
                    WHERE entity_id = $2 AND connection_id = $1 AND event_type = 'state_changed'
                    ORDER BY timestamp DESC LIMIT 50
                ) AS newest
                WHERE unit IS NOT NULL ORDER BY timestamp DESC LIMIT 1
                """, [.id(connection), .text(StorableText.fitting(entity))], name: "unit_of_entity"
            ).first?.optionalString("unit")
        }
    }

    private static let values =
        "minimum, maximum, mean, known_seconds, last_value, change, counter_value, counter_reset"

    private static let onConflict: String = {
        let columns = values.split(separator: ", ")
        return """
            ON CONFLICT (connection_id, entity_id, bucket_start) DO UPDATE SET
                \(columns.map { "\($0) = EXCLUDED.\($0)" }.joined(separator: ", "))
            WHERE stored.source = 'statistics'
                AND (\(columns.map { "stored.\($0)" }.joined(separator: ", ")))
                    IS DISTINCT FROM (\(columns.map { "EXCLUDED.\($0)" }.joined(separator: ", ")))
            """
    }()

    private func write(_ sql: String, _ parameters: [PostgresValue], name: String) async throws -> Int {
        try await pool.withConnection { session in
            try await session.query(sql, parameters, name: name, deadline: .seconds(120)).one {
                row throws(PostgresError) in try row.int("count")
            }
        }
    }
}
