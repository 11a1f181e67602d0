import BridgeCore
import CSQLite
import FoundationEssentials

/// A SQLite file that a test writes as Home Assistant's recorder does.
final class RecorderFile {
    struct Failure: Error { let message: String }

    let path: String
    private var handle: OpaquePointer?
    private var attributes: [String: Int] = [:]
    private var entities: [String: Int] = [:]
    private(set) var lastStateOf: [String: Int] = [:]

    /// An empty database in a directory of its own.
    init() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-import-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = directory.appending(path: "home-assistant_v2.db").path
        guard sqlite3_open(path, &handle) == SQLITE_OK else { throw Failure(message: "Cannot make \(path)") }
    }

    deinit {
        close()
        try? FileManager.default.removeItem(atPath: String(path.dropLast("/home-assistant_v2.db".utf8.count)))
    }

    func close() {
        sqlite3_close_v2(handle)
        handle = nil
    }

    func run(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw Failure(message: sqlite3_errmsg(handle).map { String(cString: $0) } ?? "?")
        }
    }

    // MARK: A recorder of today

    static let created = "2025-03-01 10:00:00.123456"

    /// The tables of schema 50, as far as an import reads them.
    func makeTables(version: Int = 50, created: String = RecorderFile.created) throws {
        try run(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version INTEGER, changed DATETIME);
            INSERT INTO schema_changes VALUES (1, \(version), '\(created)');
            CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id VARCHAR(255));
            CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
            CREATE TABLE states (
                state_id INTEGER PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), attributes CHAR(0),
                last_changed CHAR(0), last_changed_ts FLOAT, last_updated CHAR(0), last_updated_ts FLOAT,
                old_state_id INTEGER, attributes_id INTEGER, context_id CHAR(0), context_user_id CHAR(0),
                context_parent_id CHAR(0), origin_idx SMALLINT, context_id_bin BLOB, context_user_id_bin BLOB,
                context_parent_id_bin BLOB, metadata_id INTEGER);
            CREATE INDEX ix_states_last_updated_ts ON states (last_updated_ts);
            CREATE TABLE event_types (event_type_id INTEGER PRIMARY KEY, event_type VARCHAR(64));
            CREATE TABLE event_data (data_id INTEGER PRIMARY KEY, hash BIGINT, shared_data TEXT);
            CREATE TABLE events (
                event_id INTEGER PRIMARY KEY, event_type CHAR(0), event_data CHAR(0), origin CHAR(0), origin_idx SMALLINT,
                time_fired CHAR(0), time_fired_ts FLOAT, context_id CHAR(0), context_user_id CHAR(0),
                context_parent_id CHAR(0), data_id INTEGER, context_id_bin BLOB, context_user_id_bin BLOB,
                context_parent_id_bin BLOB, event_type_id INTEGER);
            CREATE INDEX ix_events_time_fired_ts ON events (time_fired_ts);
            """)
    }

    /// The seconds of a moment as Python makes them of a datetime.
    static func seconds(_ time: Timestamp) -> String { "\(Double(time.microseconds) / 1_000_000)" }

    /// Adds a state behind the last one of its entity; `nil` removes it. Returns its id.
    @discardableResult
    func add(
        _ entity: String, _ state: String?, at time: Timestamp, attributes text: String = "{}",
        context: String? = nil, user: String? = nil
    ) throws -> Int {
        let meta = try number(of: entity, in: &entities, "INSERT INTO states_meta VALUES")
        let shared = attributes[text] ?? attributes.count + 1
        if attributes[text] == nil {
            attributes[text] = shared
            try run("INSERT INTO state_attributes VALUES (\(shared), 0, \(Self.quoted(text)))")
        }
        let old = lastStateOf[entity].map { String($0) } ?? "NULL"
        try run(
            """
            INSERT INTO states (state, last_updated_ts, old_state_id, attributes_id, context_id_bin, context_user_id_bin,
                origin_idx, metadata_id)
            VALUES (\(state.map(Self.quoted) ?? "NULL"), \(Self.seconds(time)), \(old), \(shared),
                \(context.map { "x'\($0)'" } ?? "NULL"), \(user.map { "x'\($0)'" } ?? "NULL"), 0, \(meta))
            """)
        let id = Int(sqlite3_last_insert_rowid(handle))
        lastStateOf[entity] = state == nil ? nil : id
        return id
    }

    private var types: [String: Int] = [:]
    private var data = 0

    /// Adds an event that is no change of a state.
    func addEvent(_ type: String, _ json: String, at time: Timestamp, context: String? = nil) throws {
        let kind = try number(of: type, in: &types, "INSERT INTO event_types VALUES")
        data += 1
        try run(
            """
            INSERT INTO event_data VALUES (\(data), 0, \(Self.quoted(json)));
            INSERT INTO events (origin_idx, time_fired_ts, data_id, context_id_bin, event_type_id)
            VALUES (0, \(Self.seconds(time)), \(data), \(context.map { "x'\($0)'" } ?? "NULL"), \(kind))
            """)
    }

    private func number(of name: String, in known: inout [String: Int], _ insert: String) throws -> Int {
        if let number = known[name] { return number }
        let number = known.count + 1
        known[name] = number
        try run("\(insert) (\(number), \(Self.quoted(name)))")
        return number
    }

    static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    // MARK: What a query says

    /// All values of a query as text; `nil` for NULL.
    static func rows(of path: String, _ sql: String) throws -> [[String?]] {
        var handle: OpaquePointer?
        defer { sqlite3_close_v2(handle) }
        guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else {
            throw Failure(message: "Cannot open \(path)")
        }
        sqlite3_busy_timeout(handle, 10_000)
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
            throw Failure(message: sqlite3_errmsg(handle).map { String(cString: $0) } ?? "?")
        }
        var rows: [[String?]] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            rows.append(
                (0..<sqlite3_column_count(statement)).map { column in
                    if sqlite3_column_type(statement, column) == SQLITE_FLOAT {
                        // SQLite's own text has fifteen digits alone.
                        return "\(sqlite3_column_double(statement, column))"
                    }
                    return sqlite3_column_text(statement, column).map { String(cString: $0) }
                })
        }
        return rows
    }
}
