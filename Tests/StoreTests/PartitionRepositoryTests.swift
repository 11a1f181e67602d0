import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct PartitionRepositoryTests {
    private func timestamp(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    @Test func createsWhatIsMissingAndMovesRowsOutOfTheDefaultPartition() async throws {
        try await StoreDatabase.with { database in
            let repository = PartitionRepository(database.pool)
            let late = try timestamp("2031-05-31T23:59:59.999999+00:00")
            let owner = try await database.addConnection("home").id
            let row = EventRow(connection: owner, timestamp: late)
            let stranger = EventRow(connection: owner, timestamp: try timestamp("2045-01-01T00:00:00Z"))
            _ = try await EventTable.copyDirect(database.session, rows: [row, stranger])
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_events_default") == "2")

            let from = try timestamp("2031-05-10T00:00:00Z")
            let to = try timestamp("2031-07-01T00:00:00Z")
            #expect(try await repository.ensureEventPartitions(from: from, to: to) == 3)
            #expect(try await repository.ensureEventPartitions(from: from, to: to) == 0)
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_events_default") == "1")
            let place = try await database.scalar(
                "SELECT tableoid::regclass FROM home_assistant_events WHERE timestamp = $1", [.timestamp(late)])
            #expect(place == "home_assistant_events_y2031m05")
            // The row is found by its key again.
            #expect(
                try await EventTable.copyThroughStaging(database.session, chunks: EventRow.chunks([row, stranger])) == 0
            )
        }
    }

    @Test func listsPartitionsInTheOrderOfTime() async throws {
        try await StoreDatabase.with { database in
            let repository = PartitionRepository(database.pool)
            // Bounds are printed in the session's zone and read as the moments that they are.
            let partitions = try await repository.list()
            #expect(partitions.count == 6)
            #expect(partitions.last?.isDefault == true)
            let months = partitions.dropLast()
            for (earlier, later) in zip(months, months.dropFirst()) { #expect(earlier.to == later.from) }
            #expect(months.allSatisfy { $0.from?.iso8601.hasSuffix("-01T00:00:00.000000+00:00") == true })
            #expect(partitions.allSatisfy { $0.bytes > 0 && $0.estimatedRows == 0 })
        }
    }

    @Test func twoProcessesMayAskAtOnce() async throws {
        try await StoreDatabase.with { database in
            let repository = PartitionRepository(database.pool)
            let from = try timestamp("2032-01-01T00:00:00Z")
            let to = try timestamp("2032-12-01T00:00:00Z")
            let created = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 { group.addTask { try await repository.ensureEventPartitions(from: from, to: to) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(created.sorted() == [0, 0, 12])
        }
    }
}
