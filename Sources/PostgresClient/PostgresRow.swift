import BridgeCore
import FoundationEssentials

/// One row of a `PostgresResult`.
package struct PostgresRow: Sendable {
    let storage: ResultStorage
    let index: Int

    /// The names of the columns in their order.
    package var columnNames: [String] { storage.columnNames }

    /// The value under `column`. A missing column is reported when the cell is decoded.
    package subscript(column: String) -> PostgresCell {
        PostgresCell(storage: storage, row: Int32(index), column: storage.column(column), name: column)
    }

    /// The value of the column at `position`, counted from 0.
    package subscript(position: Int) -> PostgresCell {
        let names = storage.columnNames
        guard names.indices.contains(position) else {
            return PostgresCell(storage: storage, row: Int32(index), column: nil, name: "#\(position)")
        }
        return PostgresCell(storage: storage, row: Int32(index), column: Int32(position), name: names[position])
    }
}

extension PostgresRow {
    /// The text of a column that is not NULL.
    package func string(_ column: String) throws(PostgresError) -> String { try self[column].string }
    /// The number in a column that is not NULL.
    package func int(_ column: String) throws(PostgresError) -> Int { try self[column].int }
    /// The number in a column that is not NULL.
    package func double(_ column: String) throws(PostgresError) -> Double { try self[column].double }
    /// The truth value in a column that is not NULL.
    package func bool(_ column: String) throws(PostgresError) -> Bool { try self[column].bool }
    /// The UUID in a column that is not NULL.
    package func uuid(_ column: String) throws(PostgresError) -> UUID { try self[column].uuid }
    /// The moment in a column that is not NULL.
    package func timestamp(_ column: String) throws(PostgresError) -> Timestamp { try self[column].timestamp }
    /// The bytes of a `bytea` column that is not NULL.
    package func bytes(_ column: String) throws(PostgresError) -> [UInt8] { try self[column].bytes }
    /// The typed id in a column that is not NULL: `row.id("user_id", as: UserID.self)`.
    package func id<ID: TypedIdentifier>(_ column: String, as type: ID.Type = ID.self) throws(PostgresError) -> ID {
        ID(try self[column].uuid)
    }

    /// The text of a column, `nil` for NULL.
    package func optionalString(_ column: String) throws(PostgresError) -> String? { try self[column].optionalString }
    /// The number in a column, `nil` for NULL.
    package func optionalInt(_ column: String) throws(PostgresError) -> Int? { try self[column].optionalInt }
    /// The number in a column, `nil` for NULL.
    package func optionalDouble(_ column: String) throws(PostgresError) -> Double? { try self[column].optionalDouble }
    /// The truth value in a column, `nil` for NULL.
    package func optionalBool(_ column: String) throws(PostgresError) -> Bool? { try self[column].optionalBool }
    /// The UUID in a column, `nil` for NULL.
    package func optionalUUID(_ column: String) throws(PostgresError) -> UUID? { try self[column].optionalUUID }
    /// The moment in a column, `nil` for NULL.
    package func optionalTimestamp(_ column: String) throws(PostgresError) -> Timestamp? {
        try self[column].optionalTimestamp
    }
    /// The bytes of a `bytea` column, `nil` for NULL.
    package func optionalBytes(_ column: String) throws(PostgresError) -> [UInt8]? { try self[column].optionalBytes }
    /// The typed id in a column, `nil` for NULL.
    package func optionalID<ID: TypedIdentifier>(
        _ column: String, as type: ID.Type = ID.self
    ) throws(PostgresError) -> ID? {
        try self[column].optionalUUID.map { ID($0) }
    }
}
