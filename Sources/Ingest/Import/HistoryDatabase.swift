import BridgeCore
import Logging
import PostgresClient
import SQLiteClient

/// A database of another program that is read and never written, page after page.
protocol HistoryDatabase: Sendable {
    /// For a person: the file, or the server without its password.
    var name: String { get }
    /// What the two dialects write differently.
    var dialect: HistoryDialect { get }

    /// The rows of `statement`. May end early, after a whole row, where they are too large to be held at once: whoever asks goes on
    /// behind the last row until none comes. Throws `ImportError`.
    func rows(_ statement: String) async throws -> [[HistoryValue]]

    /// The columns of a table; none where there is no such table.
    func columns(of table: String) async throws -> Set<String>

    func close() async
}

/// What SQLite and PostgreSQL write differently.
enum HistoryDialect: Sendable {
    case sqlite
    case postgres

    /// The binary `column` as hexadecimal digits.
    func hexadecimal(_ column: String) -> String {
        switch self {
        case .sqlite: "hex(\(column))"
        case .postgres: "encode(\(column), 'hex')"
        }
    }
}

extension HistoryDatabase {
    /// Text inside of a statement.
    func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}

/// A SQLite file.
struct SQLiteHistory: HistoryDatabase {
    let path: String
    private let database: SQLiteDatabase

    /// Opens the file. Throws `ImportError`.
    init(path: String, patience: Duration = .seconds(10)) async throws {
        self.path = path
        do throws(SQLiteError) {
            database = try await SQLiteDatabase.open(path: path, patience: patience)
        } catch {
            throw Self.explained(error, path)
        }
    }

    var name: String { path }
    var dialect: HistoryDialect { .sqlite }

    func rows(_ statement: String) async throws -> [[HistoryValue]] {
        let rows: [[SQLiteValue]]
        do throws(SQLiteError) {
            rows = try await database.rows(statement)
        } catch {
            throw Self.explained(error, path)
        }
        return rows.map { row in
            row.map { value in
                switch value {
                case .null: .null
                case .integer(let number): .integer(number)
                case .real(let number): .real(number)
                case .text(let bytes), .blob(let bytes): .text(bytes)
                }
            }
        }
    }

    func columns(of table: String) async throws -> Set<String> {
        Set(try await rows("SELECT name FROM pragma_table_info(\(literal(table)))").compactMap { $0.first?.string })
    }

    func close() async { await database.close() }

    private static func explained(_ error: SQLiteError, _ path: String) -> ImportError {
        switch error.code {
        case .cannotOpen:
            ImportError(
                .notReadable,
                "Cannot open \(path) (\(error.message)). Check that it is there and that this user may read it; beside a"
                    + " file that Home Assistant is writing, the files that end in -wal and -shm, too.")
        case .notADatabase:
            ImportError(
                .foreign, "\(path) is no SQLite database. Home Assistant's own is named home-assistant_v2.db.")
        case .damaged:
            ImportError(
                .damaged,
                "\(path) is damaged (\(error.message)). What was read so far is stored. Make a sound copy with"
                    + " sqlite3 \(path) '.recover' | sqlite3 recovered.db, and import that.")
        case .locked:
            ImportError(
                .locked,
                "\(path) is locked by another program: Home Assistant is cleaning it up, or a backup runs. Run the same"
                    + " command again later; it goes on where it stopped.")
        case .statement:
            ImportError(.unsupported, "\(path) cannot be read as it is: \(error.message).")
        case .other:
            ImportError(
                .notReadable, "\(path) cannot be read: \(error.description). What was read so far is stored.")
        }
    }
}

/// A database of a PostgreSQL server.
struct PostgresHistory: HistoryDatabase {
    private let connection: PostgresConnection
    let name: String

    /// Connects. `url` is a libpq URI or conninfo. Throws `ImportError`.
    init(url: String, logger: Logger) async throws {
        do throws(PostgresError) {
            let configuration = try PostgresConfiguration(url)
            name = configuration.redactedDescription
            connection = try await PostgresConnection.connect(configuration, logger: logger)
            try await connection.execute(
                "SET default_transaction_read_only = on", name: "read_only", deadline: Self.patience)
        } catch {
            throw Self.explained(error, "The database to import from")
        }
    }

    private static let patience: Duration = .seconds(300)

    var dialect: HistoryDialect { .postgres }

    func rows(_ statement: String) async throws -> [[HistoryValue]] {
        do {
            let result = try await connection.query(statement, name: "read_history", deadline: Self.patience)
            let names = result.columnNames
            return try result.map { row in
                try row.cells(names).map { cell in
                    guard let bytes = try cell.optionalText else { return .null }
                    return .text(bytes)
                }
            }
        } catch let error as PostgresError {
            throw Self.explained(error, name)
        }
    }

    func columns(of table: String) async throws -> Set<String> {
        Set(
            try await rows(
                """
                SELECT attname FROM pg_catalog.pg_attribute
                WHERE attrelid = pg_catalog.to_regclass(\(literal(table))) AND attnum > 0 AND NOT attisdropped
                """
            ).compactMap { $0.first?.string })
    }

    func close() async { await connection.close() }

    private static func explained(_ error: PostgresError, _ name: String) -> ImportError {
        switch error.code {
        case .configuration: ImportError(.notReadable, "--postgres cannot be used. \(error.description)")
        case .server where error.sqlState?.hasPrefix("42") == true:
            ImportError(.unsupported, "\(name) cannot be read as it is: \(error.message).")
        default:
            ImportError(
                .unavailable,
                "\(name) does not answer as it should: \(error.description) Run the same command again; it goes on where it"
                    + " stopped.")
        }
    }
}
