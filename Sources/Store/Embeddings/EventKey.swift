import BridgeCore
import PostgresClient

/// What identifies a document: the connection and the 16 bytes of `embedding_key`.
package struct EventKey: Hashable, Sendable {
    package let connection: ConnectionID
    /// 16 bytes; the database refuses another number.
    package let bytes: [UInt8]

    /// A key of a connection.
    package init(connection: ConnectionID, bytes: [UInt8]) {
        self.connection = connection
        self.bytes = bytes
    }
}

extension EventKey {
    /// Reads the columns `connection_id` and `embedding_key`.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(connection: try row.id("connection_id"), bytes: try row.bytes("embedding_key"))
    }

    /// The key as `decode(…, 'hex')` reads it.
    var hexadecimal: String { Hexadecimal.text(bytes) }

    /// The order in which all writers take them.
    static func isOrdered(_ first: Self, _ second: Self) -> Bool {
        if first.bytes != second.bytes { return first.bytes.lexicographicallyPrecedes(second.bytes) }
        return withUnsafeBytes(of: first.connection.uuid.uuid) { left in
            withUnsafeBytes(of: second.connection.uuid.uuid) { left.lexicographicallyPrecedes($0) }
        }
    }
}

extension Collection<EventKey> {
    /// Two parameters for `Self.table`.
    var parameters: [PostgresValue] {
        [.textArray(map(\.connection.description)), .textArray(map(\.hexadecimal))]
    }

    /// A row source with the columns `connection_id` and `embedding_key`, from the parameters `$first` and the next one.
    static func table(_ first: Int) -> String {
        """
        (SELECT given_connection::uuid AS connection_id, decode(given_key, 'hex') AS embedding_key
        FROM unnest($\(first)::text[], $\(first + 1)::text[]) AS given (given_connection, given_key))
        """
    }
}
