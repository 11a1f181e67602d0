import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// What goes of the roll-ups, and what stays, by its age in days.
@Suite(.needsPostgres) struct RollupRetentionTests {
    private static let now = "2026-11-15 12:00:00+00"

    /// A row of each age for each entity in a roll-up of states.
    private static func store(
        _ table: String, _ ages: [Int], _ entity: String, _ house: RollupHouse
    ) async throws {
        for age in ages {
            _ = try await house.database.session.query(
                """
                INSERT INTO home_assistant_states_\(table) (connection_id, entity_id, bucket_start, last_state)
                VALUES ($1, $2, $3::timestamptz - $4::integer * interval '1 day', 'on')
                """, [.id(house.connection), .text(entity), .text(now), .int(Int64(age))])
        }
    }

    /// The ages that are left, oldest first.
    private static func left(_ table: String, _ entity: String, _ house: RollupHouse) async throws -> [Int] {
        try await house.database.column(
            """
            SELECT (($2::timestamptz - bucket_start) / 1)::text FROM home_assistant_states_\(table)
            WHERE entity_id = $1 ORDER BY bucket_start
            """, [.text(entity), .text(now)]
        ).compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    }

    private static func keep(_ days: Int?, of data: RetentionData, _ domain: String?, _ house: RollupHouse) async throws
    {
        _ = try await RetentionRuleRepository(house.database.pool).add(
            RetentionRuleDraft(data: data, domain: domain, keepDays: days), by: nil)
    }

    @Test func eachResolutionGoesByItsOwnAge() async throws {
        try await RollupHouse.with { house in
            let ages = [600, 300, 90, 20, 5]
            for table in ["5_minutes", "hourly", "daily"] {
                for entity in ["sensor.a", "lock.door"] { try await Self.store(table, ages, entity, house) }
                // Silent since long: its newest row is what holds until now.
                try await Self.store(table, [500, 400], "sensor.silent", house)
            }
            // Without a rule only the 5 minutes go. Each rule speaks of one resolution.
            try await Self.keep(100, of: .statesHourly, nil, house)
            try await Self.keep(nil, of: .statesHourly, "lock", house)
            try await Self.keep(310, of: .statesDaily, "sensor", house)
            try await Self.keep(30, of: .events, nil, house)
            for bucket in ["2025-01-01 00:00Z", "2026-11-15 11:55Z"] {
                _ = try await house.database.session.query(
                    "INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start) VALUES ($1, $2::timestamptz)",
                    [.id(house.connection), .text(bucket)])
            }
            let marks =
                "SELECT string_agg(bucket_start || ' ' || generation, ',' ORDER BY bucket_start) FROM home_assistant_rollup_dirty"
            let marksBefore = try await house.database.scalar(marks)

            let now = try #require(Timestamp(iso8601: "2026-11-15T12:00:00Z"))
            let retention = RollupRetentionRepository(house.database.pool, days: 60, metricsDays: 90)
            var told: [String] = []
            let records = try await retention.deleteOld(now: now) { table, _ in told.append(table) }

            #expect(try await Self.left("5_minutes", "sensor.a", house) == [20, 5])
            #expect(try await Self.left("5_minutes", "lock.door", house) == [20, 5])
            #expect(try await Self.left("5_minutes", "sensor.silent", house) == [400])
            #expect(try await Self.left("hourly", "sensor.a", house) == [90, 20, 5])
            #expect(try await Self.left("hourly", "lock.door", house) == ages)
            #expect(try await Self.left("hourly", "sensor.silent", house) == [400])
            #expect(try await Self.left("daily", "sensor.a", house) == [300, 90, 20, 5])
            #expect(try await Self.left("daily", "lock.door", house) == ages)
            #expect(try await Self.left("daily", "sensor.silent", house) == [400])
            let rows = Dictionary(grouping: records, by: \.table).mapValues { $0.reduce(0) { $0 + $1.rows } }
            #expect(
                rows == [
                    "home_assistant_states_5_minutes": 7, "home_assistant_states_hourly": 3,
                    "home_assistant_states_daily": 2,
                ])
            #expect(records.allSatisfy { $0.connection == house.connection && !$0.isDropped })
            #expect(Set(told) == Set(rows.keys))
            let marksAfter = try await house.database.scalar(marks)
            #expect(marksBefore != nil && marksAfter == marksBefore)
            #expect(try await retention.deleteOld(now: now).isEmpty)
        }
    }

    @Test func metricsGoByTheirAgeOnceTheyAreRolledUp() async throws {
        try await RollupHouse.with { house in
            let database = house.database
            _ = try await database.session.query(
                """
                INSERT INTO home_assistant_connection_metrics (connection_id, metric_type, metric_value, timestamp)
                SELECT $1, 'latency', age, $2::timestamptz - age * interval '1 day' FROM unnest(ARRAY[200, 100, 80, 10]) AS age
                """, [.id(house.connection), .text(Self.now)])
            _ = try await database.session.query(
                """
                INSERT INTO home_assistant_metrics_5_minutes
                    (connection_id, metric_type, bucket_start, minimum, maximum, mean, last_value, sample_count)
                SELECT $1, 'error_rate', $2::timestamptz - age * interval '1 day', 1, 1, 1, 1, 1
                FROM unnest(ARRAY[200, 50]) AS age
                """, [.id(house.connection), .text(Self.now)])
            let now = try #require(Timestamp(iso8601: "2026-11-15T12:00:00Z"))
            let retention = RollupRetentionRepository(database.pool, days: 60, metricsDays: 90)
            // Nothing is known of the roll-ups of this house: its metrics wait.
            #expect(try await retention.deleteOldMetrics(now: now).isEmpty)
            _ = try await database.session.query(
                """
                INSERT INTO home_assistant_rollup_progress (connection_id, marked_until, time_zone) VALUES ($1, 'infinity', 'UTC')
                ON CONFLICT (connection_id) DO UPDATE SET marked_until = 'infinity'
                """, [.id(house.connection)])
            // As if the job had made what the new rows have marked.
            try await database.session.execute("DELETE FROM home_assistant_rollup_pending", name: "rolled_up")
            let gone = try await retention.deleteOldMetrics(now: now)
            #expect(
                gone == [
                    RetentionRecord(
                        connection: house.connection, table: "home_assistant_connection_metrics", rows: 2)
                ])
            let kept = try await database.scalar(
                "SELECT string_agg(metric_value::integer::text, ' ' ORDER BY timestamp) FROM home_assistant_connection_metrics"
            )
            #expect(kept == "80 10")
            let old = try await retention.deleteOld(now: now)
            #expect(old.map(\.table) == ["home_assistant_metrics_5_minutes"] && old.map(\.rows) == [1])
        }
    }
}
