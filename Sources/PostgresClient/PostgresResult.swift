import BridgeCore
import CLibPQ

#if canImport(Glibc)
    import Glibc
#endif

/// The rows that a statement returned; they stay in libpq's memory and are decoded when asked for.
package struct PostgresResult: Sendable, RandomAccessCollection {
    private let storage: ResultStorage

    init(_ storage: ResultStorage) { self.storage = storage }

    package var startIndex: Int { 0 }
    package var endIndex: Int { storage.rowCount }

    /// The row at `position`; positions count from 0.
    package subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "Row \(position) of \(count).")
        return PostgresRow(storage: storage, index: position)
    }

    /// The number of rows that INSERT, UPDATE, DELETE, MERGE or COPY changed, or that SELECT returned.
    package var affectedRows: Int { storage.affectedRows }

    /// The names of the columns in their order.
    package var columnNames: [String] { storage.columnNames }

    /// The different UUIDs in a column that is nowhere NULL.
    package func ids<ID: TypedIdentifier>(_ column: String) throws(PostgresError) -> Set<ID> {
        Set(try map { row throws(PostgresError) in try row.id(column) })
    }
}

/// Owns a `PGresult`.
final class ResultStorage: @unchecked Sendable {
    // @unchecked: a PGresult does not change once libpq has handed it out, and is freed with the last reference.
    let raw: OpaquePointer

    init(adopting raw: OpaquePointer) { self.raw = raw }

    deinit { PQclear(raw) }

    var status: ExecStatusType { PQresultStatus(raw) }

    var rowCount: Int { Int(PQntuples(raw)) }

    var affectedRows: Int { Int(String(cString: PQcmdTuples(raw))) ?? 0 }

    /// `INSERT 0 1`, `COMMIT`.
    var commandTag: String { String(cString: PQcmdStatus(raw)) }

    var columnNames: [String] {
        (0..<PQnfields(raw)).map { index in PQfname(raw, index).map { String(cString: $0) } ?? "" }
    }

    /// The index of the first column of that name; names are compared as they are, without folding.
    func column(_ name: String) -> Int32? {
        // PQfnumber would fold unquoted upper case; strcmp on the same bytes does not.
        name.withCString { wanted in
            (0..<PQnfields(raw)).first { index in
                guard let other = PQfname(raw, index) else { return false }
                return strcmp(other, wanted) == 0
            }
        }
    }

    /// The bytes of a value, `nil` for NULL; valid while the storage lives.
    func value(row: Int32, column: Int32) -> UnsafeRawBufferPointer? {
        guard PQgetisnull(raw, row, column) == 0, let start = PQgetvalue(raw, row, column) else { return nil }
        return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(raw, row, column)))
    }

    /// A field of the server's error, `nil` when absent.
    func diagnostic(_ field: DiagnosticField) -> String? {
        PQresultErrorField(raw, field.code).map { String(cString: $0) }
    }
}

/// The fields of a server error that are read; the values are libpq's character codes.
enum DiagnosticField {
    case sqlState, severity, message, detail, hint, context, constraint, table, column

    var code: Int32 {
        switch self {
        case .sqlState: Int32(cpq_diag_sqlstate)
        case .severity: Int32(cpq_diag_severity)
        case .message: Int32(cpq_diag_message_primary)
        case .detail: Int32(cpq_diag_message_detail)
        case .hint: Int32(cpq_diag_message_hint)
        case .context: Int32(cpq_diag_context)
        case .constraint: Int32(cpq_diag_constraint_name)
        case .table: Int32(cpq_diag_table_name)
        case .column: Int32(cpq_diag_column_name)
        }
    }
}
