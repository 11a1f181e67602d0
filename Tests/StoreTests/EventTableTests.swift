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
            let chunks = EventRow.chunks([row], size: 7)
            #expect(try await EventTable.copyDirect(database.writer, chunks: chunks) == 1)
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
            #expect(try await EventTable.copyDirect(database.writer, chunks: EventRow.chunks([all[30]])) == 1)
            let error = try await thrown(PostgresError.self) {
                _ = try await EventTable.copyDirect(database.writer, chunks: EventRow.chunks(all))
            }
            #expect(error.isDuplicate && !error.rejectsData)
            #expect(try await count(database) == 1)
            #expect(await database.session.isUsable)
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
            let chunks = EventRow.chunks(rows(3, connection: home) + rows(5, connection: gone))
            let error = try await thrown(PostgresError.self) {
                _ = try await EventTable.copyDirect(
                    database.writer, chunks: chunks,
                    seal: BatchSeal(bridge: BridgeID(), claims: [home: nil, gone: nil]))
            }
            #expect(error.sqlState == EventTable.missingOwner)
            #expect(try await count(database) == 0)
            #expect(try await EventTable.copyThroughStaging(database.writer, chunks: chunks) == 3)
            let more = EventRow.chunks(rows(2, connection: home))
            #expect(
                try await EventTable.copyDirect(
                    database.writer, chunks: more, seal: BatchSeal(bridge: BridgeID(), claims: [home: nil])) == 2)
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
                        _ = try await EventTable.copyDirect(database.writer, chunks: chunks)
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
