import BridgeCore
import PostgresClient

/// A table that may hold something about a user, as the catalog of the database describes it: a table that comes with a later
/// migration is found without being named anywhere.
package struct UserDataTable: Sendable, Equatable {
    struct Column: Sendable, Equatable {
        let name: String
        /// As SQL wants it.
        let quoted: String
        /// `uuid`, `timestamp with time zone`, …
        let type: String
        /// Place in the primary key from 1, or 0.
        let keyPosition: Int
        /// Whether it refers to a row of `users`.
        let refersToUser: Bool
    }

    /// The table's name without its schema.
    package let name: String
    /// The name with its schema, as SQL wants it.
    let path: String
    var columns: [Column] = []

    /// Columns of these names say whose row it is.
    private static let ownerNames: Set<String> = ["user_id", "approver_id"]

    /// The columns that say which user a row belongs to.
    var ownerColumns: [Column] {
        columns.filter { name == "users" ? $0.name == "id" : Self.ownerNames.contains($0.name) && $0.type == "uuid" }
    }

    /// The column that says which connection a row belongs to.
    var connectionColumn: Column? { columns.first { $0.name == "connection_id" && $0.type == "uuid" } }

    /// Columns that name users in rows that may belong to somebody else: who approved, who changed.
    var mentionColumns: [Column] { columns.filter { $0.refersToUser && !ownerColumns.contains($0) } }

    /// Whether any row of it can be about a user.
    package var concernsUsers: Bool {
        connectionColumn != nil || !ownerColumns.isEmpty || !mentionColumns.isEmpty
    }

    /// The order in which rows are read, which tells each row from every other. Time comes first where it belongs to the key: an
    /// index serves that.
    var order: [Column] {
        let key = columns.filter { $0.keyPosition > 0 }.sorted { $0.keyPosition < $1.keyPosition }
        return key.filter { $0.name == "timestamp" } + key.filter { $0.name != "timestamp" }
    }

    /// Columns of a row that a person gets: not what opens anything, sealed or hashed as it may be, and not the vectors, which are
    /// reckoned from the texts.
    var exported: [Column] {
        columns.filter { column in
            column.type != "vector" && !column.type.hasPrefix("vector(") && column != framesColumn
                && !Redactor.isSecret(key: column.name) && !column.name.contains("secret")
                && !column.name.contains("password")
        }
    }

    /// The column with bytes of frames, which are redacted before they are shown.
    var framesColumn: Column? { columns.first { $0.name == "payload" && $0.type == "bytea" } }

    /// What is told of a row that belongs to somebody else and names the user: which row, where, and when.
    var mentioned: [Column] {
        exported.filter { $0.keyPosition > 0 || $0.refersToUser || $0.type == "timestamp with time zone" }
    }
}
