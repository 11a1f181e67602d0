import BridgeCore
import PostgresClient
import Testing

@testable import Store

/// Emergency stops as rows: engaged once, released once, and nothing written between.
@Suite(.needsPostgres) struct EmergencyStopTests {
    private static let house = ConnectionID(ManagedHouse.connection) ?? ConnectionID()
    private static func person(_ number: Int) -> UserID { ApprovalRepositoryTests.person(number) }

    @Test func engagingTwiceTellsWhoWasFirst() async throws {
        try await ManagedHouse.with { database in
            let stops = EmergencyStopRepository(database.pool)
            let first = try await stops.engage(nil, reason: "Smoke", by: Self.person(2), account: "anna", at: .now)
            let second = try await stops.engage(nil, reason: "Water", by: Self.person(3), at: .now)
            #expect(first.isNew && !second.isNew)
            #expect(second.stop == first.stop && second.stop.engagedByName == "user2")
            #expect(
                second.stop.sentence.contains("every house") && second.stop.sentence.hasSuffix("by user2: “Smoke”."))
            // One for a house beside the one for all.
            let house = try await stops.engage(Self.house, reason: "Drill", by: nil, at: .now)
            #expect(house.isNew && house.stop.connectionName == "home")
            #expect(try await stops.engaged().count == 2)
            #expect(
                try await database.column(
                    "SELECT action_type || ' ' || coalesce(connection_id::text, '-') FROM automation_audit_trail ORDER BY timestamp"
                )
                    == ["EMERGENCY_STOP -", "EMERGENCY_STOP \(ManagedHouse.connection)"])
        }
    }

    @Test func aReleaseEndsOnlyTheStopThatItNames() async throws {
        try await ManagedHouse.with { database in
            let stops = EmergencyStopRepository(database.pool)
            _ = try await stops.engage(nil, reason: "Smoke", by: nil, at: .now)
            _ = try await stops.engage(Self.house, reason: "Drill", by: nil, at: .now)
            let released = try await stops.release(nil, reason: "It was toast.", by: Self.person(1), at: .now)
            #expect(released.releasedByName == "user1" && released.releaseReason == "It was toast.")
            #expect(try await stops.engaged().map(\.connection) == [Self.house])
            #expect(try await database.scalar("SELECT automation_writes_allowed('\(ManagedHouse.connection)')") == "f")
            _ = try await stops.release(Self.house, reason: "Over.", by: nil, at: .now)
            #expect(try await stops.engaged().isEmpty)
            #expect(try await stops.released().count == 2)
            let nothing = try await thrown(ApprovalRefusal.self) {
                _ = try await stops.release(nil, reason: "Again", by: nil, at: .now)
            }
            #expect(nothing.code == .notFound)
            let blank = try await thrown(ApprovalRefusal.self) {
                _ = try await stops.engage(nil, reason: " \n", by: nil, at: .now)
            }
            #expect(blank.code == .invalid)
        }
    }

    @Test func manyHandsEngageOneStop() async throws {
        try await ManagedHouse.with { database in
            let stops = EmergencyStopRepository(database.pool)
            let fresh = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...8 {
                    group.addTask {
                        try await stops.engage(nil, reason: "Smoke \(number)", by: Self.person(number), at: .now).isNew
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(fresh == 1)
            #expect(try await stops.engaged().count == 1)
            #expect(try await database.scalar("SELECT count(*) FROM automation_audit_trail") == "1")
        }
    }

    @Test func theLockOfWritesDecidesWhereThereIsOne() async throws {
        try await ManagedHouse.with { database in
            let stops = EmergencyStopRepository(database.pool)
            try await database.session.execute(
                """
                CREATE OR REPLACE FUNCTION automation_lock_writes(p_connection uuid) RETURNS boolean LANGUAGE sql
                AS 'SELECT false'
                """)
            #expect(try await stops.whileWritesAreAllowed(to: Self.house) { "written" } == nil)
            #expect(try await stops.allowsWrites(to: Self.house))
        }
    }

    @Test func nothingIsWrittenWhileOneHolds() async throws {
        try await ManagedHouse.with { database in
            let stops = EmergencyStopRepository(database.pool)
            #expect(try await stops.whileWritesAreAllowed(to: Self.house) { "written" } == "written")
            _ = try await stops.engage(Self.house, reason: "Smoke", by: nil, at: .now)
            #expect(try await stops.whileWritesAreAllowed(to: Self.house) { "written" } == nil)
            _ = try await stops.release(Self.house, reason: "Over", by: nil, at: .now)
            #expect(try await stops.whileWritesAreAllowed(to: Self.house) { "written" } == "written")
        }
    }
}
