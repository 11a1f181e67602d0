import BridgeCore
import FoundationEssentials
import PostgresClient

/// Judges and stores proposals: `approval_workflow` and what belongs to it. Methods throw `StoreError` for what a person can mend
/// and `PostgresError` for the rest: HB006 where a safety rule forbids it, HB003 where an approval is missing.
package struct ProposalRepository: Sendable {
    let pool: PostgresPool
    private let audit: AutomationAuditRepository

    /// Uses connections of `pool`, one for each call. What is proposed is written to the audit trail, signed with `keys`.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        audit = AutomationAuditRepository(pool, keys: keys)
    }

    // MARK: Judging

    /// What a change would do, from the JSON of a `ProposedChange` and of its risk assessment, as the rules see it.
    package func facts(
        of changes: String, connection: ConnectionID, automation: AutomationID?, assessment: String? = nil
    ) async throws -> ChangeFacts {
        let json = try await pool.withConnection { session in
            try await session.query(
                "SELECT safety_change_facts($1, $2::uuid, $3::jsonb, $4::jsonb)::text AS facts",
                [
                    .id(connection), .optional(automation) { .id($0) }, .json(changes),
                    .optional(assessment) { .json($0) },
                ], name: "change_facts"
            ).one { row throws(PostgresError) in try row.string("facts") }
        }
        return try ChangeFacts(json: json)
    }

    /// The active rules that speak of a change, in their order.
    package func rules(
        on changes: String, connection: ConnectionID, automation: AutomationID?, assessment: String, risk: RiskLevel,
        score: Double
    ) async throws -> [SpokenRule] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT rule_id, rule_name, rule_action, description, is_certain
                FROM safety_rules_for($1, safety_change_facts($1, $2::uuid, $3::jsonb, $4::jsonb, $5, $6::numeric))
                """,
                [
                    .id(connection), .optional(automation) { .id($0) }, .json(changes), .json(assessment),
                    .text(risk.rawValue), .double(score),
                ], name: "rules_on_change"
            ).map(SpokenRule.init(row:))
        }
    }

    // MARK: Finding

    /// The automation that has this id in its configuration.
    package func automation(_ homeAssistantID: String, of connection: ConnectionID) async throws -> StoredAutomation? {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredAutomation.columns)
                FROM automation_management AS automation
                JOIN home_assistant_connections AS connection ON connection.id = automation.connection_id
                WHERE automation.connection_id = $1 AND automation.home_assistant_automation_id = $2
                """, [.id(connection), .text(StorableText.fitting(homeAssistantID))], name: "find_automation_by_own_id"
            ).first.map(StoredAutomation.init(row:))
        }
    }

    /// A proposal by its id.
    package func find(_ id: WorkflowID) async throws -> StoredWorkflow? {
        try await pool.withConnection { session in try await Self.find(id, session) }
    }

    /// Proposals about an automation that wait for a decision, or are approved and not carried out yet.
    package func open(about automation: AutomationID) async throws -> [StoredWorkflow] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredWorkflow.columns) FROM approval_workflow AS workflow \(StoredWorkflow.joins)
                WHERE workflow.automation_id = $1 AND workflow.status IN ('PENDING', 'APPROVED')
                    AND (workflow.expires_at IS NULL OR workflow.expires_at > now())
                    AND NOT EXISTS (
                        SELECT FROM automation_apply_operation AS operation
                        WHERE operation.workflow_id = workflow.id AND operation.status = 'COMPLETED')
                ORDER BY workflow.created_at
                """, [.id(automation)], name: "open_proposals"
            ).map(StoredWorkflow.init(row:))
        }
    }

    /// Who may be asked where nobody is named: the owner of the house, and every administrator; active ones alone. The owner
    /// comes first.
    package func approvers(of connection: ConnectionID) async throws -> [StoredUser] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredUser.columns) FROM users
                WHERE status = 'active' AND role <> 'observer'
                    AND (role = 'admin' OR id = (SELECT user_id FROM home_assistant_connections WHERE id = $1::uuid))
                ORDER BY id = (SELECT user_id FROM home_assistant_connections WHERE id = $1::uuid) DESC, username
                """, [.id(connection)], name: "default_approvers"
            ).map(StoredUser.init(row:))
        }
    }

    /// What the registry knows of entities, by their ids.
    package func portraits(
        of entities: some Collection<String>, in connection: ConnectionID
    ) async throws -> [String: EntityPortrait] {
        guard !entities.isEmpty else { return [:] }
        let rows = try await pool.withConnection { session in
            try await session.query(
                """
                SELECT entity_id, name, device_class, device_id, platform FROM home_assistant_entities
                WHERE connection_id = $1 AND entity_id = ANY ($2::text[]) AND removed_at IS NULL
                """, [.id(connection), .textArray(Array(entities))], name: "entity_portraits"
            ).map(EntityPortrait.init(row:))
        }
        return Dictionary(rows.map { ($0.entityID, $0) }) { first, _ in first }
    }

    private static func find(_ id: WorkflowID, _ session: isolated PostgresConnection) throws -> StoredWorkflow? {
        try session.query(
            """
            SELECT \(StoredWorkflow.columns) FROM approval_workflow AS workflow \(StoredWorkflow.joins)
            WHERE workflow.id = $1
            """, [.id(id)], name: "find_workflow"
        ).first.map(StoredWorkflow.init(row:))
    }

    // MARK: Storing

    /// Stores a proposal with its approvers and `entry` in the audit trail, all or nothing.
    ///
    /// Throws HB006 where a rule blocks it, HB003 where it asks nobody and somebody must be asked, `.ambiguous` for a creation
    /// whose automation is there meanwhile.
    package func add(_ draft: ProposalDraft, audit entry: AutomationAuditEntry) async throws -> StoredWorkflow {
        try await pool.withConnection { session in
            try await session.transaction { session in
                if let new = draft.newAutomation { try Self.begin(new, of: draft, session) }
                _ = try session.query(Self.insert, Self.parameters(draft), name: "add_workflow")
                for approver in draft.approvers {
                    _ = try session.query(
                        """
                        INSERT INTO approval_workflow_approvers (workflow_id, approver_id, approval_level)
                        SELECT $1, $2, $3 WHERE EXISTS (
                            SELECT FROM approval_workflow WHERE id = $1 AND status = 'PENDING')
                        """, [.id(draft.id), .id(approver.user), .int(Int64(approver.level))], name: "add_approver")
                }
                if draft.newAutomation != nil {
                    _ = try session.query(
                        """
                        SELECT automation_change_lifecycle(
                            $1, 'PENDING_APPROVAL', 'The proposal is valid and waits for its approvers.', $2::uuid)
                        """, [.id(draft.automation), .optional(draft.createdBy) { .id($0) }], name: "await_approval")
                }
                guard let workflow = try Self.find(draft.id, session) else {
                    throw StoreError(.notFound, "The connection is not there any more. See: ha-bridge connection list")
                }
                try audit.append([entry], in: session)
                return workflow
            }
        }
    }

    /// The row of an automation that is to be created.
    private static func begin(
        _ new: ProposalDraft.NewAutomation, of draft: ProposalDraft, _ session: isolated PostgresConnection
    ) throws {
        let inserted = try session.query(
            """
            INSERT INTO automation_management (
                id, connection_id, home_assistant_automation_id, name, mode, lifecycle_state, created_by)
            VALUES ($1, $2, $3, $4, $5, 'PROPOSED', $6)
            ON CONFLICT ON CONSTRAINT automation_management_connection_automation_key DO NOTHING
            """,
            [
                .id(draft.automation), .id(draft.connection), .text(StorableText.fitting(new.homeAssistantID)),
                .text(StorableText.fitting(new.name, limit: 255)), .optional(new.mode) { .text($0) },
                .optional(draft.createdBy) { .id($0) },
            ], name: "begin_automation")
        if inserted.affectedRows > 0 { return }
        // It was there once: it is proposed anew.
        let moved = try session.query(
            """
            SELECT automation_change_lifecycle(id, 'PROPOSED', 'Proposed once more.', $3::uuid) AS has_moved
            FROM automation_management
            WHERE id = $1 AND connection_id = $2 AND lifecycle_state IN ('REJECTED', 'RETIRED')
            """, [.id(draft.automation), .id(draft.connection), .optional(draft.createdBy) { .id($0) }],
            name: "propose_once_more")
        guard try moved.first?.bool("has_moved") == true else {
            throw StoreError(
                .ambiguous,
                """
                An automation with the id \(new.homeAssistantID) is there already, or waits for approval. \
                `ha-bridge automation list` and `ha-bridge approval list` show it.
                """)
        }
    }

    private static let insert = """
        INSERT INTO approval_workflow (
            id, connection_id, automation_id, workflow_type, priority, risk_level, risk_score, risk_assessment, description,
            ai_reasoning, proposed_changes, sealed_secrets, base_digest, decision_id, required_approvals, created_by, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7::numeric, $8::jsonb, $9, $10, $11::jsonb, $12, $13::bytea, $14::uuid,
            $15::text[]::integer[], $16::uuid, $17::timestamptz)
        """

    private static func parameters(_ draft: ProposalDraft) -> [PostgresValue] {
        [
            .id(draft.id), .id(draft.connection), .id(draft.automation), .text(draft.type.rawValue),
            .text(draft.priority.rawValue), .text(draft.risk.rawValue), .double(draft.riskScore),
            .json(draft.assessment), .text(StorableText.fitting(draft.description)),
            .optional(draft.reasoning) { .text(StorableText.fitting($0)) }, .json(draft.changes),
            .optional(draft.sealedSecrets) { .text($0) }, .optional(draft.baseDigest) { .bytes($0) },
            .optional(draft.decision) { .uuid($0) }, .textArray(draft.requiredApprovals.map(String.init)),
            .optional(draft.createdBy) { .id($0) }, .optional(draft.expiresAt) { .timestamp($0) },
        ]
    }
}

/// What the registry knows of an entity.
package struct EntityPortrait: Sendable, Equatable {
    package var entityID: String
    package var name: String?
    /// Such as `garage`.
    package var deviceClass: String?
    package var device: String?
    /// The integration, such as `template`.
    package var platform: String?

    package init(_ entityID: String, name: String? = nil, deviceClass: String? = nil) {
        self.entityID = entityID
        self.name = name
        self.deviceClass = deviceClass
    }

    init(row: PostgresRow) throws(PostgresError) {
        entityID = try row.string("entity_id")
        name = try row.optionalString("name")
        deviceClass = try row.optionalString("device_class")
        device = try row.optionalString("device_id")
        platform = try row.optionalString("platform")
    }
}
