import BridgeCore
import Cryptography
import Store

/// What a recorder's database looks like: its columns have changed with Home Assistant's versions, and old databases keep old ones
/// beside the new until Home Assistant has moved their rows. So both are read wherever both are there.
struct RecorderSchema: Sendable {
    /// What became of a row.
    enum Row: Sendable {
        case change(RecordedChange)
        /// It says nothing that is not told elsewhere.
        case nothing
        /// It has no name or no time.
        case unusable
    }

    /// The number that Home Assistant gives its schema.
    let version: Int
    /// See `ImportSource.fingerprint`.
    let fingerprint: String
    private let columns: [String: Set<String>]
    private let dialect: HistoryDialect

    /// The first schema in which attributes are shared between states: Home Assistant 2022.4.
    static let oldest = 25

    private static let tables = [
        "schema_changes", "states", "states_meta", "state_attributes", "events", "event_types", "event_data",
        "statistics",
        "statistics_short_term", "statistics_meta",
    ]

    /// Looks at `database`. Throws an `ImportError` where it is none of a recorder, or one that is too old.
    init(of database: any HistoryDatabase) async throws {
        var columns: [String: Set<String>] = [:]
        for table in Self.tables { columns[table] = try await database.columns(of: table) }
        self.columns = columns
        dialect = database.dialect
        guard columns["schema_changes"]?.contains("schema_version") == true,
            columns["states"]?.contains("state_id") == true
        else {
            throw ImportError(
                .foreign,
                "\(database.name) is no database of Home Assistant's recorder: it lacks the tables states and schema_changes."
                    + " Home Assistant's own is the file home-assistant_v2.db beside configuration.yaml, unless the recorder's"
                    + " db_url says otherwise.")
        }
        let first = try await database.rows(
            "SELECT changed, schema_version FROM schema_changes ORDER BY change_id LIMIT 1"
        ).first
        let newest = try await database.rows(
            "SELECT schema_version FROM schema_changes ORDER BY change_id DESC LIMIT 1"
        ).first
        guard let created = first?.first?.string, let version = newest?.first?.integer else {
            throw ImportError(
                .foreign, "\(database.name) has the tables of a recorder, and Home Assistant has never written to it.")
        }
        self.version = Int(version)
        guard version >= Self.oldest, Self.isComplete(columns) else {
            throw ImportError(
                .unsupported,
                "\(database.name) has version \(version) of the recorder's schema; versions from \(Self.oldest) on are read,"
                    + " which is Home Assistant 2022.4. Start a newer Home Assistant on a copy of it once: it brings the copy"
                    + " up to date.")
        }
        // A recorder notes when it made its database, to the microsecond, and keeps that for ever.
        fingerprint = String(try sha256Hex(Array("ha-bridge import recorder\n\(created)".utf8)).prefix(32))
    }

    private static func isComplete(_ columns: [String: Set<String>]) -> Bool {
        guard let states = columns["states"] else { return false }
        let hasNames = states.contains("entity_id") || states.contains("metadata_id")
        let hasTimes = states.contains("last_updated_ts") || states.contains("last_updated")
        return hasNames && hasTimes && states.contains("attributes_id") && states.contains("old_state_id")
    }

    // MARK: Tables

    /// Whether there is a table for `phase`.
    func has(_ phase: ImportPhase) -> Bool { columns[table(of: phase)]?.isEmpty == false }

    func table(of phase: ImportPhase) -> String { phase.rawValue }

    func id(of phase: ImportPhase) -> String {
        switch phase {
        case .states: "state_id"
        case .events: "event_id"
        case .statistics, .shortTermStatistics: "id"
        }
    }

    func has(_ column: String, in table: String) -> Bool { columns[table]?.contains(column) == true }

    /// The column with the seconds of `phase`, where there is one.
    private func seconds(of phase: ImportPhase) -> String? {
        let name =
            switch phase {
            case .states: "last_updated_ts"
            case .events: "time_fired_ts"
            case .statistics, .shortTermStatistics: "start_ts"
            }
        return has(name, in: table(of: phase)) ? name : nil
    }

    /// A condition that all rows of `range` fulfil, and few others; `nil` where the table is too old to have an index for it.
    func timeCondition(of phase: ImportPhase, _ range: Range<Timestamp>) -> String? {
        guard let seconds = seconds(of: phase) else { return nil }
        // A second more on both sides: what lies outside is left out by its microsecond.
        let lower = Double(range.lowerBound.microseconds) / 1_000_000 - 1
        let upper = Double(range.upperBound.microseconds) / 1_000_000 + 1
        let old = seconds == "start_ts" ? "start" : seconds.replacing("_ts", with: "")
        // Rows that Home Assistant has not moved yet have their time in the older column alone.
        let unmoved = has(old, in: table(of: phase)) && version < 43 ? " OR \(seconds) IS NULL" : ""
        return "((\(seconds) >= \(lower) AND \(seconds) < \(upper))\(unmoved))"
    }

    // MARK: Rows

