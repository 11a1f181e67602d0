import BridgeCore
import PostgresClient

/// The table `home_assistant_dead_letters`. Methods throw `PostgresError`.
package struct DeadLetterRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Stores letters; those that are there already are left alone. Returns how many are new.
    ///
    /// Each statement is a transaction of its own and takes a bounded number of bytes: a payload is hexadecimal on the wire and
    /// in memory more than once, and payloads may be megabytes.
    @discardableResult
    package func append(_ letters: [DeadLetter]) async throws -> Int {
        var stored = 0
        var rest = letters[...]
        while !rest.isEmpty {
            let part = Self.part(of: rest)
            rest = rest.dropFirst(part.count)
            stored += try await insert(part)
        }
        return stored
    }

    /// How many letters there are, those of `connection` alone where one is given.
    package func count(connection: ConnectionID? = nil) async throws -> Int {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT count(*) AS count FROM home_assistant_dead_letters
                WHERE $1::uuid IS NULL OR connection_id = $1::uuid
                """, [.optional(connection) { .id($0) }], name: "count_dead_letters")
            return try result.one { row throws(PostgresError) in try row.int("count") }
        }
    }

    /// The first letters that fit into one statement; at least one.
    private static func part(of letters: ArraySlice<DeadLetter>) -> ArraySlice<DeadLetter> {
        var bytes = 0
        var count = 0
        for letter in letters.prefix(1_000) {
            bytes += letter.payload.count
            if count > 0 && bytes > 4 << 20 { break }
            count += 1
        }
        return letters.prefix(count)
    }

    private func insert(_ letters: ArraySlice<DeadLetter>) async throws -> Int {
        let sql = """
            INSERT INTO home_assistant_dead_letters
                (id, connection_id, received_at, reason_code, reason, sql_state, event_type, payload)
            VALUES \(Placeholders.rows(letters.count, columns: 8))
            ON CONFLICT DO NOTHING
            """
        // In the order of their ids, so that two writers do not wait for each other in a circle.
        let values = letters.sorted { $0.id.uuidString < $1.id.uuidString }.flatMap { letter -> [PostgresValue] in
            [
                .uuid(letter.id), .optional(letter.connectionID) { .id($0) }, .timestamp(letter.receivedAt),
                .text(letter.reasonCode), .text(StorableText.fitting(letter.reason)),
                .optional(letter.sqlState) { .text($0) },
                .optional(letter.eventType) { .text(StorableText.fitting($0, limit: 100)) }, .bytes(letter.payload),
            ]
        }
        return try await pool.withConnection { session in
            try await session.query(sql, values, name: "append_dead_letters").affectedRows
        }
    }
}
