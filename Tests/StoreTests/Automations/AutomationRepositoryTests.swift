import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct AutomationRepositoryTests {
    private static func entry(
        _ id: String, entity: String? = nil, name: String? = nil, state: LifecycleState? = .active, own: Bool = true
    ) -> AutomationListing.Entry {
        AutomationListing.Entry(
            homeAssistantID: id, hasOwnID: own, entityID: entity ?? "automation.\(id)", name: name ?? "Name of \(id)",
            mode: "single", isEnabled: state.map { $0 == .active }, state: state)
    }

    private static func merge(
        _ entries: [AutomationListing.Entry], gone: [String] = [], _ connection: ConnectionID, _ database: StoreDatabase
    ) async throws -> AutomationMerge {
        let merge = try await AutomationRepository(database.pool).merge(
            AutomationListing(entries: entries, gone: gone), of: connection)
        return try #require(merge)
    }

    @Test func findsByEachNameAndSaysWhenThatIsNotEnough() async throws {
        try await StoreDatabase.with { database in
            let repository = AutomationRepository(database.pool)
            let home = try await database.addConnection("home").id
            let cabin = try await database.addConnection("cabin").id
            _ = try await Self.merge(
                [Self.entry("a", name: "Night"), Self.entry("b", name: "Day"), Self.entry("c", name: "day")], home,
                database)
            _ = try await Self.merge([Self.entry("a", name: "Night")], cabin, database)
            let day = try await repository.find("b")
            #expect(day.name == "Day" && day.connectionName == "home")
            #expect(try await repository.find(day.id.description.uppercased()) == day)
            #expect(try await repository.find("automation.b") == day)
            #expect(try await repository.find("automation.a", connection: cabin).connectionID == cabin)
            let several = try await thrown(StoreError.self) { _ = try await repository.find("night") }
            #expect(several.code == .ambiguous && several.message.contains("--connection"))
            let two = try await thrown(StoreError.self) { _ = try await repository.find("DAY") }
            #expect(two.code == .ambiguous && two.message.contains("b of home, c of home"))
            let none = try await thrown(StoreError.self) { _ = try await repository.find("c'; DROP TABLE users; --") }
            #expect(none.code == .notFound)
            // One that is gone gives way to one that is there.
            _ = try await Self.merge([Self.entry("b", name: "Day")], gone: ["a", "c"], home, database)
            #expect(try await repository.find("day").homeAssistantID == "b")
            #expect(
                try await repository.list(connection: home, states: [.retired]).map(\.homeAssistantID) == ["c", "a"])
            #expect(try await repository.list(states: [.active]).count == 2)
        }
    }

    @Test func aSecondMergeOfTheSameTouchesNothing() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let entries = [Self.entry("a"), Self.entry("b", state: .paused), Self.entry("c", state: .unavailable)]
            let first = try await Self.merge(entries, home, database)
            #expect(first.added == 3 && first.rows.count == 3 && first.missing.isEmpty)
            let second = try await Self.merge(entries, home, database)
            #expect(second.isEmpty && second.rows == first.rows)
            #expect(try await database.column("SELECT DISTINCT version::text FROM automation_management") == ["1"])
            // While it is not certain, nothing moves; and a new one waits.
            let unsure = try await Self.merge(
                [Self.entry("a", state: nil), Self.entry("d", state: nil)], home, database)
            #expect(unsure.isEmpty && unsure.missing == ["b", "c"] && unsure.rows["d"] == nil)
        }
    }

    /// Ids that fit no column, or come twice, spoil nothing.
    @Test func leavesOutWhatItCannotHold() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let long = String(repeating: "ä", count: 300)
            let merge = try await Self.merge(
                [
                    Self.entry(long), Self.entry(""), Self.entry("a", name: long + "\0"),
                    Self.entry("a", name: "second"),
                    Self.entry("b", name: ""), Self.entry("quote\"\\\u{1}"),
                ], home, database)
            #expect(Set(merge.rows.keys) == ["a", "b", "quote\"\\\u{1}"])
            let names = try await AutomationRepository(database.pool).list().map(\.name)
            #expect(names.contains("automation.b") && names.contains(String(repeating: "ä", count: 255)))
        }
    }

    @Test func leavesProposalsAloneAndTakesUpWhatWasRejected() async throws {
        try await ManagedHouseRows.with { database, home in
            let merge = try await Self.merge(
                [Self.entry("proposed"), Self.entry("rejected")], home, database)
            #expect(merge.moves.map(\.homeAssistantID) == ["rejected"])
            let states = try await AutomationRepository(database.pool).list()
            #expect(states.first { $0.homeAssistantID == "proposed" }?.state == .proposed)
            #expect(states.first { $0.homeAssistantID == "rejected" }?.state == .active)
            // What is only proposed is not missing in Home Assistant.
            #expect(try await Self.merge([Self.entry("rejected")], gone: ["proposed"], home, database).isEmpty)
        }
    }

    @Test func writesNothingForAConnectionThatIsGone() async throws {
        try await StoreDatabase.with { database in
            let listing = AutomationListing(entries: [Self.entry("a")])
            let merge = try await AutomationRepository(database.pool).merge(listing, of: ConnectionID())
            #expect(merge == nil)
        }
    }

    @Test func storesAVersionOnlyWhenItIsNews() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let id = try #require(try await Self.merge([Self.entry("a")], home, database).rows["a"])
            let repository = AutomationRepository(database.pool)
            let backups = BackupRepository(database.pool)
            func record(_ digest: UInt8) async throws -> Int? {
                let bytes = [UInt8](repeating: digest, count: 32)
                let version = NewBackup(
                    name: "seen", type: .automatic, snapshot: #"{"n": \#(digest)}"#, digest: bytes)
                return try await repository.record(
                    AutomationRepository.Details(
                        automation: id, description: "d", problems: ["It, \"lacks\" {x}."], digest: bytes,
                        version: version), of: home)
            }
            #expect(try await record(1) == 1)
            #expect(try await record(1) == 0)
            #expect(try await record(2) == 2)
            #expect(try await record(1) == 3)
            let asked = NewBackup(
                name: "asked", type: .manual, snapshot: "{}", digest: [UInt8](repeating: 1, count: 32),
                sealedSecrets: "v1.x")
            #expect(try await backups.add(asked, of: id) == 4)
            #expect(try await record(1) == 0)
            #expect(try await backups.list(of: id).map(\.version) == [4, 3, 2, 1])
            #expect(try await backups.newest(of: [id])[id]?.sealedSecrets == "v1.x")
            #expect(try await backups.find(2, of: id).snapshot == #"{"n": 2}"#)
            let noVersion = try await thrown(StoreError.self) { _ = try await backups.find(9, of: id) }
            #expect(noVersion.code == .notFound)
            let noAutomation = try await thrown(StoreError.self) {
                _ = try await backups.add(asked, of: AutomationID())
            }
            #expect(noAutomation.code == .notFound)
            let stored = try #require(try await repository.find(id: id))
            #expect(stored.problems == ["It, \"lacks\" {x}."] && stored.description == "d")
            // Problems alone leave the description as it is.
            _ = try await repository.record(
                AutomationRepository.Details(automation: id, isRead: false, problems: []), of: home)
            #expect(try await repository.find(id: id)?.description == "d")
        }
    }

    @Test func readsTheLastStateOfEachEntity() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            _ = try await database.session.query(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, attributes, timestamp)
                VALUES ($1, 'state_changed', 'automation.a', 'off', '{"n": 1}', now() - interval '2 minutes'),
                    ($1, 'state_changed', 'automation.a', 'on', '{"n": 2}', now() - interval '1 minute'),
                    ($1, 'state_changed', 'automation.b', NULL, NULL, now()),
                    ($1, 'automation_triggered', 'automation.a', NULL, '{}', now())
                """, [.id(home)])
            let states = try await AutomationRepository(database.pool).latestStates(
                of: ["automation.a", "automation.b", "automation.c"], connection: home)
            #expect(states.count == 2)
            #expect(states["automation.a"]?.state == "on" && states["automation.a"]?.attributes == #"{"n": 2}"#)
            #expect(states["automation.b"].map { $0.state == nil } == true)
        }
    }
}

/// A connection with a proposed and a rejected automation.
private enum ManagedHouseRows {
    static func with(_ body: (StoreDatabase, ConnectionID) async throws -> Void) async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            _ = try await database.session.query(
                """
                INSERT INTO automation_management (connection_id, home_assistant_automation_id, name, lifecycle_state)
                VALUES ($1, 'proposed', 'p', 'PROPOSED'), ($1, 'rejected', 'r', 'PROPOSED')
                """, [.id(home)])
            _ = try await database.session.query(
                """
                SELECT automation_change_lifecycle(id, 'REJECTED', 'No.') FROM automation_management
                WHERE home_assistant_automation_id = 'rejected'
                """)
            try await body(database, home)
        }
    }
}
