import BridgeCore
import FoundationEssentials
import PostgresClient

extension AuditAction {
    /// Someone exported what is stored about a user.
    package static let userExport = AuditAction(rawValue: "user_export")
}

/// Reads everything that is stored about one user: the user's own rows, those of the user's connections, and where others' rows name
/// the user. Methods throw `PostgresError`.
///
/// Rows come page by page, each page in a statement of its own, so that memory stays flat and no transaction waits for whoever
/// reads. What is written meanwhile may or may not be there.
package struct UserDataRepository: Sendable {
    private let pool: PostgresPool

    /// A page has at most so many rows, fewer when rows are large.
    private static let pageLimit = 2_000
    /// Bytes that a page should have, about.
    private static let pageBytes = 2 << 20

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// All tables of the schema, by name; partitions are in their parents.
    package func tables() async throws -> [UserDataTable] {
        let rows = try await pool.withConnection { session in
            try await session.query(Self.catalog, name: "export_catalog").map { row in
                (
                    name: try row.string("table_name"), path: try row.string("path"),
                    column: UserDataTable.Column(
                        name: try row.string("column_name"), quoted: try row.string("quoted"),
                        type: try row.string("type"), keyPosition: try row.int("key_position"),
                        refersToUser: try row.bool("refers_to_user"))
                )
            }
        }
        var tables: [UserDataTable] = []
        for row in rows {
            if tables.last?.path != row.path { tables.append(UserDataTable(name: row.name, path: row.path)) }
            tables[tables.count - 1].columns.append(row.column)
        }
        return tables
    }

    /// The connections of a user, removed ones included.
    package func connections(of user: UserID) async throws -> [ConnectionID] {
        try await pool.withConnection { session in
            try await session.query(
                "SELECT id FROM home_assistant_connections WHERE user_id = $1 ORDER BY id",
                [.text(user.description)], name: "export_connections"
            ).map { row in try row.id("id") }
        }
    }

    /// Hands each row of `table` that is about `user` to `body`, as one line of JSON without secrets. A row that belongs to somebody else
    /// and only names the user is told by its key, its times and the columns that name users; `isMention` says so.
    package func forEachRow(
        of table: UserDataTable, user: UserID, connections: [ConnectionID],
        _ body: (_ row: [UInt8], _ isMention: Bool) throws -> Void
    ) async throws {
        var own = table.ownerColumns.map { "\($0.quoted) = $1::uuid" }
        let ids = PostgresValue.textArray(connections.map(\.description))
        if let connection = table.connectionColumn {
            if own.isEmpty {
                // One after the other: an index on the connection gives the rows in order.
                for id in connections {
                    try await read(
                        table, table.exported, "\(connection.quoted) = $1::uuid AND $2::text[] IS NOT NULL",
                        [.text(id.description), ids]
                    ) { try body($0, false) }
                }
            }
            own.append("\(connection.quoted) = ANY ($2::uuid[])")
        }
        let condition = own.joined(separator: " OR ")
        let parameters: [PostgresValue] = [.text(user.description), ids]
        if !table.ownerColumns.isEmpty {
            try await read(table, table.exported, "(\(condition)) AND $2::text[] IS NOT NULL", parameters) {
                try body($0, false)
            }
        }
        guard !table.mentionColumns.isEmpty else { return }
        let mentions = table.mentionColumns.map { "\($0.quoted) = $1::uuid" }.joined(separator: " OR ")
        let others = own.isEmpty ? "true" : "(\(condition)) IS NOT TRUE"
        try await read(
            table, table.mentioned, "(\(mentions)) AND \(others) AND $2::text[] IS NOT NULL", parameters
        ) { try body($0, true) }
    }

    // MARK: Pages

    private func read(
        _ table: UserDataTable, _ columns: [UserDataTable.Column], _ condition: String, _ parameters: [PostgresValue],
        _ body: ([UInt8]) throws -> Void
    ) async throws {
        let order = table.order
        guard !order.isEmpty else {
            throw PostgresError(
                .decoding, "The table \(table.name) has no primary key, so that its rows cannot be read page by page")
        }
        let keys = order.map(\.quoted).joined(separator: ", ")
        let frames = columns == table.exported ? table.framesColumn : nil
        var selected = columns
        for column in order + [frames].compactMap({ $0 }) where !selected.contains(column) { selected.append(column) }
        var last: [String] = []
        var limit = 200
        while true {
            var all = parameters
            var sql =
                "SELECT row_to_json((SELECT r FROM (SELECT \(Self.list(columns, of: "page"))) AS r))::text AS row_json"
            sql += order.enumerated().map { ", page.\($1.quoted)::text AS export_key_\($0)" }.joined()
            if let frames { sql += ", page.\(frames.quoted) AS export_frames" }
            sql += " FROM (SELECT \(Self.list(selected, of: "stored")) FROM \(table.path) AS stored WHERE \(condition)"
            if !last.isEmpty {
                let values = zip(order, last).enumerated().map { "$\(parameters.count + 1 + $0)::text::\($1.0.type)" }
                sql += " AND (\(keys)) > (\(values.joined(separator: ", ")))"
                all += last.map(PostgresValue.text)
            }
            sql += " ORDER BY \(keys) LIMIT \(limit)) AS page ORDER BY \(Self.list(order, of: "page"))"
            let statement = sql
            let values = all
            let page = try await pool.withConnection { session in
                try await session.query(
                    statement, values, name: "export_\(table.name)", deadline: .seconds(600)
                ).map { row in
                    Page(
                        json: Array(try row.string("row_json").utf8),
                        frames: try frames.map { _ in try row.bytes("export_frames") },
                        key: try order.indices.map { try row.string("export_key_\($0)") })
                }
            }
            var bytes = 0
            for row in page {
                let line = row.line(frames?.name)
                bytes += line.count
                try body(line)
            }
            guard page.count == limit, let key = page.last?.key else { return }
            last = key
            if bytes > Self.pageBytes { limit = max(1, limit / 2) } else { limit = min(Self.pageLimit, limit * 2) }
        }
    }

    /// One row of a page.
    private struct Page: Sendable {
        var json: [UInt8]
        var frames: [UInt8]?
        var key: [String]

        /// The row as it is given out.
        func line(_ framesName: String?) -> [UInt8] {
            var line = json
            FrameRedactor.redact(&line)
            guard var frames, let framesName else { return line }
            FrameRedactor.redact(&frames)
            line.removeLast()
            // A frame that is no text is given as what it is.
            if let text = String(validating: frames, as: UTF8.self) {
                JSONText.appendMember(framesName, text, to: &line)
            } else {
                JSONText.appendMember("\(framesName)_base64", Data(frames).base64EncodedString(), to: &line)
            }
            line.append(0x7D)
            return line
        }
    }

    private static func list(_ columns: [UserDataTable.Column], of table: String) -> String {
        columns.map { "\(table).\($0.quoted)" }.joined(separator: ", ")
    }

    private static let catalog = """
        SELECT t.relname AS table_name, format('%I.%I', n.nspname, t.relname) AS path, a.attname AS column_name,
            format('%I', a.attname) AS quoted, format_type(a.atttypid, a.atttypmod) AS type,
            coalesce(array_position(p.conkey, a.attnum), 0) AS key_position,
            EXISTS (
                SELECT FROM pg_constraint AS f WHERE f.conrelid = t.oid AND f.contype = 'f'
                    AND f.confrelid = 'users'::regclass AND a.attnum = ANY (f.conkey)
            ) AS refers_to_user
        FROM pg_class AS t
        JOIN pg_namespace AS n ON n.oid = t.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_constraint AS p ON p.conrelid = t.oid AND p.contype = 'p'
        WHERE t.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'users'::regclass)
            AND t.relkind IN ('r', 'p') AND NOT t.relispartition
        ORDER BY t.relname, a.attnum
        """
}

extension JSONText {
    /// Appends `,"name":"text"` to an object that lacks its closing brace.
    fileprivate static func appendMember(_ name: String, _ text: String, to output: inout [UInt8]) {
        if output.last != 0x7B { output.append(0x2C) }
        appendQuoted(name, to: &output)
        output.append(0x3A)
        appendQuoted(text, to: &output)
    }
}
