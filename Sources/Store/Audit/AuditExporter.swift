import BridgeCore
import Cryptography
import PostgresClient

/// Writes the audit trail as lines of JSON that anybody can verify who has the public keys.
///
/// Each line begins with `message`, `signature`, `key_id` and `digest`, in this order, and `kind`: `row`, `anchor` or `head`. The
/// message is what the signature covers, in base64; digest is the SHA-256 of message and signature, which the next row of the chain
/// names in its message. For each chain there come its anchors, its rows in their order, and its head; rows without a signature are
/// last, with null for what they lack.
package struct AuditExporter: Sendable {
    private let pool: PostgresPool

    /// Uses a connection of `pool` at a time.
    package init(_ pool: PostgresPool) { self.pool = pool }

    private static let pageSize: Int64 = 1_000

    /// Exports all chains, or those of one connection; of rows those from `since` to before `until`, and those between them in the
    /// chain, so that no link is missing. `write` gets lines without a line break. Throws `PostgresError`, `CryptographyError`, and
    /// what `write` throws.
    package func export(
        connection: ConnectionID? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
        write: (String) throws -> Void
    ) async throws {
        try await pool.withConnection { session in
            for table in AuditTable.allCases {
                let states = try await AuditChainState.read(table, connection: connection, over: session)
                for state in states.values.sorted(by: { $0.chain < $1.chain }) {
                    try await export(state, since, until, session, write)
                }
            }
        }
    }

    private func export(
        _ state: AuditChainState, _ since: Timestamp?, _ until: Timestamp?, _ session: PostgresConnection,
        _ write: (String) throws -> Void
    ) async throws {
        for anchor in state.anchors {
            var line = try AuditExportLine(anchor.message, RowSignature(anchor.signature), digest: anchor.digest)
            line.add("kind", .string("anchor"), state.chain)
            line.add("first_sequence", .integer(anchor.range.lowerBound))
            line.add("last_sequence", .integer(anchor.range.upperBound))
            line.add("removed_rows", .integer(anchor.removedRows))
            line.add("reason", .string(anchor.reason))
            line.add("created_at", .time(anchor.createdAt))
            try write(line.text())
        }
        if let range = try await numbers(state, since, until, session) {
            var from = range.lowerBound
            while from <= range.upperBound {
                try Task.checkCancellation()
                let through = min(range.upperBound, from + Self.pageSize - 1)
                for row in try await SignedAuditRow.read(state.chain, from...through, over: session) {
                    try write(self.line(of: row, in: state.chain))
                }
                from = through + 1
            }
        }
        if let head = state.head {
            var line = try AuditExportLine(head.message, RowSignature(head.signature), digest: head.position.digest)
            line.add("kind", .string("head"), state.chain)
            line.add("sequence", .integer(head.position.sequence))
            line.add("updated_at", .time(head.updatedAt))
            try write(line.text())
        }
        if state.unsignedRows > 0 { try await exportUnsigned(state.chain, since, until, session, write) }
    }

    private func line(of row: SignedAuditRow, in chain: AuditChain) throws -> String {
        let message = row.message(of: chain)
        var hash = try SHA256Digest()
        let digest = try row.signature.map { try AuditMessage.digest(of: message, $0, with: &hash).hex }
        var line = try AuditExportLine(message, row.signature, digest: digest)
        line.add("kind", .string("row"), chain)
        line.add("sequence", .integer(row.sequence))
        line.add(row.fields, of: chain.table)
        return try line.text()
    }

    /// The numbers of the rows of those times, and all between them.
    private func numbers(
        _ state: AuditChainState, _ since: Timestamp?, _ until: Timestamp?, _ session: PostgresConnection
    ) async throws -> ClosedRange<Int64>? {
        guard let first = state.first, let last = state.last else { return nil }
        guard since != nil || until != nil else { return first...last }
        let table = state.chain.table
        let row = try await session.query(
            """
            SELECT min(stored.chain_sequence) AS first, max(stored.chain_sequence) AS last FROM \(table.rawValue) AS stored
            WHERE \(state.chain.condition(on: "stored")) AND stored.chain_sequence IS NOT NULL
                AND ($1::timestamptz IS NULL OR stored.\(table.timeColumn) >= $1::timestamptz)
                AND ($2::timestamptz IS NULL OR stored.\(table.timeColumn) < $2::timestamptz)
            """, [.optional(since) { .timestamp($0) }, .optional(until) { .timestamp($0) }], name: "audit_export_range",
            deadline: .seconds(120)
        ).one { row throws(PostgresError) in (try row.optionalInt("first"), try row.optionalInt("last")) }
        guard let first = row.0, let last = row.1 else { return nil }
        return Int64(first)...Int64(last)
    }

    private func exportUnsigned(
        _ chain: AuditChain, _ since: Timestamp?, _ until: Timestamp?, _ session: PostgresConnection,
        _ write: (String) throws -> Void
    ) async throws {
        let table = chain.table
        var after: (time: String, id: String)? = nil
        while true {
            try Task.checkCancellation()
            let time = "stored.\(table.timeColumn)"
            var conditions = [chain.condition(on: "stored"), "stored.chain_sequence IS NULL"]
            if let since { conditions.append("\(time) >= \(PostgresLiteral.timestamp(since))") }
            if let until { conditions.append("\(time) < \(PostgresLiteral.timestamp(until))") }
            if let after {
                let place = try
                    "(\(PostgresLiteral.text(after.time))::timestamptz, \(PostgresLiteral.text(after.id))::uuid)"
                conditions.append("(\(time), stored.id) > \(place)")
            }
            let bytes = try await session.copyOut(
                """
                COPY (
                    SELECT \(time)::text, \(table.canonicalColumns(of: "stored")) FROM \(table.rawValue) AS stored
                    WHERE \(conditions.joined(separator: " AND "))
                    ORDER BY \(time), stored.id LIMIT \(Self.pageSize)
                ) TO STDOUT
                """, name: "export_unsigned_audit", deadline: .seconds(120))
            let lines = AuditLines(bytes)
            for fields in lines {
                var line = try AuditExportLine(nil, nil, digest: nil)
                line.add("kind", .string("row"), chain)
                line.add("sequence", .null)
                line.add(Array(fields.dropFirst()), of: table)
                try write(line.text())
            }
            guard lines.count == Int(Self.pageSize), let last = lines.last, last.count > 1,
                let lastTime = AuditLines.text(last[0]), let id = AuditLines.text(last[1])
            else { return }
            after = (lastTime, id)
        }
    }
}

