import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `home_assistant_import`.
package struct ImportID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// An import of another program's history, and how far it has come.
package struct StoredImport: Sendable, Equatable {
    package let id: ImportID
    package let connectionID: ConnectionID
    package let kind: ImportKind
    /// The file, or the server without its password.
    package let source: String
    /// The last row that is stored; `nil` at the beginning.
    package let position: ImportPosition?
    package let rowsRead: Int
    package let rowsAdded: Int
    /// Rows without a name or a time, and statistics in a unit from which nothing leads to that of the entity.
    package let rowsUnusable: Int
    /// The times between which the rows lie that were read.
    package let oldest: Timestamp?
    package let newest: Timestamp?
    package let startedAt: Timestamp
    package let updatedAt: Timestamp
    /// `nil` while it is not done.
    package let finishedAt: Timestamp?
    /// What stopped it last, where something did.
    package let error: String?

    /// Whether all of `phase` is stored, where phases come in the order of `phases`.
    package func isPast(_ phase: ImportPhase, in phases: [ImportPhase]) -> Bool {
        guard let position, let now = phases.firstIndex(of: position.phase), let asked = phases.firstIndex(of: phase)
        else {
            return false
        }
        return asked < now
    }
}

extension StoredImport {
    static let columns = """
        id, connection_id, kind, source, position::text AS position, rows_read, rows_added, rows_unusable, oldest, newest,
        started_at, updated_at, finished_at, error
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        connectionID = try row.id("connection_id")
        kind = try row.enumeration("kind")
        source = try row.string("source")
        position = try row.optionalString("position").flatMap {
            try? JSONDecoder().decode(ImportPosition.self, from: Data($0.utf8))
        }
        rowsRead = try row.int("rows_read")
        rowsAdded = try row.int("rows_added")
        rowsUnusable = try row.int("rows_unusable")
        oldest = try row.optionalTimestamp("oldest")
        newest = try row.optionalTimestamp("newest")
        startedAt = try row.timestamp("started_at")
        updatedAt = try row.timestamp("updated_at")
        finishedAt = try row.optionalTimestamp("finished_at")
        error = try row.optionalString("error")
    }
}
