import BridgeConcurrency
import BridgeCore
import PostgresClient
import Store
import TestSupport
import Testing

/// Months that go as a whole, and the locks that it takes.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct RetentionMonthTests {
    @Test func dropsAMonthOfWhichLittleStaysWhileAWriterGoesOn() async throws {
        try await RetentionRig.with { rig in
            // More than a month of ten thousand rows, an entity that has said nothing since, and one that is kept by rule.
            try await rig.fill(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, attributes, timestamp)
                SELECT '\(RetentionRig.houses[0])', 'state_changed', 'sensor.s' || n % 20, n::text,
                    jsonb_build_object('text', repeat(md5(n::text), 30)), '2026-05-01 00:00:00+00'::timestamptz + n * interval '2 minutes'
                FROM generate_series(1, 20000) AS n;
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
                SELECT '\(RetentionRig.houses[0])', 'state_changed', 'sensor.s' || n, 'now', '2026-11-14 00:00:00+00' FROM generate_series(0, 19) AS n;
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp) VALUES
                    ('\(RetentionRig.houses[0])', 'state_changed', 'sensor.quiet', 'old', '2026-05-03 00:00:00+00'),
                    ('\(RetentionRig.houses[0])', 'state_changed', 'sensor.quiet', 'last', '2026-05-04 00:00:00+00'),
                    ('\(RetentionRig.houses[1])', 'state_changed', 'lock.door', 'locked', '2026-05-04 00:00:00+00'),
                    ('\(RetentionRig.houses[1])', 'state_changed', 'lock.door', 'unlocked', '2026-05-05 00:00:00+00');
                INSERT INTO home_assistant_retention_rule (domain, keep_days) VALUES ('lock', NULL);
                """)
            let before = try await rig.scalar(
                "SELECT oid::text AS value FROM pg_class WHERE relname = 'home_assistant_events_y2026m05'")
            let records = LockedBox<[RetentionRecord]>([])
            let isDone = LockedBox(false)
            let pool = rig.pool
            // A writer of this moment, which a lock that is held would fail: it waits for less than the job may hold one.
            let writer = Task {
                var written = 0
                while !isDone.withLock({ $0 }) || written < 50 {
                    try await pool.withConnection { session in
                        _ = try await session.query(
                            """
                            INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
                            VALUES ('\(RetentionRig.houses[0])', 'state_changed', 'sensor.live', $1, '2026-11-15 00:00:00+00'::timestamptz + $2::integer * interval '1 second')
                            """, [.text("\(written)"), .int(Int64(written))])
                    }
                    written += 1
                }
                return written
            }
            let outcome = try await rig.job(audit: { record in records.withLock { $0 += record } }).run()
            isDone.withLock { $0 = true }
            let written = try await writer.value
            #expect(outcome.items == 20_001)
            #expect(outcome.summary?.hasPrefix("Deleted 20001 old rows, with ") == true)
            #expect(
                records.withLock { $0 }.filter { $0.rows > 0 } == [
                    RetentionRecord(
                        connection: try #require(ConnectionID(RetentionRig.houses[0])),
                        table: "home_assistant_events_y2026m05", rows: 20_001, isDropped: true)
                ])
            let after = try await rig.scalar(
                "SELECT oid::text AS value FROM pg_class WHERE relname = 'home_assistant_events_y2026m05'")
            #expect(after != before)
            let kept = try await rig.column(
                "SELECT entity_id || ' ' || new_state AS value FROM home_assistant_events_y2026m05 ORDER BY timestamp, entity_id"
            )
            #expect(kept == ["lock.door locked", "sensor.quiet last", "lock.door unlocked"])
            let live = try await rig.scalar(
                "SELECT count(*)::text AS value FROM home_assistant_events WHERE entity_id = 'sensor.live'")
            #expect(live == "\(written)")
            // The new one is a month like every other: the writer's alone.
            let rights = try await rig.scalar(
                "SELECT (has_table_privilege('ha_bridge_writer', 'home_assistant_events_y2026m05', 'INSERT') AND NOT has_table_privilege('ha_bridge_reader', 'home_assistant_events_y2026m05', 'SELECT'))::text AS value"
            )
            #expect(rights == "true")
        }
    }

    @Test func waitsForNobodyWhoHoldsTheTableAndComesAgain() async throws {
        try await RetentionRig.with { rig in
            try await rig.fill(
                "\(RetentionRig.into) \(RetentionRig.insert(RetentionRig.houses[0], "call_service", nil, daysAgo: 200))"
            )
            let other = try await PostgresConnection.connect(rig.configuration, logger: TestDatabase.quietLogger)
            // A transaction that reads for long, and one that writes.
            try await other.execute("BEGIN; LOCK TABLE ONLY home_assistant_events IN ROW EXCLUSIVE MODE")
            let outcome = try await rig.job().run()
            #expect(outcome.items == 0)
            #expect(outcome.summary == "Some were in use and go with the next run.")
            // Nothing waits, so nothing waits behind it.
            let waiting = try await rig.scalar(
                "SELECT count(*)::text AS value FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            #expect(waiting == "0")
            try await other.execute("COMMIT")
            #expect(try await rig.job().run().items == 1)
            await other.close()
        }
    }

    @Test func aLockWithoutALimitIsRefused() async throws {
        try await RetentionRig.with { rig in
            let error = await #expect(throws: PostgresError.self) {
                try await rig.pool.withConnection { session in
                    _ = try await session.query(
                        "SELECT home_assistant_drop_event_month('home_assistant_events_y2026m05')")
                }
            }
            #expect(error?.sqlState == "55000")
        }
    }
}