/// A line of an export, its members in the order in which they were added.
private struct AuditExportLine {
    private var json: String

    init(_ message: [UInt8]?, _ signature: RowSignature?, digest: String?) throws {
        json = "{\"message\":"
        json += try JSONValue.optional(message.map { base64Text($0) }).text(indented: false)
        json += ",\"signature\":" + (try JSONValue.optional(signature?.base64).text(indented: false))
        json += ",\"key_id\":" + (try JSONValue.optional(signature?.keyID).text(indented: false))
        json += ",\"digest\":" + (try JSONValue.optional(digest).text(indented: false))
        members = []
    }

    private var members: [(String, JSONValue)]

    mutating func add(_ name: String, _ value: JSONValue) { members.append((name, value)) }

    mutating func add(_ name: String, _ value: JSONValue, _ chain: AuditChain) {
        members.append((name, value))
        members.append(("table", .string(chain.table.rawValue)))
        members.append(("connection_id", .optional(chain.connection?.description)))
    }

    /// The columns of a row under `columns`.
    mutating func add(_ fields: [ArraySlice<UInt8>], of table: AuditTable) {
        var columns: [String: JSONValue] = [:]
        for (column, field) in zip(table.columns, fields) {
            columns[column.name] = column.value(of: AuditLines.isNull(field) ? nil : AuditMessage.unescaped(field))
        }
        members.append(("columns", .object(columns)))
    }

    func text() throws -> String {
        try members.reduce(into: json) { text, member in
            text += ",\"\(member.0)\":" + (try member.1.text(indented: false))
        } + "}"
    }
}

extension AuditTable.Column {
    /// A value in its canonical form, for a reader of JSON.
    fileprivate func value(of text: String?) -> JSONValue {
        guard let text else { return .null }
        return switch type {
        case "boolean": .bool(text == "t")
        case "integer": Int64(text).map { .integer($0) } ?? .string(text)
        case "jsonb": .parsed(text)
        // A decimal stays a text: a reader's floating point would change it.
        default: .string(text)
        }
    }
}