    /// The states that fulfil `condition`, `limit` of them at most, in the order of their ids. The page is cut first and joined then,
    /// so that no server thinks of joining all of it.
    func states(_ condition: String, _ limit: Int) -> String {
        let entity = either("meta", "entity_id", ifThere: "states_meta", "item", "entity_id", in: "states")
        let attributes = either(
            "shared", "shared_attrs", ifThere: "state_attributes", "item", "attributes", in: "states")
        var joins = "LEFT JOIN states AS prior ON prior.state_id = item.old_state_id"
        if has("metadata_id", in: "states") {
            joins += " LEFT JOIN states_meta AS meta ON meta.metadata_id = item.metadata_id"
        }
        if has("shared_attrs", in: "state_attributes") {
            joins += " LEFT JOIN state_attributes AS shared ON shared.attributes_id = item.attributes_id"
        }
        return """
            SELECT item.state_id, \(entity), item.state, \(attributes), \(times("item", "last_updated", in: "states")),
                \(times("item", "last_changed", in: "states")), prior.state, \(times("prior", "last_changed", in: "states")),
                \(times("prior", "last_updated", in: "states")), \(context(in: "states"))
            FROM (SELECT * FROM states WHERE \(condition) ORDER BY state_id LIMIT \(limit)) AS item
            \(joins)
            ORDER BY item.state_id
            """
    }

    /// A row of `states`.
    func state(_ row: [HistoryValue]) -> Row {
        guard row.count == 19, let entity = row[1].bytes, !entity.isEmpty, let updated = Self.time(row[4], row[5])
        else {
            return .unusable
        }
        // A removal is NULL; the oldest versions wrote an empty text, and no state of an entity is empty with a time of its own.
        let state = row[2].bytes.flatMap { $0.isEmpty ? nil : $0 }
        let before = row[8].bytes.flatMap { $0.isEmpty ? nil : $0 }.map {
            RecordedState.Before(state: $0, changed: Self.time(row[9], row[10]) ?? Self.time(row[11], row[12]))
        }
        return .change(
            .state(
                RecordedState(
                    entity: entity, state: state, attributes: row[3].bytes, updated: updated,
                    changed: Self.time(row[6], row[7]), before: before, context: context(row[13...]))))
    }

    /// The same of events.
    func events(_ condition: String, _ limit: Int) -> String {
        let type = either("kind", "event_type", ifThere: "event_types", "item", "event_type", in: "events")
        let data = either("shared", "shared_data", ifThere: "event_data", "item", "event_data", in: "events")
        var joins = ""
        if has("event_type_id", in: "events") {
            joins += " LEFT JOIN event_types AS kind ON kind.event_type_id = item.event_type_id"
        }
        if has("shared_data", in: "event_data") {
            joins += " LEFT JOIN event_data AS shared ON shared.data_id = item.data_id"
        }
        let origin =
            has("origin_idx", in: "events") ? "item.origin_idx" : has("origin", in: "events") ? "item.origin" : "NULL"
        return """
            SELECT item.event_id, \(type), \(data), \(origin), \(times("item", "time_fired", in: "events")),
                \(context(in: "events"))
            FROM (SELECT * FROM events WHERE \(condition) ORDER BY event_id LIMIT \(limit)) AS item
            \(joins)
            ORDER BY item.event_id
            """
    }

    /// A row of `events`.
    func event(_ row: [HistoryValue]) -> Row {
        guard row.count == 12, let type = row[1].bytes, !type.isEmpty, let time = Self.time(row[4], row[5]) else {
            return .unusable
        }
        // Before 2023 each change of a state had a row here, too, without the state.
        if type == Array("state_changed".utf8) { return .nothing }
        return .change(
            .event(
                RecordedEvent(
                    type: type, data: row[2].bytes, isRemote: row[3].integer == 1 || row[3].string == "REMOTE",
                    time: time, context: context(row[6...]))))
    }

    // MARK: Columns

    /// A column of a table of names or texts, or the one that stood in the row itself before that table came.
    private func either(
        _ alias: String, _ column: String, ifThere table: String, _ oldAlias: String, _ oldColumn: String,
        in old: String
    ) -> String {
        let parts =
            (has(column, in: table) ? ["\(alias).\(column)"] : [])
            + (has(oldColumn, in: old) ? ["\(oldAlias).\(oldColumn)"] : [])
        switch parts.count {
        case 0: return "NULL"
        case 1: return parts[0]
        default: return "COALESCE(\(parts.joined(separator: ", ")))"
        }
    }

    /// Two columns: the seconds, and the date that stood there before.
    private func times(_ alias: String, _ column: String, in table: String) -> String {
        let seconds = has(column + "_ts", in: table) ? "\(alias).\(column)_ts" : "NULL"
        let date = has(column, in: table) ? "\(alias).\(column)" : "NULL"
        return "\(seconds), \(date)"
    }

    private static func time(_ seconds: HistoryValue, _ date: HistoryValue) -> Timestamp? { seconds.time ?? date.time }

    /// Six columns: three of bytes, and the texts that stood there before.
    private func context(in table: String) -> String {
        let binary = ["context_id_bin", "context_parent_id_bin", "context_user_id_bin"].map { column in
            has(column, in: table) ? dialect.hexadecimal("item.\(column)") : "NULL"
        }
        let text = ["context_id", "context_parent_id", "context_user_id"].map {
            has($0, in: table) ? "item.\($0)" : "NULL"
        }
        return (binary + text).joined(separator: ", ")
    }

    private func context(_ row: ArraySlice<HistoryValue>) -> RecordedContext {
        let values = Array(row)
        let binary = RecordedContext(
            binaryID: values[0].hexadecimal, parentID: values[1].hexadecimal, userID: values[2].hexadecimal)
        if binary.id != nil { return binary }
        func text(_ value: HistoryValue) -> [UInt8]? { value.bytes.flatMap { $0.isEmpty ? nil : $0 } }
        return RecordedContext(id: text(values[3]), parentID: text(values[4]), userID: text(values[5]))
    }
}
