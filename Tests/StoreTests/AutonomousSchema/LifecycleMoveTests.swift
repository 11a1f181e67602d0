import PostgresClient
import Testing

@testable import Store

/// The lifecycle of an automation: which moves are legal, and what is kept of them.
@Suite(.needsPostgres) struct LifecycleMoveTests {
    private static let states = [
        "PROPOSED", "PENDING_APPROVAL", "ACTIVE", "DEGRADED", "PAUSED", "UNAVAILABLE", "RETIRED", "REJECTED",
    ]

    /// Written down apart from the migration, so that a slip of either is found.
    private static let legal: [String: Set<String>] = [
        "PROPOSED": ["PENDING_APPROVAL", "REJECTED"],
        "PENDING_APPROVAL": ["ACTIVE", "PAUSED", "UNAVAILABLE", "REJECTED"],
        "ACTIVE": ["DEGRADED", "PAUSED", "UNAVAILABLE", "RETIRED"],
        "DEGRADED": ["ACTIVE", "PAUSED", "UNAVAILABLE", "RETIRED"],
        "PAUSED": ["ACTIVE", "DEGRADED", "UNAVAILABLE", "RETIRED"],
        "UNAVAILABLE": ["ACTIVE", "DEGRADED", "PAUSED", "RETIRED"],
        "RETIRED": ["ACTIVE", "PAUSED", "UNAVAILABLE", "PROPOSED"],
        "REJECTED": ["PROPOSED", "RETIRED"],
    ]

    private static let history = """
        SELECT coalesce(previous_state, '-') || ' ' || new_state || ': ' || change_reason
        FROM automation_lifecycle_history WHERE automation_id = '\(ManagedHouse.automation)' ORDER BY sequence
        """

    private static func move(to state: String, reason: String = "Because") -> String {
        "SELECT automation_change_lifecycle('\(ManagedHouse.automation)', '\(state)', '\(reason)')"
    }

    /// Puts the automation into a state without a move, as nothing but a test may.
    private func put(_ state: String, in database: StoreDatabase) async throws {
        try await database.session.execute(
            """
            ALTER TABLE automation_management DISABLE TRIGGER USER;
            UPDATE automation_management SET lifecycle_state = '\(state)' WHERE id = '\(ManagedHouse.automation)';
            ALTER TABLE automation_management ENABLE TRIGGER USER
            """)
    }

