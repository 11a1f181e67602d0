import BridgeCore
import FoundationEssentials

/// Names a chain of signed rows: those of one table that belong to one connection, or to none.
package struct AuditChain: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let table: AuditTable
    /// `nil` for the rows that belong to no connection.
    package let connection: ConnectionID?

    package init(_ table: AuditTable, _ connection: ConnectionID?) {
        self.table = table
        self.connection = connection
    }

    /// By table, then by connection with that of none first: the order in which chains are locked.
    package static func < (left: AuditChain, right: AuditChain) -> Bool {
        left.key < right.key
    }

    /// The chain's name as a person reads it.
    package var description: String {
        table.rawValue + (connection.map { " of connection \($0)" } ?? " without connection")
    }

    private var key: (String, String) { (table.rawValue, connection?.description ?? "") }
}

/// A place in a chain: the row of that number, and what it proves of itself and of all before it.
package struct AuditPosition: Hashable, Sendable {
    /// `chain_sequence`; 0 before the first row.
    package var sequence: Int64
    /// SHA-256 of the row's message and signature, 64 hexadecimal digits; zeros before the first row.
    package var digest: String

    package init(sequence: Int64, digest: String) {
        self.sequence = sequence
        self.digest = digest
    }

    /// Before the first row.
    package static let start = AuditPosition(sequence: 0, digest: String(repeating: "0", count: 64))
}
