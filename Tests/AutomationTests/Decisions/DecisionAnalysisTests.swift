import BridgeConcurrency
import BridgeCore
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct DecisionAnalysisTests {
    /// Just after the synthetic fortnight.
    private static let now = Timestamp(
        microseconds: Int64(SyntheticHouse.start) * 1_000
    ).adding(seconds: 14 * 86_400)

    @Test func findsTheRoutinesInTheDatabaseAndSaysThemOnce() async throws {
        try await DecisionDatabase.with { database, house in
            try await database.store(SyntheticHouse.events(seed: 3))
            _ = try await database.session.query(
                """
                INSERT INTO home_assistant_entities (connection_id, registry_id, entity_id, name)
                VALUES ($1, 'r1', 'light.hall_lamp', 'Hall lamp')
                """, [.id(house.id)])
            let analysis = DecisionAnalysis(database.pool)
            let report = try await analysis.run(house, now: Self.now)
            let routines = report.recorded.filter { $0.type == .creation || $0.type == .suggestion }
            #expect((3...4).contains(routines.count), "\(routines.map(\.description))")
            #expect(
                routines.contains { $0.description.contains("switch on “Hall lamp” when person.anna becomes “home”") })
            #expect(
                routines.contains { $0.description.contains("switch on switch.coffee_machine at 0") },
                "\(routines.map(\.description))")
            #expect(report.days == 14)

            // The same again; and as the bridge has grown older, and the routine is answered.
            #expect(try await analysis.run(house, now: Self.now).recorded.isEmpty)
            let decisions = DecisionRepository(database.pool)
            for (decision, answer) in zip(report.recorded, [DecisionFeedback.rejected, .approved, .modified]) {
                try await decisions.answer(decision.id, answer)
            }
            #expect(try await analysis.run(house, now: Self.now.adding(seconds: 3_600)).recorded.isEmpty)
            let connection = "WHERE feedback_on IS NULL"
            #expect(try await database.count("ai_decision_audit \(connection)") == report.recorded.count)
        }
    }

    @Test func readsEveryEventOnceWhateverThePageSize() async throws {
        try await DecisionDatabase.with { database, house in
            let events = SyntheticHouse.events(seed: 5, days: 2)
            try await database.store(events)
            let evidence = DecisionEvidenceRepository(database.pool)
            for size in [7, 100_000] {
                var read: [DecisionEvent] = []
                try await evidence.events(
                    of: house.id, from: Self.now.adding(seconds: -20 * 86_400), until: Self.now, zone: "Europe/Berlin",
                    pageSize: size
                ) { read += $0 }
                #expect(read.count == events.count)
                // Equal times come in the order of ids, which mean nothing.
                #expect(read.map(\.time) == events.map(\.time))
                #expect(read.allSatisfy { $0.zoneOffset == 3_600 })
            }
            #expect(try await evidence.knownZone("Mars/Olympus") == "UTC")
            #expect(try await evidence.knownZone("Europe/Berlin") == "Europe/Berlin")
        }
    }

    @Test func judgesAutomationsByTheirRunsAndEntities() async throws {
        try await DecisionDatabase.with { database, house in
            // The house was seen on every day, and the automation's light is gone.
            try await database.session.execute(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, old_state, new_state, timestamp)
                SELECT '\(house.id)', 'state_changed', 'light.other', 'off', 'on', '2026-11-15 12:00+00'::timestamptz - make_interval(days => day)
                FROM generate_series(0, 95) AS day;
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, old_state, new_state, timestamp)
                VALUES ('\(house.id)', 'state_changed', 'light.gone', 'on', 'off', '2026-10-01'),
                    ('\(house.id)', 'state_changed', 'light.gone', 'off', NULL, '2026-10-02');
                INSERT INTO automation_management
                    (id, connection_id, home_assistant_automation_id, name, lifecycle_state, created_at, last_seen_at)
                VALUES ('a0000000-0000-0000-0000-000000000002', '\(house.id)', 'broken', 'Broken', 'ACTIVE', '2026-10-01',
                        '2026-11-15 22:00+00'),
                    ('a0000000-0000-0000-0000-000000000003', '\(house.id)', 'blocked', 'Blocked', 'ACTIVE', '2026-10-01',
                        '2026-11-15 22:00+00');
                INSERT INTO automation_backup (automation_id, backup_name, backup_type, configuration_snapshot)
                VALUES ('a0000000-0000-0000-0000-000000000002', 'first', 'AUTOMATIC',
                    '{"triggers":[{"trigger":"state","entity_id":"light.gone"}],"actions":[{"action":"light.turn_on","target":{"entity_id":"light.other"}}]}');
                INSERT INTO automation_executions (automation_id, run_id, started_at, status, script_execution)
                SELECT 'a0000000-0000-0000-0000-000000000003', 'r' || n, '2026-11-15 12:00+00'::timestamptz - make_interval(hours => n),
                    CASE WHEN n % 20 = 0 THEN 'success' ELSE 'blocked' END, CASE WHEN n % 20 = 0 THEN 'finished' ELSE 'failed_single' END
                FROM generate_series(0, 99) AS n
                """)
            let report = try await DecisionAnalysis(database.pool).run(house, now: Self.now)
            #expect(report.automations == 3)
            let keys = Set(report.recorded.compactMap { $0.subjectKey.map { String($0.dropLast(2)) } })
            #expect(
                keys == [
                    "retire:idle:a0000000-0000-0000-0000-0000000000",
                    "retire:broken:a0000000-0000-0000-0000-0000000000",
                    "optimize:blocked:a0000000-0000-0000-0000-0000000000",
                ])
            let blocked = try #require(report.recorded.first { $0.type == .optimization })
            #expect(blocked.automationName == "Blocked")
            #expect(blocked.reason?.hasPrefix("95 of its last 100 triggers came to nothing.") == true)
        }
    }

    @Test func entitiesAreGoneOnlyOnEvidence() async throws {
        try await DecisionDatabase.with { database, house in
            try await database.session.execute(
                """
                INSERT INTO home_assistant_entities (connection_id, registry_id, entity_id, removed_at)
                VALUES ('\(house.id)', 'r1', 'light.removed', now()), ('\(house.id)', 'r2', 'light.new_name', NULL);
                INSERT INTO home_assistant_entity_renames (connection_id, registry_id, old_entity_id, new_entity_id)
                VALUES ('\(house.id)', 'r2', 'light.old_name', 'light.new_name');
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, old_state, new_state, timestamp)
                VALUES ('\(house.id)', 'state_changed', 'light.there', 'on', 'off', '2026-11-01')
                """)
            let gone = try await DecisionEvidenceRepository(database.pool).gone(
                ["light.removed", "light.new_name", "light.old_name", "light.there", "light.never_seen"], in: house.id)
            #expect(gone == ["light.removed": nil, "light.old_name": "light.new_name"])
        }
    }

    // MARK: Decisions

    private static func draft(_ key: String, covers: [String] = [], automation: AutomationID? = nil) -> DecisionDraft {
        let list = ([key] + covers).map { "\"\($0)\"" }.joined(separator: ",")
        return DecisionDraft(
            .suggestion, "Do \(key).", subjectKey: key, covers: covers, automation: automation, confidence: 80,
            input: "{}", output: #"{"covers":[\#(list)]}"#, reason: "Because.")
    }

    @Test func saysNothingTwice() async throws {
        try await DecisionDatabase.with { database, house in
            let decisions = DecisionRepository(database.pool)
            func record(_ drafts: [DecisionDraft], limit: Int = .max) async throws -> [String] {
                try await decisions.record(drafts, of: house.id, model: "test", limit: limit).compactMap(\.subjectKey)
            }
            let first = try await record([Self.draft("a", covers: ["b"])])
            let repeated = try await record([Self.draft("a"), Self.draft("b"), Self.draft("c", covers: ["a"])])
            let limited = try await record([Self.draft("d"), Self.draft("e")], limit: 1)
            let rest = try await record([Self.draft("d"), Self.draft("e")], limit: 1)
            // About an automation that this house does not have.
            let foreign = try await record([Self.draft("f", automation: AutomationID())])
            #expect([first, repeated, limited, rest, foreign] == [["a"], [], ["d"], ["e"], []])
        }
    }

    @Test func waitsForAnswersBeforeItSaysMore() async throws {
        try await DecisionDatabase.with { database, house in
            try await database.store(SyntheticHouse.events(seed: 3))
            var limits = DecisionAnalysis.Limits()
            limits.decisions = 2
            // The clock of the database is today's, and the house is of November 2026.
            try await database.session.execute(
                "ALTER TABLE ai_decision_audit ALTER created_at SET DEFAULT '2026-11-16'")
            let analysis = DecisionAnalysis(database.pool, limits: limits)
            let first = try await analysis.run(house, now: Self.now).recorded
            #expect(first.count == 2)
            #expect(try await analysis.run(house, now: Self.now).recorded.isEmpty)
            let answered = try #require(first.first)
            try await DecisionRepository(database.pool).answer(answered.id, .approved)
            #expect(try await analysis.run(house, now: Self.now).recorded.count == 1)
        }
    }

    @Test func saysItOnceEvenWhenManyAskAtOnce() async throws {
        try await DecisionDatabase.with { database, house in
            let decisions = DecisionRepository(database.pool)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await decisions.record([Self.draft("a"), Self.draft("b")], of: house.id, model: "test")
                            .count
                    }
                }
                var stored = 0
                for try await count in group { stored += count }
                #expect(stored == 2)
            }
        }
    }

    @Test func theNewestWordCounts() async throws {
        try await DecisionDatabase.with { database, house in
            let decisions = DecisionRepository(database.pool)
            let made = try await decisions.record([Self.draft("a")], of: house.id, model: "test")
            let decision = try #require(made.first)
            #expect(decision.feedback == .pending)
            try await decisions.answer(decision.id, .rejected, comment: "No.", by: house.userID)
            try await decisions.answer(decision.id, .approved, comment: "Yes, after all.", by: house.userID)
            let found = try await decisions.find(String(decision.id.description.prefix(6)))
            #expect(found.feedback == .approved)
            #expect(found.feedbackComment == "Yes, after all.")
            #expect(found.feedbackBy == "anna")
            #expect(try await decisions.list(connection: house.id).isEmpty)
            #expect(try await decisions.list(type: .suggestion, includesAnswered: true).count == 1)
            #expect(try await decisions.list(type: .retirement, includesAnswered: true).isEmpty)
            await #expect(throws: StoreError.self) { try await decisions.find("ffff") }
            await #expect(throws: StoreError.self) { try await decisions.find("%%%%") }
            // An answer is no decision.
            await #expect(throws: StoreError.self) { try await decisions.answer(DecisionID(), .approved) }
        }
    }

    @Test func writesNothingForAHouseThatAnotherBridgeSpeaksFor() async throws {
        try await DecisionDatabase.with { database, house in
            let claims = LeaseClaims(bridge: BridgeID(), epochs: [house.id: 1])
            let decisions = DecisionRepository(database.pool)
            let made = try await decisions.record([Self.draft("a")], of: house.id, model: "test", under: claims)
            #expect(made.isEmpty)
            #expect(try await database.count("ai_decision_audit") == 0)
        }
    }

    @Test func keeperAnalysesWhatItSpeaksForAndNothingElse() async throws {
        try await DecisionDatabase.with { database, house in
            try await database.session.execute(
                """
                INSERT INTO home_assistant_connections (name, url, encrypted_token, user_id)
                VALUES ('other', 'http://other.local:8123', 'v1.k1.n.c.t', '\(DecisionDatabase.owner)')
                """)
            let (passes, told) = AsyncStream.makeStream(of: ConnectionID.self)
            var pacing = DecisionKeeper.Pacing()
            pacing.first = .zero
            pacing.between = .milliseconds(1)
            pacing.look = .milliseconds(1)
            // It claims to hold the one house, and no lease of the other.
            let workplace = AutomationWorkplace(
                pool: database.pool, timer: DeadlineTimer(),
                claims: { $0 == house.id ? LeaseClaims(bridge: BridgeID(), epochs: [$0: 1]) : nil },
                logger: TestDatabase.quietLogger)
            let keeper = DecisionKeeper(workplace, pacing: pacing) { connection, _ in told.yield(connection) }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await keeper.run() }
                var seen: [ConnectionID] = []
                for await connection in passes {
                    seen.append(connection)
                    if seen.count == 3 { break }
                }
                group.cancelAll()
                #expect(seen == [house.id, house.id, house.id])
            }
        }
    }
}
