import BridgeCore
import PostgresClient

/// The table `safety_rule`. Methods throw `StoreError` for what a person can mend and `PostgresError` for the rest.
package struct SafetyRuleRepository: Sendable {
    private let pool: PostgresPool
    private let audit: AutomationAuditRepository

    /// Uses connections of `pool`, one for each call. What changes is written to the audit trail, signed with `keys`.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        audit = AutomationAuditRepository(pool, keys: keys)
    }

    /// The rules in the order in which they are tried. With a connection, those that hold for it.
    package func list(connection: ConnectionID? = nil) async throws -> [StoredSafetyRule] {
        try await pool.withConnection { session in
            try await session.query(
                """
                \(StoredSafetyRule.selection)
                WHERE $1::uuid IS NULL OR rule.connection_id IS NULL OR rule.connection_id = $1::uuid
                ORDER BY rule.priority, rule.rule_name, rule.id
                """, [.optional(connection) { .id($0) }], name: "list_safety_rules"
            ).map(StoredSafetyRule.init(row:))
        }
    }

    /// The rule of this name without regard to upper and lower case, or whose id begins with `text`. Throws `.notFound`,
    /// `.ambiguous`.
    package func find(_ text: String, connection: ConnectionID? = nil) async throws -> StoredSafetyRule {
        let text = StorableText.fitting(text)
        let found = try await pool.withConnection { session in
            try await session.query(
                """
                \(StoredSafetyRule.selection)
                WHERE (lower(rule.rule_name) = lower($1) OR length($1) >= 4 AND starts_with(rule.id::text, lower($1)))
                    AND ($2::uuid IS NULL OR rule.connection_id = $2::uuid)
                ORDER BY rule.id LIMIT 2
                """, [.text(text), .optional(connection) { .id($0) }], name: "find_safety_rule"
            ).map(StoredSafetyRule.init(row:))
        }
        guard let rule = found.first else {
            throw StoreError(.notFound, "There is no rule “\(text)”. `ha-bridge rule list` shows those there are.")
        }
        guard found.count == 1 else {
            throw StoreError(.ambiguous, "Several rules are called “\(text)”. Add --connection NAME, or give the id.")
        }
        return rule
    }

    /// Some of the rules for every house and for `connections`, in the order in which they are tried; those alone that hold for
    /// `connection`, where one is given. `after` is the rule behind which to go on.
    package func page(
        of connections: [ConnectionID], connection: ConnectionID? = nil, after: SafetyRuleID? = nil, limit: Int
    ) async throws -> [StoredSafetyRule] {
        try await pool.withConnection { session in
            try await session.query(
                """
                \(StoredSafetyRule.selection)
                WHERE (rule.connection_id IS NULL OR rule.connection_id = ANY ($1::uuid[]))
                    AND ($2::uuid IS NULL OR rule.connection_id IS NULL OR rule.connection_id = $2::uuid)
                    AND ($3::uuid IS NULL OR (rule.priority, rule.rule_name, rule.id) > (
                        SELECT last.priority, last.rule_name, last.id FROM safety_rule AS last WHERE last.id = $3::uuid))
                ORDER BY rule.priority, rule.rule_name, rule.id
                LIMIT $4
                """,
                [
                    .textArray(connections.map(\.description)), .optional(connection) { .id($0) },
                    .optional(after) { .id($0) }, .int(Int64(max(0, limit))),
                ], name: "page_safety_rules"
            ).map(StoredSafetyRule.init(row:))
        }
    }

    /// The rule of this id, `nil` where there is none.
    package func find(id: SafetyRuleID) async throws -> StoredSafetyRule? {
        try await pool.withConnection { session in
            try await session.query(
                "\(StoredSafetyRule.selection) WHERE rule.id = $1", [.id(id)], name: "read_safety_rule"
            ).first.map(StoredSafetyRule.init(row:))
        }
    }

    /// Stores a rule, together with its row of the audit trail. Throws `.duplicateName`, and `.invalidValue` for a condition that
    /// is none.
    package func add(
        _ draft: SafetyRuleDraft, by user: UserID?, from origin: ActOrigin = .commandLine, at time: Timestamp
    ) async throws -> StoredSafetyRule {
        let entry: @Sendable (StoredSafetyRule) -> AutomationAuditEntry = { rule in
            Self.entry("Added the rule", rule, by: user, from: origin, at: time, after: rule.auditText)
        }
        return try await write(draft, entry) { session in
            try session.query(
                """
                INSERT INTO safety_rule (
                    connection_id, rule_name, rule_type, description, rule_condition, rule_action, priority, is_active, created_by)
                VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9)
                RETURNING id
                """, Self.parameters(draft) + [.optional(user) { .id($0) }], name: "add_safety_rule")
        }
    }

    /// Changes the rule `old`. Throws as `add`, and `.notFound` for one that is gone meanwhile.
    package func set(
        _ old: StoredSafetyRule, to draft: SafetyRuleDraft, by user: UserID?, from origin: ActOrigin = .commandLine,
        at time: Timestamp
    ) async throws -> StoredSafetyRule {
        let entry: @Sendable (StoredSafetyRule) -> AutomationAuditEntry = { rule in
            Self.entry(
                "Changed the rule", rule, by: user, from: origin, at: time, before: old.auditText, after: rule.auditText
            )
        }
        return try await write(draft, entry) { session in
            try session.query(
                """
                UPDATE safety_rule
                SET connection_id = $1, rule_name = $2, rule_type = $3, description = $4, rule_condition = $5::jsonb,
                    rule_action = $6, priority = $7, is_active = $8
                WHERE id = $9
                RETURNING id
                """, Self.parameters(draft) + [.id(old.id)], name: "set_safety_rule")
        }
    }

    /// Deletes a rule. Throws `.notFound` for one that is gone meanwhile.
    package func remove(
        _ rule: StoredSafetyRule, by user: UserID?, from origin: ActOrigin = .commandLine, at time: Timestamp
    ) async throws {
        let entry = Self.entry("Removed the rule", rule, by: user, from: origin, at: time, before: rule.auditText)
        try await pool.withConnection { session in
            try await session.transaction { session in
                let removed = try session.query(
                    "DELETE FROM safety_rule WHERE id = $1", [.id(rule.id)], name: "remove_safety_rule")
                guard removed.affectedRows > 0 else { throw Self.gone }
                try audit.append([entry], in: session)
            }
        }
    }

    private static func entry(
        _ act: String, _ rule: StoredSafetyRule, by user: UserID?, from origin: ActOrigin, at time: Timestamp,
        before: String? = nil, after: String? = nil
    ) -> AutomationAuditEntry {
        // What is added or removed is not told to be switched off.
        let isOff = before != nil && after != nil && !rule.isActive
        return AutomationAuditEntry(
            connectionID: rule.connection, action: .safetyChange,
            description:
                "\(act) “\(rule.name)” (\(rule.action.rawValue)\(isOff ? ", switched off" : ""))\(origin.wayUnlessCommandLine).",
            before: before, after: after, userID: user, ipAddress: origin.address, userAgent: BridgeVersion.userAgent,
            sessionID: origin.session, timestamp: time)
    }

    private static let gone = StoreError(
        .notFound, "The rule is not there any more. `ha-bridge rule list` shows those there are.")

    private func write(
        _ draft: SafetyRuleDraft, _ entry: @Sendable (StoredSafetyRule) throws -> AutomationAuditEntry,
        _ statement: @Sendable (isolated PostgresConnection) throws -> PostgresResult
    ) async throws -> StoredSafetyRule {
        do {
            return try await pool.withConnection { session in
                try await session.transaction { session in
                    guard let id: SafetyRuleID = try statement(session).first?.id("id") else { throw Self.gone }
                    let rule = try session.query(
                        "\(StoredSafetyRule.selection) WHERE rule.id = $1", [.id(id)], name: "written_safety_rule"
                    ).one(StoredSafetyRule.init(row:))
                    try audit.append([try entry(rule)], in: session)
                    return rule
                }
            }
        } catch let error as PostgresError where error.constraint == "safety_rule_name_key" {
            throw StoreError(.duplicateName, "There is a rule “\(draft.name)” already. Take another name.")
        } catch let error as PostgresError where error.sqlState == "23514" {
            // The problem without the masking of the driver: it quotes nothing but the condition.
            let problem = try await problem(of: draft.condition)
            throw StoreError(
                .invalidValue,
                problem.map { "The condition cannot be used. \($0) See: ha-bridge rule add --help" }
                    ?? "A rule needs a name without blanks at its ends, and a priority from 1.")
        } catch let error as PostgresError where error.sqlState?.hasPrefix("22") == true {
            throw StoreError(.invalidValue, "The condition is no JSON.")
        }
    }

    /// What is wrong with a condition, in a sentence; `nil` for one that is right. Throws `.invalidValue` for text that is no
    /// JSON.
    package func problem(of condition: String) async throws -> String? {
        do {
            return try await pool.withConnection { session in
                try await session.query(
                    "SELECT safety_condition_problem($1::jsonb) AS problem", [.json(condition)], name: "check_condition"
                ).first?.optionalString("problem")
            }
        } catch let error as PostgresError where error.sqlState?.hasPrefix("22") == true {
            throw StoreError(.invalidValue, "The condition is no JSON.")
        }
    }

    private static func parameters(_ draft: SafetyRuleDraft) -> [PostgresValue] {
        [
            .optional(draft.connection) { .id($0) }, .text(StorableText.fitting(draft.name, limit: 255)),
            .text(draft.type.rawValue), .optional(draft.description) { .text(StorableText.fitting($0)) },
            .json(draft.condition), .text(draft.action.rawValue), .int(Int64(draft.priority)), .bool(draft.isActive),
        ]
    }
}
