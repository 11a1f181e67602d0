import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Ingest

/// A database of its own with one connection to import into.
struct ImportHouse: Sendable {
    let database: TestDatabase
    let pool: PostgresPool
    let session: PostgresConnection
    let connection: ConnectionID

    static func with(_ body: (ImportHouse) async throws -> Void) async throws {
        try await TestDatabase.withHouse { house in
            try await body(
                ImportHouse(
                    database: house.database, pool: house.pool, session: house.session, connection: house.connection))
        }
    }

    /// Imports all of `origin`, or `range` of it.
    @discardableResult
    func run(_ origin: ImportOrigin, range: Range<Timestamp>? = nil) async throws -> StoredImport {
        try await HistoryImporter.with(origin, into: connection, pool: pool, house: nil, logger: database.logger) {
            try await $0.run(range: range) { _ in }
        }
    }

    /// Imports from `source`, which may fail.
    @discardableResult
    func run(_ source: any ImportSource) async throws -> StoredImport {
        var importer = HistoryImporter(
            pool: pool, connection: connection, source: source, house: nil, logger: database.logger)
        return try await importer.run(range: nil) { _ in }
    }

    /// Stores events as if they had come live.
    func receive(_ events: [String]) async throws {
        var importer = FrameImporter(pool: pool, connection: connection, house: nil, logger: database.logger)
        for event in events {
            let bytes = Array(event.utf8)
            let written = try await importer.write([
                ReceivedFrame(connection: connection, bytes: bytes, events: [0..<bytes.count])
            ])
            try #require(written == 1)
        }
    }

    /// All rows of a query, with the values of each joined by `|`.
    func lines(_ sql: String) async throws -> [String] {
        try await session.query(sql).map { row in
            try row.columnNames.map { try row[$0].optionalString ?? "∅" }.joined(separator: "|")
        }
    }

    func count(_ sql: String) async throws -> Int {
        try await session.query("SELECT count(*) AS count FROM \(sql)").first?.int("count") ?? -1
    }
}