    @Test func everyPairOfStatesIsLegalOrRefused() async throws {
        try await ManagedHouse.with { database in
            for state in Self.states {
                for next in Self.states where next != state {
                    try await put(state, in: database)
                    let update = """
                        UPDATE automation_management SET lifecycle_state = '\(next)' WHERE id = '\(ManagedHouse.automation)'
                        """
                    if Self.legal[state, default: []].contains(next) {
                        // Without its approval a creation does not come to life.
                        if state == "PENDING_APPROVAL", next != "REJECTED" {
                            try await database.expectRefused(update, "HB003")
                        } else {
                            await #expect(throws: Never.self, "\(state) to \(next)") {
                                try await database.session.execute(update)
                            }
                        }
                    } else {
                        try await database.expectRefused(update, "HB002")
                    }
                }
            }
        }
    }

    @Test(arguments: states) func beginsOnlyWhereItMay(state: String) async throws {
        try await ManagedHouse.with { database in
            let row = BadValue("none", "automation_management", ["lifecycle_state": "'\(state)'"])
            if ["PROPOSED", "ACTIVE", "PAUSED", "UNAVAILABLE"].contains(state) {
                try await database.session.execute(row.sql)
                let first = try await database.scalar(
                    """
                    SELECT new_state FROM automation_lifecycle_history AS history
                    JOIN automation_management AS automation ON automation.id = automation_id
                    WHERE home_assistant_automation_id = 'new' AND previous_state IS NULL
                    """)
                #expect(first == state)
            } else {
                try await database.expectRefused(row.sql, "HB002")
            }
        }
    }

    @Test func eachMoveLeavesItsReason() async throws {
        try await ManagedHouse.with { database in
            let person = ManagedHouse.user(2)
            #expect(
                try await database.scalar(
                    """
                    SELECT automation_change_lifecycle(
                        '\(ManagedHouse.automation)', 'PAUSED', 'Guests sleep here', '\(person)', 'It wakes people.')
                    """) == "t")
            #expect(try await database.scalar(Self.move(to: "PAUSED")) == "f")
            try await database.session.execute(
                "UPDATE automation_management SET lifecycle_state = 'ACTIVE' WHERE id = '\(ManagedHouse.automation)'")
            #expect(
                try await database.column(Self.history)
                    == [
                        "- ACTIVE: Found in Home Assistant, switched on.",
                        "ACTIVE PAUSED: Guests sleep here",
                        "PAUSED ACTIVE: Changed by the database role "
                            + (try await database.scalar("SELECT current_user") ?? "") + "; no reason was given.",
                    ])
            let known = try await database.scalar(
                """
                SELECT changed_by || ' ' || ai_reasoning || ' ' || user_approval_required || ' ' || connection_id
                FROM automation_lifecycle_history WHERE new_state = 'PAUSED'
                """)
            #expect(known == "\(person) It wakes people. false \(ManagedHouse.connection)")
        }
    }

    @Test func aReasonIsNotKeptForTheNextMove() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(
                """
                BEGIN;
                \(Self.move(to: "PAUSED", reason: "First"));
                UPDATE automation_management SET lifecycle_state = 'ACTIVE' WHERE id = '\(ManagedHouse.automation)';
                \(Self.move(to: "DEGRADED", reason: "Third"));
                COMMIT
                """)
            let reasons = try await database.column(Self.history)
            #expect(reasons.count == 4 && reasons[1].hasSuffix(": First") && reasons[3].hasSuffix(": Third"))
            #expect(reasons[2].hasSuffix("no reason was given."))
        }
    }

    @Test func aMoveByFunctionNeedsAReason() async throws {
        try await ManagedHouse.with { database in
            try await database.expectRefused(Self.move(to: "PAUSED", reason: " "), "22023")
            let error = try await database.refusal(of: Self.move(to: "PROPOSED"))
            #expect(error.message.contains("cannot move from ACTIVE to PROPOSED"))
            #expect(error.hint?.contains("DEGRADED, PAUSED, RETIRED, UNAVAILABLE") == true)
        }
    }

    @Test func activityFollowsTheState() async throws {
        try await ManagedHouse.with { database in
            let isActive = "SELECT is_active FROM automation_management WHERE id = '\(ManagedHouse.automation)'"
            #expect(try await database.scalar(isActive) == "t")
            _ = try await database.scalar(Self.move(to: "RETIRED"))
            #expect(try await database.scalar(isActive) == "f")
            _ = try await database.scalar(Self.move(to: "ACTIVE"))
            #expect(try await database.scalar(isActive) == "t")
            try await database.expectRefused("UPDATE automation_management SET is_active = false", "428C9")
        }
    }

    @Test func oneOfTwoMovesAtOnceIsTheFirst() async throws {
        try await ManagedHouse.with { database in
            let other = try await database.connect()
            try await database.session.execute("BEGIN; \(Self.move(to: "RETIRED", reason: "Gone"))")
            let late = Task { try await other.query(Self.move(to: "DEGRADED", reason: "Fails")) }
            // Only while the other one waits for the row is this a race.
            let waiting =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            while try await database.scalar(waiting) == "0" { await Task.yield() }
            try await database.session.execute("COMMIT")
            let error = try await thrown(PostgresError.self) { _ = try await late.value }
            #expect(error.sqlState == "HB002")
            #expect(try await database.column(Self.history).last == "ACTIVE RETIRED: Gone")
            await other.close()
        }
    }

    @Test func theHistoryIsNotRewritten() async throws {
        try await ManagedHouse.with { database in
            for sql in [
                "UPDATE automation_lifecycle_history SET change_reason = 'Other'",
                "UPDATE automation_lifecycle_history SET new_state = 'PAUSED'",
                "UPDATE automation_lifecycle_history SET changed_by = '\(ManagedHouse.user(3))'",
                "TRUNCATE automation_lifecycle_history",
            ] {
                try await database.expectRefused(sql, "42501")
            }
        }
    }

    @Test func anIdIsUniqueWithinItsHouseAlone() async throws {
        try await ManagedHouse.with { database in
            let again = BadValue("none", "automation_management", ["home_assistant_automation_id": "'night_light'"])
            try await database.expectRefused(again.sql, "23505")
            let other = try await database.addConnection("cabin", owner: "user2")
            let there = BadValue(
                "none", "automation_management",
                [
                    "home_assistant_automation_id": "'night_light'",
                    "connection_id": "'\(other.id.uuid.uuidString)'",
                ])
            try await database.session.execute(there.sql)
        }
    }
}
