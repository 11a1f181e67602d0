import BridgeConcurrency
import Maintenance
import Store
import TestSupport
import Testing

/// What stays whole when rows go one by one, and what waits.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct RetentionJobTests {
    @Test func whatStaysKeepsItsVector() async throws {
        try await RetentionRig.with { rig in
            // One key in one month: the row with the vector goes, three stay.
            let rows = [100.0, 99, 98, 85, 84, 83].map {
                RetentionRig.insert(RetentionRig.houses[0], "state_changed", "sensor.a", daysAgo: $0, key: 7)
            }
            try await rig.fill("\(RetentionRig.into) \(rows.joined(separator: ","))")
            try await rig.fill(
                """
                UPDATE home_assistant_events SET embedding_vector = array_fill(0.5, ARRAY[1536])::vector, embedder_version = 'x'
                WHERE timestamp = (SELECT min(timestamp) FROM home_assistant_events);
                UPDATE home_assistant_events AS event SET exemplar_id = exemplar.id FROM home_assistant_events AS exemplar
                WHERE exemplar.embedding_vector IS NOT NULL AND event.tableoid = exemplar.tableoid
                """)
            let months = try await rig.scalar(
                "SELECT count(DISTINCT tableoid)::text AS value FROM home_assistant_events")
            try #require(months == "1")
            #expect(try await rig.job().run().items == 3)
            let stray = try await rig.scalar(
                """
                SELECT count(*)::text AS value FROM home_assistant_events AS event
                WHERE NOT EXISTS (SELECT FROM home_assistant_events AS exemplar WHERE exemplar.id = event.exemplar_id
                    AND exemplar.embedding_vector IS NOT NULL AND exemplar.tableoid = event.tableoid)
                """)
            #expect(stray == "0")
            let vectors = try await rig.scalar(
                "SELECT count(*) FILTER (WHERE embedding_vector IS NOT NULL) || ' of ' || count(*) AS value FROM home_assistant_events"
            )
            #expect(vectors == "1 of 3")
        }
    }

    @Test func goesOnAfterAStopInTheMiddle() async throws {
        try await RetentionRig.with { rig in
            try await rig.fill(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
                SELECT '\(RetentionRig.houses[0])', 'state_changed', 'sensor.s' || n % 5, n::text,
                    '2026-08-01 00:00:00+00'::timestamptz + n * interval '10 minutes'
                FROM generate_series(1, 3000) AS n
                """)
            let runner = LockedBox<Task<JobOutcome, any Error>?>(nil)
            let job = rig.job(
                rows: 50,
                progress: { progress in if progress.rows >= 200 { runner.withLock { $0?.cancel() } } })
            let task = Task { try await job.run() }
            runner.withLock { $0 = task }
            _ = try? await task.value
            let half = try await rig.scalar("SELECT count(*)::text AS value FROM home_assistant_events")
            #expect(half != "0")
            _ = try await rig.job().run()
            let old = try await rig.scalar(
                "SELECT count(*)::text AS value FROM home_assistant_events WHERE timestamp < '2026-08-17 12:00:00+00'")
            #expect(old == "0")
            let left = try await rig.scalar("SELECT count(*)::text AS value FROM home_assistant_events")
            // Of 2026-08-17 12:00 and later: 3000 events of ten minutes each reach to the 21st.
            #expect(left == "625")
        }
    }

    /// A mark of a bucket as old as the events of which these tests speak.
    private static func mark(_ house: String) -> String {
        "INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start) VALUES ('\(house)', '2026-04-29 12:00:00+00')"
    }

    @Test func keepsWhatIsNotRolledUpYet() async throws {
        try await RetentionRig.with { rig in
            let rows = RetentionRig.houses.map { RetentionRig.insert($0, "call_service", nil, daysAgo: 200) }
            try await rig.fill(
                "\(RetentionRig.into) \(rows.joined(separator: ",")); \(Self.mark(RetentionRig.houses[0]))")
            let outcome = try await rig.job().run()
            #expect(outcome.summary?.hasPrefix("Deleted 1 old row, with ") == true)
            #expect(outcome.summary?.hasSuffix("Events of 1 house wait for their roll-ups.") == true)
            let left = try await rig.scalar("SELECT max(connection_id::text) AS value FROM home_assistant_events")
            #expect(left == RetentionRig.houses[0])
        }
    }

    /// A late event, such as an imported one, that comes after retention has looked.
    @Test func keepsWhatComesWhileItWorks() async throws {
        try await RetentionRig.with { rig in
            try await rig.fill(
                "\(RetentionRig.into) \(RetentionRig.insert(RetentionRig.houses[0], "call_service", nil, daysAgo: 200))"
            )
            let partition = try #require(
                try await rig.partitions.list().first { $0.name == "home_assistant_events_y2026m04" })
            let month = try await rig.retention().look(at: partition, now: rig.now)
            try #require(month.groups.count == 1 && month.waiting.isEmpty)
            try await rig.fill(Self.mark(RetentionRig.houses[0]))
            #expect(try await rig.retention().replace(month, recreating: false) == .isNotRolledUp)
            for vectors in [false, true] {
                let gone = try await rig.retention().delete(month.groups[0], of: month, vectors: vectors, limit: 10)
                #expect(gone.isEmpty)
            }
            try await rig.fill("DELETE FROM home_assistant_rollup_dirty")
            let gone = try await rig.retention().delete(month.groups[0], of: month, vectors: false, limit: 10)
            #expect(gone.values.reduce(0, +) == 1)
        }
    }
}
