import BridgeCore

/// What retention deleted of one house in one table.
package struct RetentionRecord: Sendable, Equatable {
    package let connection: ConnectionID
    package let table: String
    package let rows: Int
    /// Whether the month went as a whole.
    package let isDropped: Bool

    package init(connection: ConnectionID, table: String, rows: Int, isDropped: Bool = false) {
        self.connection = connection
        self.table = table
        self.rows = rows
        self.isDropped = isDropped
    }
}
