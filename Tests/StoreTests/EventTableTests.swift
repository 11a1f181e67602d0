import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct EventTableTests {
    private func rows(_ count: Int, connection: ConnectionID = ConnectionID()) -> [EventRow] {
        (0..<count).map { index in
            EventRow(
                connection: connection, timestamp: Timestamp.now.adding(seconds: Int64(-index)),
                value: Double(index) / 4)
        }
    }

    private func count(_ database: StoreDatabase) async throws -> Int {
        try await EventRepository(database.pool).count()
    }

    @Test func copiesRowsAsTheyWereEncoded() async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection("home")
            var row = rows(1, connection: connection.id)[0]
            row.new = "21.5 °C 🌡"
            row.old = nil
            row.value = 21.5
            row.timestamp = .sample
            #expect(try await EventTable.copyDirect(database.writer, rows: [row], size: 7) == 1)
            let stored = try #require(try await EventRepository(database.pool).recent().first)
            #expect(stored.id.uuid == row.id && stored.connectionID == connection.id && stored.connectionName == "home")
            #expect(stored.eventType == "state_changed" && stored.entityID == "light.kitchen")
            #expect(stored.oldState == nil && stored.newState == "21.5 °C 🌡" && stored.value == 21.5)
            #expect(stored.attributes == #"{"brightness": 120, "friendly_name": "Küche"}"#)
            #expect(stored.timestamp == .sample && stored.source == "live" && stored.contextID == "01HV")
            #expect(stored.contextParentID == nil && stored.createdAt != nil)
        }
    }

    @Test func directFailsOnADuplicateAndStoresNothing() async throws {
        try await StoreDatabase.with { database in
            let all = rows(50)
            #expect(try await EventTable.copyDirect(database.writer, rows: [all[30]]) == 1)
            let error = try await thrown(PostgresError.self) {
                _ = try await EventTable.copyDirect(database.writer, rows: all)
            }
            #expect(error.isDuplicate && !error.rejectsData)
            #expect(try await count(database) == 1)
            #expect(await database.session.isUsable)
        }
    }

    @Test func rowsOfOneMonthGoStraightIntoItsPartition() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            func place(_ row: EventRow) async throws -> String? {
                try await database.scalar(
                    "SELECT tableoid::regclass::text FROM home_assistant_events WHERE id = $1", [.uuid(row.id)])
            }
            let now = rows(1, connection: home)[0]
            let month = try #require(EventMonth(of: now.timestamp))
            #expect(try await EventTable.copyDirect(database.writer, rows: [now]) == 1)
            #expect(try await place(now) == month.partitionName)
            // A month that has no partition, and rows of two months.
            let late = EventRow(
                connection: home, timestamp: try #require(Timestamp(iso8601: "2099-12-31T23:59:59.999999Z")))
            let later = EventRow(connection: home, timestamp: try #require(Timestamp(iso8601: "2100-01-01T00:00:00Z")))
            #expect(EventMonth(of: late.timestamp)?.partitionName == "home_assistant_events_y2099m12")
            #expect(try await EventTable.copyDirect(database.writer, rows: [late]) == 1)
            #expect(try await place(late) == "home_assistant_events_default")
            var another = now
            another.id = UUID()
            #expect(try await EventTable.copyDirect(database.writer, rows: [another, later]) == 2)
            #expect(try await place(another) == month.partitionName)
            #expect(try await place(later) == "home_assistant_events_default")
            // A row outside of the month that was named is refused.
            let error = try await thrown(PostgresError.self) {
                _ = try await EventTable.copyDirect(database.writer, chunks: EventRow.chunks([later]), month: month)
            }
            #expect(error.rejectsData)
            // A table of the name that takes no events is left alone.
            try await database.session.execute(
                "ALTER TABLE home_assistant_events DETACH PARTITION \(month.partitionName)")
            var third = now
            third.id = UUID()
            #expect(try await EventTable.copyDirect(database.writer, rows: [third]) == 1)
            #expect(try await place(third) == "home_assistant_events_default")
            #expect(try await database.scalar("SELECT count(*)::text FROM \(month.partitionName)") == "2")
        }
    }

    /// Whoever locks the table waits for a writer at the table itself: it holds no month yet for which the writer would come.
    @Test func aWriterThatWaitsForTheTableHoldsNoMonthOfIt() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let row = rows(1, connection: home)[0]
            let month = try #require(EventMonth(of: row.timestamp))
            try await database.session.execute("BEGIN; LOCK TABLE ONLY home_assistant_events IN ACCESS EXCLUSIVE MODE")
            let pid = try await database.writer.query("SELECT pg_backend_pid()")[0][0].int
            async let copied = EventTable.copyDirect(database.writer, rows: [row])
            let locks = """
                SELECT string_agg(relation::regclass || CASE WHEN granted THEN '' ELSE ' awaited' END, ',') FROM pg_locks
                WHERE pid = \(pid) AND locktype = 'relation' AND mode = 'RowExclusiveLock'
                """
            var held: String?
            for _ in 0..<1_000 where held == nil {
                held = try await database.scalar(locks)
                if held == nil { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(held == "home_assistant_events awaited")
            try await database.session.execute("LOCK TABLE \(month.partitionName) IN ACCESS EXCLUSIVE MODE; COMMIT")
            #expect(try await copied == 1)
        }
    }

    @Test func stagingInsertsOnlyWhatIsNew() async throws {
        try await StoreDatabase.with { database in
            let all = rows(50, connection: try await database.addConnection("home").id)
            let chunks = EventRow.chunks(all)
            #expect(try await EventTable.copyThroughStaging(database.writer, chunks: EventRow.chunks([all[30]])) == 1)
            // A copy within the batch counts once as well.
            #expect(
                try await EventTable.copyThroughStaging(database.writer, chunks: EventRow.chunks(all + [all[4]])) == 49
            )
            #expect(try await EventTable.copyThroughStaging(database.writer, chunks: chunks) == 0)
            #expect(try await count(database) == 50)
            let other = try await database.connect()
            #expect(try await EventTable.copyThroughStaging(other, chunks: chunks) == 0)
        }
    }

    @Test func rowsOfARemovedConnectionAreLeftOut() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let gone = ConnectionID()
            let all = rows(3, connection: home) + rows(5, connection: gone)
            let error = try await thrown(PostgresError.self) {
                _ = try await EventTable.copyDirect(
                    database.writer, rows: all, seal: BatchSeal(bridge: BridgeID(), claims: [home: nil, gone: nil]))
            }
            #expect(error.sqlState == EventTable.missingOwner)
            #expect(try await count(database) == 0)
            #expect(try await EventTable.copyThroughStaging(database.writer, chunks: EventRow.chunks(all)) == 3)
            let more = rows(2, connection: home)
            #expect(
                try await EventTable.copyDirect(
                    database.writer, rows: more, seal: BatchSeal(bridge: BridgeID(), claims: [home: nil])) == 2)
        }
    }

    enum Poison: String, CaseIterable {
        case unfinished, escapedNUL, NUL, nestedTooDeep

        var attributes: String {
            switch self {
            case .unfinished: #"{"a":"#
            case .escapedNUL: #"{"a":"\u0000"}"#
            case .NUL: "{\"a\":\"\0\"}"
            case .nestedTooDeep: String(repeating: "[", count: 100_000)
            }
        }
    }

    @Test(arguments: Poison.allCases)
    func aPoisonRowIsRejectedAndStoresNothing(poison: Poison) async throws {
        try await StoreDatabase.with { database in
            var poisoned = rows(20, connection: try await database.addConnection("home").id)
            poisoned[11].attributes = poison.attributes
            let chunks = EventRow.chunks(poisoned)
            for isDirect in [true, false] {
                let error = try await thrown(PostgresError.self) {
                    if isDirect {
                        _ = try await EventTable.copyDirect(database.writer, rows: poisoned)
                    } else {
                        _ = try await EventTable.copyThroughStaging(database.writer, chunks: chunks)
                    }
                }
                #expect(error.rejectsData && !error.isDuplicate && !error.isRetriable)
            }
            #expect(try await count(database) == 0)
            poisoned.remove(at: 11)
            #expect(
                try await EventTable.copyThroughStaging(database.writer, chunks: EventRow.chunks(poisoned)) == 19)
        }
    }

    @Test func aSourceThatTheTableDoesNotKnowIsRejected() async throws {
        try await StoreDatabase.with { database in
            var row = rows(1, connection: try await database.addConnection("home").id)[0]
            row.source = "rumour"
            let error = try await thrown(PostgresError.self) {
                _ = try await EventTable.copyThroughStaging(database.writer, chunks: EventRow.chunks([row]))
            }
            #expect(error.rejectsData && error.sqlState == "23514")
        }
    }

    @Test func twoWritersOfTheSameRowsInOppositeOrdersDoNotBlockEachOther() async throws {
        try await StoreDatabase.with { database in
            let all = rows(400, connection: try await database.addConnection("home").id)
            let second = try await database.connect()
            let inserted = try await withThrowingTaskGroup(of: Int.self) { group in
                for (connection, order) in [(database.writer, all), (second, all.reversed())] {
                    let chunks = EventRow.chunks(order)
                    group.addTask { try await EventTable.copyThroughStaging(connection, chunks: chunks) }
                }
                return try await group.reduce(0, +)
            }
            #expect(inserted == 400)
            #expect(try await count(database) == 400)
        }
    }
}
