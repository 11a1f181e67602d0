import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

/// Retention against what a person would reckon by hand, over random rules and events.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct RetentionJobTests {
    private struct Rig {
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
    }

    private static let houses = ["c0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000002"]

    private static func with(_ body: (Rig) async throws -> Void) async throws {
        try await TestDatabase.withSchema { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration.taking(.writer), size: 4, logger: TestDatabase.quietLogger)
            let now = try #require(Timestamp(iso8601: "2026-11-15T12:00:00Z"))
            let rig = Rig(pool: pool, session: session, configuration: server.configuration, now: now)
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

    private static func insert(
        _ house: String, _ type: String, _ entity: String?, daysAgo: Double, key: Int? = nil
    ) -> String {
        """
        ('\(house)', '\(type)', \(entity.map { "'\($0)'" } ?? "NULL"), 'on',
            '2026-11-15 12:00:00+00'::timestamptz - \(daysAgo) * interval '1 day',
            \(key.map { "decode(lpad('\($0)', 32, '0'), 'hex')" } ?? "NULL"))
        """
    }

    private static let into = """
        INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp, embedding_key) VALUES
        """

    // MARK: Which rows

    private struct Event {
        let house: Int
        let type: String
        let entity: String?
        let daysAgo: Double
    }

    private struct Rule {
        let house: Int?
        let type: String?
        let domain: String?
        let glob: String?
        let days: Int?
        let priority: Int

        func fits(_ event: Event) -> Bool {
            if let house, house != event.house { return false }
            if let type, !Self.like(event.type, type) { return false }
            if let domain, event.entity?.split(separator: ".").first.map(String.init) != domain { return false }
            if let glob { return event.entity.map { Self.like($0, glob) } ?? false }
            return true
        }

        /// As the documentation has it: entity, glob, domain; then the type; then the house.
        var rank: [Int] {
            func isPattern(_ text: String) -> Bool { text.contains("*") || text.contains("?") }
            let entity = glob.map { isPattern($0) ? 2 : 3 } ?? (domain == nil ? 0 : 1)
            return [priority, entity, type.map { isPattern($0) ? 1 : 2 } ?? 0, house == nil ? 0 : 1, days ?? .max]
        }

        static func like(_ text: String, _ glob: String) -> Bool {
            guard let first = glob.first else { return text.isEmpty }
            if first == "*" {
                return like(text, String(glob.dropFirst())) || !text.isEmpty && like(String(text.dropFirst()), glob)
            }
            guard let letter = text.first, first == "?" || first == letter else { return false }
            return like(String(text.dropFirst()), String(glob.dropFirst()))
        }

        var sql: String {
            func quoted(_ text: String?) -> String { text.map { "'\($0)'" } ?? "NULL" }
            return """
                (\(quoted(house.map { RetentionJobTests.houses[$0] })), \(quoted(type)), \(quoted(domain)), \(quoted(glob)),
                    \(days.map(String.init) ?? "NULL"), \(priority))
                """
        }
    }

    @Test(arguments: 0..<4) func deletesWhatTheRulesSay(round: Int) async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("Seed of deletesWhatTheRulesSay: \(seed)")
        var generator = SeededGenerator(seed: seed)
        func pick<Element>(_ choices: [Element]) -> Element {
            choices[Int.random(in: choices.indices, using: &generator)]
        }
        let entities = ["sensor.a_power", "sensor.axpower", "sensor.b", "light.kitchen", "lock.door", "lock.gate"]
        let types = ["automation_triggered", "call_service", "zha_event", "a_b"]
        var events: [Event] = []
        for _ in 0..<400 {
            let isState = Int.random(in: 0..<4, using: &generator) > 0
            events.append(
                Event(
                    house: Int.random(in: 0...1, using: &generator), type: isState ? "state_changed" : pick(types),
                    entity: isState || Bool.random(using: &generator) ? pick(entities) : nil,
                    // Never on the edge of a day, where a rule would begin.
                    daysAgo: Double(Int.random(in: 0..<290, using: &generator)) + 0.5
                        + Double(Int.random(in: 0..<1_000, using: &generator)) / 10_000))
        }
        // Without rules about types there are fewer series: both ways count.
        let rules = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            Rule(
                house: pick([nil, nil, 0, 1]),
                type: round % 2 == 0 ? nil : pick([nil, "state_changed", "automation_*", "a?b", "zha_event"]),
                domain: pick([nil, nil, "sensor", "lock"]),
                glob: pick([nil, nil, "sensor.*power", "lock.door", "sensor.a_*"]),
                days: pick([nil, 10, 40, 150, 250]), priority: pick([0, 0, 0, 1]))
        }
        let days = pick([30, 90, 120])
        try await Self.with { rig in
            for start in stride(from: 0, to: events.count, by: 200) {
                let part = events[start..<min(start + 200, events.count)]
                try await rig.fill(
                    Self.into
                        + part.map { Self.insert(Self.houses[$0.house], $0.type, $0.entity, daysAgo: $0.daysAgo) }
                        .joined(separator: ","))
            }
            if !rules.isEmpty {
                try await rig.fill(
                    "INSERT INTO home_assistant_retention_rule (connection_id, event_type, domain, entity_glob, keep_days, priority) VALUES "
                        + rules.map(\.sql).joined(separator: ","))
            }
            func name(_ event: Event) -> String {
                "\(event.house + 1) \(event.type) \(event.entity ?? "-") \(Int((event.daysAgo * 10_000).rounded()))"
            }
            let expected = events.filter { event in
                let rule = rules.filter { $0.fits(event) }.max { left, right in
                    left.rank.lexicographicallyPrecedes(right.rank)
                }
                guard let keep = rule.map(\.days) ?? days, event.daysAgo > Double(keep) else { return true }
                // The newest state of an entity, and what came after it, stays.
                let newest = events.filter {
                    $0.house == event.house && $0.entity == event.entity && $0.type == "state_changed"
                }.map(\.daysAgo).min()
                return event.entity != nil && newest.map { event.daysAgo <= $0 } == true
            }
            let outcome = try await rig.job(days: days, rows: 7, vectors: 3).run()
            let left = try await rig.column(
                """
                SELECT right(connection_id::text, 1) || ' ' || event_type || ' ' || coalesce(entity_id, '-') || ' '
                    || round(extract(epoch FROM '2026-11-15 12:00:00+00'::timestamptz - timestamp) / 8.64)::bigint AS value
                FROM home_assistant_events
                """)
            #expect(left.sorted() == expected.map(name).sorted(), "seed \(seed)")
            #expect(outcome.items == events.count - expected.count, "seed \(seed)")
            // Every entity is known as before.
            let known = try await rig.scalar("SELECT count(*)::text AS value FROM home_assistant_latest_states")
            let houses = Set(
                events.filter { $0.type == "state_changed" }.map { "\($0.house) \($0.entity ?? "")" })
            #expect(known == "\(houses.count)", "seed \(seed)")
            #expect(try await rig.job(days: days).run().items == 0, "seed \(seed)")
        }
    }

    // MARK: Whole months

    @Test func dropsAMonthOfWhichLittleStaysWhileAWriterGoesOn() async throws {
        try await Self.with { rig in
            // More than a month of ten thousand rows, an entity that has said nothing since, and one that is kept by rule.
            try await rig.fill(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, attributes, timestamp)
                SELECT '\(Self.houses[0])', 'state_changed', 'sensor.s' || n % 20, n::text,
                    jsonb_build_object('text', repeat(md5(n::text), 30)), '2026-05-01 00:00:00+00'::timestamptz + n * interval '2 minutes'
                FROM generate_series(1, 20000) AS n;
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
                SELECT '\(Self.houses[0])', 'state_changed', 'sensor.s' || n, 'now', '2026-11-14 00:00:00+00' FROM generate_series(0, 19) AS n;
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp) VALUES
                    ('\(Self.houses[0])', 'state_changed', 'sensor.quiet', 'old', '2026-05-03 00:00:00+00'),
                    ('\(Self.houses[0])', 'state_changed', 'sensor.quiet', 'last', '2026-05-04 00:00:00+00'),
                    ('\(Self.houses[1])', 'state_changed', 'lock.door', 'locked', '2026-05-04 00:00:00+00'),
                    ('\(Self.houses[1])', 'state_changed', 'lock.door', 'unlocked', '2026-05-05 00:00:00+00');
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
                            VALUES ('\(Self.houses[0])', 'state_changed', 'sensor.live', $1, '2026-11-15 00:00:00+00'::timestamptz + $2::integer * interval '1 second')
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
                        connection: try #require(ConnectionID(Self.houses[0])),
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
        try await Self.with { rig in
            try await rig.fill("\(Self.into) \(Self.insert(Self.houses[0], "call_service", nil, daysAgo: 200))")
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
        try await Self.with { rig in
            let error = await #expect(throws: PostgresError.self) {
                try await rig.pool.withConnection { session in
                    _ = try await session.query(
                        "SELECT home_assistant_drop_event_month('home_assistant_events_y2026m05')")
                }
            }
            #expect(error?.sqlState == "55000")
        }
    }

    // MARK: Vectors

    @Test func whatStaysKeepsItsVector() async throws {
        try await Self.with { rig in
            // One key in one month: the row with the vector goes, three stay.
            let rows = [100.0, 99, 98, 85, 84, 83].map {
                Self.insert(Self.houses[0], "state_changed", "sensor.a", daysAgo: $0, key: 7)
            }
            try await rig.fill("\(Self.into) \(rows.joined(separator: ","))")
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

    // MARK: Interruption

    @Test func goesOnAfterAStopInTheMiddle() async throws {
        try await Self.with { rig in
            try await rig.fill(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
                SELECT '\(Self.houses[0])', 'state_changed', 'sensor.s' || n % 5, n::text,
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
        try await Self.with { rig in
            let rows = Self.houses.map { Self.insert($0, "call_service", nil, daysAgo: 200) }
            try await rig.fill("\(Self.into) \(rows.joined(separator: ",")); \(Self.mark(Self.houses[0]))")
            let outcome = try await rig.job().run()
            #expect(outcome.summary?.hasPrefix("Deleted 1 old row, with ") == true)
            #expect(outcome.summary?.hasSuffix("Events of 1 house wait for their roll-ups.") == true)
            let left = try await rig.scalar("SELECT max(connection_id::text) AS value FROM home_assistant_events")
            #expect(left == Self.houses[0])
        }
    }

    /// A late event, such as an imported one, that comes after retention has looked.
    @Test func keepsWhatComesWhileItWorks() async throws {
        try await Self.with { rig in
            try await rig.fill("\(Self.into) \(Self.insert(Self.houses[0], "call_service", nil, daysAgo: 200))")
            let partition = try #require(
                try await rig.partitions.list().first { $0.name == "home_assistant_events_y2026m04" })
            let month = try await rig.retention().look(at: partition, now: rig.now)
            try #require(month.groups.count == 1 && month.waiting.isEmpty)
            try await rig.fill(Self.mark(Self.houses[0]))
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
