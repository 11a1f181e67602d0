import BridgeCore
import PostgresClient

/// The table `home_assistant_retention_rule`. Methods throw `StoreError` for what a person can mend and `PostgresError` for the
/// rest.
package struct RetentionRuleRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The rules in the order in which they count, with a connection those that hold for it.
    package func list(connection: ConnectionID? = nil) async throws -> [StoredRetentionRule] {
        try await pool.withConnection { session in
            try await session.query(
                """
                \(StoredRetentionRule.selection)
                WHERE $1::uuid IS NULL OR rule.connection_id IS NULL OR rule.connection_id = $1::uuid
                ORDER BY rule.data, rule.priority DESC, rule.specificity DESC, rule.keep_days DESC NULLS FIRST, rule.id
                """, [.optional(connection) { .id($0) }], name: "list_retention_rules"
            ).map(StoredRetentionRule.init(row:))
        }
    }

    /// The rule whose id begins with `text`. Throws `.notFound`, `.ambiguous`.
    package func find(_ text: String) async throws -> StoredRetentionRule {
        let text = StorableText.fitting(text)
        let found = try await pool.withConnection { session in
            try await session.query(
                """
                \(StoredRetentionRule.selection)
                WHERE length($1) >= 4 AND starts_with(rule.id::text, lower($1)) ORDER BY rule.id LIMIT 2
                """, [.text(text)], name: "find_retention_rule"
            ).map(StoredRetentionRule.init(row:))
        }
        guard let rule = found.first else {
            throw StoreError(
                .notFound, "There is no rule “\(text)”. `ha-bridge retention rule list` shows those there are.")
        }
        guard found.count == 1 else {
            throw StoreError(.ambiguous, "Several rules begin with “\(text)”. Give more of the id.")
        }
        return rule
    }

    /// Stores a rule. Throws `.invalidValue` for one that says nothing or too much.
    package func add(_ draft: RetentionRuleDraft, by user: UserID?) async throws -> StoredRetentionRule {
        do {
            return try await pool.withConnection { session in
                try await session.query(
                    """
                    WITH rule AS (
                        INSERT INTO home_assistant_retention_rule
                            (connection_id, data, event_type, domain, entity_glob, keep_days, priority, created_by)
                        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                        RETURNING *
                    )
                    \(StoredRetentionRule.selection.replacing("FROM home_assistant_retention_rule AS rule", with: "FROM rule"))
                    """,
                    [
                        .optional(draft.connection) { .id($0) }, .text(draft.data.rawValue),
                        .optional(draft.eventType, PostgresValue.text), .optional(draft.domain, PostgresValue.text),
                        .optional(draft.entityGlob, PostgresValue.text),
                        .optional(draft.keepDays) { .int(Int64($0)) }, .int(Int64(draft.priority)),
                        .optional(user) { .id($0) },
                    ], name: "add_retention_rule"
                ).one(StoredRetentionRule.init(row:))
            }
        } catch let error as PostgresError where ["23514", "22001", "22003"].contains(error.sqlState) {
            throw StoreError(
                .invalidValue,
                "A rule needs a number of days from 1 to 36500 or none for ever, a domain such as sensor, and an event type only where it is about events."
            )
        } catch let error as PostgresError where error.sqlState == "23503" {
            throw StoreError(.notFound, "The connection is not there any more. No rule was added.")
        }
    }

    /// Deletes a rule. Throws `.notFound` for one that is gone meanwhile.
    package func remove(_ id: RetentionRuleID) async throws {
        let removed = try await pool.withConnection { session in
            try await session.query(
                "DELETE FROM home_assistant_retention_rule WHERE id = $1", [.id(id)], name: "remove_retention_rule"
            ).affectedRows
        }
        guard removed > 0 else {
            throw StoreError(
                .notFound, "The rule is not there any more. `ha-bridge retention rule list` shows those there are.")
        }
    }
}
