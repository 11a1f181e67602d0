import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct RollupRepositoryTests {
    /// 2024-03-12 00:00 UTC.
    private static let midnight: Int64 = 1_710_201_600

    private func state(_ state: String?, at seconds: Int64, of entity: String = "sensor.power") -> PastState {
        PastState(entity: entity, at: Timestamp(microseconds: (Self.midnight + seconds) * 1_000_000), state: state)
    }

    private func fiveMinutes(_ house: RollupHouse, at seconds: Int64) async throws -> StoredRollup? {
        try await house.stored("5_minutes")["sensor.power"]?[Self.midnight + seconds]
    }

    @Test func keepsTheMarkOfWhatIsCommittedWhileItComputes() async throws {
        try await RollupHouse.with { house in
            let database = house.database
            try await house.copy([state("1", at: 10)])
            try await house.rollUp(steps: 1)
            let other = try await database.connect()
            try await other.execute("BEGIN", name: "begin")
            _ = try await other.query(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, value, timestamp)
                VALUES ($1, 'state_changed', 'sensor.power', '5', 5, to_timestamp($2::bigint))
                """, [.id(house.connection), .int(Self.midnight + 20)])
            _ = try await other.query(
                "SELECT home_assistant_mark_rollups(ARRAY[$1::uuid], ARRAY[$2::bigint])",
                [.id(house.connection), .int(Self.midnight / 300)])
            async let rolledUp = house.rollUp()
            // It has computed, and waits to delete the mark.
            while try await database.scalar(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND query LIKE '%DELETE FROM home_assistant_rollup_dirty%' AND pid <> pg_backend_pid()
                """) == "0"
            {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await other.execute("COMMIT", name: "commit")
            _ = try await rolledUp
            await other.close()
            // Whether in the same call or the next, the event counts.
            try await house.rollUp()
            #expect(try await house.marks() == 0)
            #expect(try await fiveMinutes(house, at: 0)?.samples == 2)
        }
    }

    @Test func leavesWhatIsNotOverForLater() async throws {
        try await RollupHouse.with { house in
            _ = try await house.database.session.query(
                """
                WITH added AS (
                    INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, value, timestamp)
                    VALUES ($1, 'state_changed', 'sensor.power', '5', 5, now() + interval '5 minutes')
                )
                INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start)
                VALUES ($1, date_bin('5 minutes', now() + interval '5 minutes', '2000-01-01Z'))
                """, [.id(house.connection)])
            try await house.rollUp()
            // The same bucket is in the history that is marked at the first time.
            #expect(try await house.marks() == 1)
            #expect(try await house.stored("5_minutes").isEmpty)
        }
    }

    /// What is marked, and whether that is due for a house that has made what was there before.
    @Test(arguments: [
        ("dirty", "now() - interval '4 minutes'", false),
        ("dirty", "now() - interval '5 minutes 20 seconds'", true),
        ("hour", "now() - interval '30 minutes'", false), ("hour", "now() - interval '1 hour 20 seconds'", true),
        ("metrics", "now() - interval '1 hour 20 seconds'", true),
        ("day", "home_assistant_day_start(now(), 'Asia/Kolkata')", false),
        ("day", "home_assistant_day_start(now() - interval '25 hours', 'Asia/Kolkata')", true),
        ("metrics_day", "home_assistant_day_start(now(), 'Asia/Kolkata')", false),
        ("metrics_day", "home_assistant_day_start(now() - interval '25 hours', 'Asia/Kolkata')", true),
    ])
    func isDueForWhatIsOver(kind: String, start: String, isOver: Bool) async throws {
        try await RollupHouse.with(zone: "Asia/Kolkata") { house in
            #expect(try await house.isDue(), "Nothing was ever made.")
            try await house.rollUp()
            #expect(try await !house.isDue())
            _ = try await house.database.session.query(
                kind == "dirty"
                    ? "INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start) VALUES ($1, \(start))"
                    : "INSERT INTO home_assistant_rollup_pending (connection_id, kind, bucket_start) VALUES ($1, '\(kind)', \(start))",
                [.id(house.connection)])
            #expect(try await house.isDue() == isOver)
        }
    }

    @Test func isDueInAnotherZoneUntilItIsRemoved() async throws {
        try await RollupHouse.with { house in
            try await house.rollUp()
            try await house.move(to: "Asia/Kolkata")
            #expect(try await house.isDue())
            _ = try await house.database.session.query("UPDATE home_assistant_connections SET removed_at = now()")
            #expect(try await !house.isDue())
        }
    }

    @Test func marksOnlyWhatIsNewOfASnapshot() async throws {
        try await RollupHouse.with { house in
            var old = state("1", at: 10)
            old.source = "snapshot"
            try await house.stage([old])
            try await house.rollUp()
            var new = state("2", at: 7_000)
            new.source = "snapshot"
            #expect(try await house.stage([old, new]) == 1)
            #expect(try await house.marks() == 1)
        }
    }

    @Test func neverMakesLessOfWhatHasLostItsEvents() async throws {
        try await RollupHouse.with { house in
            try await house.copy([state("1", at: 10), state("3", at: 160), state("8", at: 4_000)])
            try await house.rollUp()
            let before = try await house.stored("daily")["sensor.power"]?.values.first
            _ = try await house.database.session.query(
                "DELETE FROM home_assistant_events WHERE timestamp < to_timestamp($1::bigint)",
                [.int(Self.midnight + 300)])
            // Late, in a bucket that has lost its events, and in one that never had any.
            try await house.copy([state("100", at: 200), state("5", at: 400)])
            try await house.rollUp()
            #expect(try await fiveMinutes(house, at: 0)?.samples == 2)
            #expect(try await fiveMinutes(house, at: 0)?.maximum == 3)
            // It begins with what the bucket before ended with, although that has no events any more.
            #expect(try await fiveMinutes(house, at: 300)?.samples == 1)
            #expect(try await fiveMinutes(house, at: 300)?.minimum == 3)
            #expect(before?.samples == 3)
            #expect(try await house.stored("daily")["sensor.power"]?[Self.midnight]?.samples == 4)
        }
    }

    @Test func makesTheDaysAnewInAnotherTimeZone() async throws {
        try await RollupHouse.with { house in
            try await house.copy([state("1", at: 3_600), state("2", at: 80_000)])
            try await house.rollUp()
            #expect(try await house.stored("daily")["sensor.power"]?.keys.sorted() == [Self.midnight])
            try await house.move(to: "Asia/Kathmandu")
            try await house.rollUp()
            let start = Self.midnight - 20_700
            #expect(try await house.stored("daily")["sensor.power"]?.keys.sorted() == [start, start + 86_400])
        }
    }

    @Test func rollsUpWhatWasStoredBefore() async throws {
        try await RollupHouse.with { house in
            _ = try await house.database.session.query(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, value, timestamp)
                SELECT $1, 'state_changed', 'sensor.power', n::text, n, to_timestamp($2::bigint) + n * interval '20 days'
                FROM generate_series(1, 5) AS n
                """, [.id(house.connection), .int(Self.midnight)])
            let rollups = RollupRepository(house.database.pool)
            let day = Timestamp(microseconds: (Self.midnight + 86_400) * 1_000_000)
            #expect(try await rollups.isCurrent(house.connection, until: day) == false)
            // Half of it, and again from the beginning: it goes on.
            #expect(try await rollups.prepare(house.connection).isUnfinished)
            #expect(try await rollups.isCurrent(house.connection, until: day.adding(seconds: 30 * 86_400)) == false)
            try await house.rollUp()
            #expect(try await house.stored("5_minutes")["sensor.power"]?.count == 5)
            #expect(try await rollups.isCurrent(house.connection, until: day.adding(seconds: 30 * 86_400)))
            try await house.copy([state("9", at: 1)])
            #expect(try await rollups.isCurrent(house.connection, until: day) == false)
        }
    }

    @Test func goesWithItsConnection() async throws {
        try await RollupHouse.with { house in
            try await house.copy([state("1", at: 10)])
            try await house.rollUp()
            try await house.copy([state("2", at: 20)])
            _ = try await house.database.session.query(
                "DELETE FROM home_assistant_connections WHERE id = $1", [.id(house.connection)])
            for table in ["states_5_minutes", "states_hourly", "states_daily", "rollup_dirty", "rollup_pending"] {
                #expect(
                    try await house.database.scalar("SELECT count(*) FROM home_assistant_\(table)") == "0", "\(table)")
            }
            #expect(try await house.rollUp() == RollupStep())
        }
    }

    @Test func rollsUpMetricsAndWhatComesLate() async throws {
        try await RollupHouse.with { house in
            let metrics = ConnectionMetricsRepository(house.database.pool)
            func sample(_ value: Double, at seconds: Int64) -> MetricSample {
                MetricSample(
                    connectionID: house.connection, type: "latency", value: value,
                    timestamp: Timestamp(microseconds: (Self.midnight + seconds) * 1_000_000))
            }
            try await metrics.append([sample(2, at: 0), sample(4, at: 60), sample(9, at: 600)])
            try await house.rollUp()
            try await metrics.append([sample(5, at: 120), sample(1, at: 4_000)])
            try await house.rollUp()
            let rows = try await house.database.column(
                """
                SELECT concat_ws(' ', level, extract(epoch FROM bucket_start)::bigint - \(Self.midnight), sample_count, minimum,
                    maximum, round(mean::numeric, 3), last_value)
                FROM (
                    SELECT 1 AS level, * FROM home_assistant_metrics_5_minutes
                    UNION ALL SELECT 2, * FROM home_assistant_metrics_hourly
                    UNION ALL SELECT 3, * FROM home_assistant_metrics_daily
                ) AS rollup ORDER BY level, bucket_start
                """)
            #expect(
                rows == [
                    "1 0 3 2 5 3.667 5", "1 600 1 9 9 9.000 9", "1 3900 1 1 1 1.000 1", "2 0 4 2 9 5.000 9",
                    "2 3600 1 1 1 1.000 1", "3 0 5 1 9 4.200 1",
                ])
        }
    }

    /// Numbers at the ends of their range spoil neither their own row nor those of others.
    @Test func copesWithNumbersAtTheEndsOfTheirRange() async throws {
        try await RollupHouse.with { house in
            var states: [PastState] = []
            for (index, text) in ["1.7e308", "-1.7e308", "5e-324", "1e-300", "0", "1.7e308"].enumerated() {
                for kind in ["measurement", "total", "total_increasing"] {
                    var state = state(text, at: Int64(index) * 700 + 1, of: "sensor.\(kind)")
                    state.stateClass = kind
                    states.append(state)
                }
            }
            try await house.copy(states)
            try await house.rollUp()
            #expect(try await house.marks() == 0)
            #expect(try await house.stored("daily").count == 3)
        }
    }

    @Test func leavesStatisticsWhereEventsDoNotTellOfAllOfTheTime() async throws {
        try await RollupHouse.with { house in
            for table in ["5_minutes", "hourly"] {
                _ = try await house.database.writer.query(
                    """
                    INSERT INTO home_assistant_states_\(table) (connection_id, entity_id, bucket_start, mean, known_seconds, source)
                    SELECT $1, 'sensor.power', to_timestamp($2::bigint) + n * interval '1 hour', 3, 300, 'statistics'
                    FROM generate_series(0, 1) AS n
                    """, [.id(house.connection), .int(Self.midnight)])
            }
            try await house.copy([state("1", at: 10), state("2", at: 3_610)])
            try await house.rollUp()
            let rows = try await house.database.column(
                "SELECT source FROM home_assistant_states_5_minutes ORDER BY bucket_start")
            #expect(rows == ["events", "events"])
            #expect(
                try await house.database.column("SELECT source FROM home_assistant_states_hourly ORDER BY bucket_start")
                    == ["statistics", "events"])
        }
    }
}
