import BridgeCore
import PostgresClient

/// Every sealed value of the database, for a rotation of the keys. Methods throw `PostgresError`.
package struct SealedValueRepository: Sendable {
    /// Where such values are.
    package enum Place: String, CaseIterable, Sendable {
        case tokens
        case backups
        case proposals
    }

    /// What takes the place of a value.
    package struct Replacement: Sendable {
        package var value: SealedValue
        package var sealed: String

        package init(_ value: SealedValue, sealed: String) {
            self.value = value
            self.sealed = sealed
        }
    }

    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// A page of the values that are sealed, wholly or in part, with another key than `key`, in the order of the rows' ids.
    /// `last` is the last value of the page before.
    package func values(
        in place: Place, notUnder key: String, after last: SealedValue? = nil, limit: Int
    ) async throws -> [SealedValue] {
        let parameters: [PostgresValue] = [
            .text(key), .optional(last?.rowID) { .text($0) }, .int(Int64(max(1, limit))),
        ]
        return try await pool.withConnection { session in
            switch place {
            case .tokens:
                let result = try await session.query(
                    """
                    SELECT \(StoredConnection.columns)
                    FROM home_assistant_connections AS connection
                    JOIN users AS owner ON owner.id = connection.user_id
                    WHERE \(Self.isUnderAnother("connection.encrypted_token"))
                        AND ($2::uuid IS NULL OR connection.id > $2::uuid)
                    ORDER BY connection.id LIMIT $3
                    """, parameters, name: "list_sealed_tokens")
                return try result.map { row in .token(try StoredConnection(row: row)) }
            case .backups:
                let result = try await session.query(
                    """
                    SELECT backup.id::text AS id, backup.connection_id, backup.automation_id, backup.version,
                        automation.name, backup.sealed_secrets
                    FROM automation_backup AS backup
                    JOIN automation_management AS automation ON automation.id = backup.automation_id
                    WHERE \(Self.isUnderAnother("backup.sealed_secrets"))
                        AND ($2::uuid IS NULL OR backup.id > $2::uuid)
                    ORDER BY backup.id LIMIT $3
                    """, parameters, name: "list_sealed_backups")
                return try result.map { row in .backup(try SealedBackup(row: row)) }
            case .proposals:
                let result = try await session.query(
                    """
                    SELECT workflow.id::text AS id, workflow.connection_id, workflow.automation_id, automation.name,
                        workflow.sealed_secrets
                    FROM approval_workflow AS workflow
                    JOIN automation_management AS automation ON automation.id = workflow.automation_id
                    WHERE \(Self.isUnderAnother("workflow.sealed_secrets"))
                        AND ($2::uuid IS NULL OR workflow.id > $2::uuid)
                    ORDER BY workflow.id LIMIT $3
                    """, parameters, name: "list_sealed_proposals")
                return try result.map { row in .proposal(try SealedProposal(row: row)) }
            }
        }
    }

    /// Puts each replacement where its value still is as it was read, in one transaction, and returns how many that were. Rows
    /// that somebody else has changed meanwhile stay as they are.
    package func replace(_ replacements: [Replacement], in place: Place) async throws -> Int {
        guard !replacements.isEmpty else { return 0 }
        let (table, column) =
            switch place {
            case .tokens: ("home_assistant_connections", "encrypted_token")
            case .backups: ("automation_backup", "sealed_secrets")
            case .proposals: ("approval_workflow", "sealed_secrets")
            }
        // Locked in the order of ids, as everywhere.
        let statement = """
            WITH replacement AS (
                SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) AS replacement (id, old, new)
            ), locked AS MATERIALIZED (
                SELECT id FROM \(table) WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
            )
            UPDATE \(table) AS stored
            SET \(column) = replacement.new
            FROM replacement
            JOIN locked ON locked.id = replacement.id
            WHERE stored.id = replacement.id AND stored.\(column) = replacement.old
            """
        let parameters: [PostgresValue] = [
            .textArray(replacements.map(\.value.rowID)), .textArray(replacements.map(\.value.text)),
            .textArray(replacements.map(\.sealed)),
        ]
        return try await pool.withConnection { session in
            try await session.query(statement, parameters, name: "replace_sealed_\(place.rawValue)").affectedRows
        }
    }

    /// Has the database refuse new values under `keys` (HB005), for good. When this returns, whatever was under way has
    /// ended: what is not found under these keys now never will be.
    ///
    /// Waits for statements on these tables, which take milliseconds, and gives up after five seconds (55P03).
    package func retire(_ keys: Set<String>) async throws {
        guard !keys.isEmpty else { return }
        try await pool.withConnection { session in
            try await session.transaction { session in
                _ = try session.query("SET LOCAL lock_timeout = '5s'", [], name: "bound_wait")
                _ = try session.query(
                    """
                    LOCK TABLE home_assistant_connections, automation_backup, approval_workflow
                    IN SHARE ROW EXCLUSIVE MODE
                    """, [], name: "lock_sealed_values")
                _ = try session.query(
                    """
                    INSERT INTO home_assistant_retired_keys (key_id)
                    SELECT unnest($1::text[]) ON CONFLICT DO NOTHING
                    """, [.textArray(keys.sorted())], name: "retire_keys")
            }
        }
    }

    /// Whether a rotation has retired the key.
    package func isRetired(_ key: String) async throws -> Bool {
        try await pool.withConnection { session in
            try await !session.query(
                "SELECT FROM home_assistant_retired_keys WHERE key_id = $1", [.text(key)], name: "find_retired_key"
            ).isEmpty
        }
    }

    /// Whether any of the parts was sealed with another key than `$1`. Key ids are letters and digits, safe within a pattern.
    private static func isUnderAnother(_ column: String) -> String {
        "\(column) ~ ('(^| )v1[.](?!' || $1::text || '[.])')"
    }
}

extension SealedBackup {
    init(row: PostgresRow) throws(PostgresError) {
        id = try row.string("id")
        connection = try row.id("connection_id")
        automation = try row.id("automation_id")
        automationName = try row.string("name")
        version = try row.int("version")
        sealedSecrets = try row.string("sealed_secrets")
    }
}

extension SealedProposal {
    init(row: PostgresRow) throws(PostgresError) {
        id = try row.string("id")
        connection = try row.id("connection_id")
        automation = try row.id("automation_id")
        automationName = try row.string("name")
        sealedSecrets = try row.string("sealed_secrets")
    }
}
