import BridgeCore
import BridgeConcurrency
import CSQLite
import Glibc

/// A SQLite file that is read and never written, on a thread of its own. Another program may write it meanwhile.
///
/// Each call is a read transaction of its own that ends with the call, so that the writer's log never waits for a reader.
package actor SQLiteDatabase {
    private nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// `nil` once closed.
    private var handle: Handle?

    private init() { executor = ThreadExecutor(name: "sqlite") }

    /// Opens the file at `path` for reading. `patience` is how long a statement waits for another program's lock.
    package static func open(
        path: String, patience: Duration = .seconds(10)
    ) async throws(SQLiteError) -> SQLiteDatabase {
        let database = SQLiteDatabase()
        try await database.openFile(path, patience: patience).get()
        return database
    }

    /// The rows of `statement`, which holds no parameters. Ends early, after a whole row, once more than `byteLimit` bytes of
    /// texts and blobs were read: ask for what follows the last row.
    package func rows(
        _ statement: String, byteLimit: Int = 8 << 20
    ) throws(SQLiteError) -> [[SQLiteValue]] {
        guard let database = handle?.raw else { throw SQLiteError(.other, "The database is closed") }
        var prepared: OpaquePointer?
        let status = sqlite3_prepare_v2(database, statement, -1, &prepared, nil)
        // Harmless for a statement that could not be made.
        defer { sqlite3_finalize(prepared) }
        guard status == SQLITE_OK, let prepared else { throw Self.error(of: database, status) }
        let columns = sqlite3_column_count(prepared)
        var rows: [[SQLiteValue]] = []
        var bytes = 0
        while bytes <= byteLimit {
            let status = sqlite3_step(prepared)
            if status == SQLITE_DONE { break }
            guard status == SQLITE_ROW else { throw Self.error(of: database, status) }
            var row: [SQLiteValue] = []
            row.reserveCapacity(Int(columns))
            for column in 0..<columns {
                let value = Self.value(prepared, column)
                switch value {
                case .text(let text), .blob(let text): bytes += text.count
                default: break
                }
                row.append(value)
            }
            rows.append(row)
        }
        return rows
    }

    /// Closes the file. Harmless when called twice.
    package func close() { handle = nil }

    // MARK: Opening

    private func openFile(_ path: String, patience: Duration) -> Result<Void, SQLiteError> {
        do throws(SQLiteError) {
            do throws(SQLiteError) {
                handle = try Self.open(path, isUnchanging: false, patience: patience)
            } catch  where error.code == .cannotOpen && Self.isAloneAndReadable(path) {
                // A file in a directory that may not be written, left by a writer that keeps its log beside it: SQLite would have
                // to make that log anew. Where no log is, nobody has the file open, and it can be taken as it is.
                handle = try Self.open(path, isUnchanging: true, patience: patience)
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private static func open(
        _ path: String, isUnchanging: Bool, patience: Duration
    ) throws(SQLiteError) -> Handle {
        var raw: OpaquePointer?
        let name = "file:" + escaped(path) + (isUnchanging ? "?immutable=1" : "?mode=ro")
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let status = sqlite3_open_v2(name, &raw, flags, nil)
        guard let raw else { throw SQLiteError(.other, "No memory to open the file", number: status) }
        let handle = Handle(adopting: raw)
        guard status == SQLITE_OK else { throw error(of: raw, status) }
        let milliseconds = patience.components.seconds * 1_000 + patience.components.attoseconds / 1_000_000_000_000_000
        sqlite3_busy_timeout(raw, Int32(clamping: milliseconds))
        // Opening alone reads nothing: the first look into the file tells whether it is a database.
        for statement in ["PRAGMA query_only = 1", "SELECT count(*) FROM sqlite_master"] {
            let status = sqlite3_exec(raw, statement, nil, nil, nil)
            guard status == SQLITE_OK else { throw error(of: raw, status) }
        }
        return handle
    }

    private static func isAloneAndReadable(_ path: String) -> Bool {
        access(path, R_OK) == 0 && ["-wal", "-shm", "-journal"].allSatisfy { access(path + $0, F_OK) != 0 }
    }

    /// A path inside of a URI.
    private static func escaped(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text += Hexadecimal.text(CollectionOfOne(byte), prefix: "%")
            }
        }
        return text
    }

    // MARK: C

    private static func value(_ row: OpaquePointer, _ column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(row, column) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(row, column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(row, column))
        case SQLITE_TEXT:
            // The pointer first: it may convert the value, and the length is that of the result.
            .text(bytes(sqlite3_column_text(row, column), sqlite3_column_bytes(row, column)))
        case SQLITE_BLOB: .blob(bytes(sqlite3_column_blob(row, column), sqlite3_column_bytes(row, column)))
        default: .null
        }
    }

    private static func bytes(_ start: UnsafeRawPointer?, _ count: Int32) -> [UInt8] {
        guard let start, count > 0 else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }

    private static func error(of database: OpaquePointer, _ status: Int32) -> SQLiteError {
        let message = sqlite3_errmsg(database).map { String(cString: $0) } ?? "unknown error"
        let code: SQLiteError.Code =
            switch status & 0xFF {
            case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .cannotOpen
            case SQLITE_NOTADB: .notADatabase
            case SQLITE_CORRUPT, SQLITE_FORMAT: .damaged
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .locked
            case SQLITE_ERROR: .statement
            default: .other
            }
        return SQLiteError(code, message, number: status)
    }

    /// Owns the connection of the C library.
    private final class Handle {
        let raw: OpaquePointer

        init(adopting raw: OpaquePointer) { self.raw = raw }

        deinit { sqlite3_close_v2(raw) }
    }
}
