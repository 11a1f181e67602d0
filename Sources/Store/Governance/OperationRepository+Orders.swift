import BridgeCore
import FoundationEssentials
import PostgresClient

/// What a workflow asks for, as the bridge needs it to carry it out.
package struct ChangeOrder: Sendable, Equatable {
    package let workflow: WorkflowID
    package let type: WorkflowType
    /// A JSON object, see `approval_workflow.proposed_changes`.
    package let changes: String
    /// The values behind its placeholders; `nil` where there are none.
    package let sealedSecrets: String?
    /// The digest of what it replaces; `nil` where that was not looked at.
    package let baseDigest: [UInt8]?
    package let description: String
    /// Who approved it, else who proposed it.
    package let person: UserID?
    /// Whether what it proposes is still what was approved, by the digests of the workflow and of its operations.
    package let isAsApproved: Bool

    init(row: PostgresRow) throws(PostgresError) {
        workflow = try row.id("id")
        type = try row.enumeration("workflow_type")
        changes = try row.string("proposed_changes")
        sealedSecrets = try row.optionalString("sealed_secrets")
        baseDigest = try row.optionalBytes("base_digest")
        description = try row.string("description")
        person = try row.optionalID("person")
        isAsApproved = try row.bool("is_as_approved")
    }
}

/// A return to an earlier version that a person asks for.
package struct RollbackRequest: Sendable {
    package var automation: StoredAutomation
    package var target: StoredBackup
    package var reason: String
    package var isEmergency: Bool
    package var person: UserID?

    package init(
        _ automation: StoredAutomation, to target: StoredBackup, because reason: String, isEmergency: Bool = false,
        by person: UserID?
    ) {
        self.automation = automation
        self.target = target
        self.reason = reason
        self.isEmergency = isEmergency
        self.person = person
    }
}

extension OperationRepository {
    /// What a workflow asks for; `nil` where it is gone or proposes nothing.
    package func order(of workflow: WorkflowID) async throws -> ChangeOrder? {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT id, workflow_type, proposed_changes::text AS proposed_changes, base_digest, description,
                    sealed_secrets, coalesce(approved_by, created_by) AS person,
                    proposal_digest = sha256(convert_to(proposed_changes::text, 'UTF8'))
                        AND NOT EXISTS (SELECT FROM automation_apply_operation AS operation
                            WHERE operation.workflow_id = workflow.id
                                AND operation.proposal_digest <> workflow.proposal_digest) AS is_as_approved
                FROM approval_workflow AS workflow WHERE id = $1 AND proposed_changes IS NOT NULL
                """, [.id(workflow)], name: "find_order"
            ).first.map(ChangeOrder.init(row:))
        }
    }

    /// Closes an approved workflow that the database refuses to have applied for good: what it proposes is not what was approved. A
    /// creation's automation is closed with it. Says whether it did.
    package func cancel(
        _ workflow: WorkflowID, of connection: ConnectionID, audit entry: AutomationAuditEntry,
        under claims: LeaseClaims? = nil
    ) async throws -> Bool {
        try await pool.withConnection { session in
            try await session.transaction { session in
                guard try LeaseClaims.lock("automation_changes", of: connection, under: claims, session) else {
                    return false
                }
                let rows = try session.query(
                    """
                    UPDATE approval_workflow SET status = 'CANCELLED'
                    WHERE id = $1 AND status = 'APPROVED' AND (expires_at IS NULL OR expires_at > clock_timestamp())
                    RETURNING automation_id
                    """, [.id(workflow)], name: "cancel_workflow")
                guard let row = rows.first else { return false }
                _ = try session.query(
                    """
                    SELECT automation_change_lifecycle(id, 'REJECTED', $2) FROM automation_management
                    WHERE id = $1 AND lifecycle_state IN ('PROPOSED', 'PENDING_APPROVAL')
                    """,
                    [
                        .optional(try row.optionalID("automation_id", as: AutomationID.self)) { .id($0) },
                        .text(StorableText.fitting(entry.description)),
                    ], name: "close_creation")
                try audit.append([entry], in: session)
                return true
            }
        }
    }

    /// Stores that a person asks for a return to an earlier version, with its row of the audit trail. The bridge that holds the
    /// connection's lease carries it out.
    ///
    /// Throws `StoreError` where another rollback of the automation is under way, and HB004 under an emergency stop.
    package func ask(_ request: RollbackRequest, audit entry: AutomationAuditEntry) async throws -> StoredOperation {
        do {
            return try await pool.withConnection { session in
                try await session.transaction { session in
                    _ = try session.query(
                        "SELECT automation_lock_writes($1)", [.id(request.automation.connectionID)],
                        name: "lock_house_writes")
                    let rows = try session.query(
                        """
                        INSERT INTO rollback_operation AS operation (
                            connection_id, automation_id, backup_id, rollback_reason, rollback_type, initiated_by)
                        VALUES ($1, $2, $3, $4, $5, $6) RETURNING \(StoredOperation.columns(.rollback))
                        """,
                        [
                            .id(request.automation.connectionID), .id(request.automation.id), .id(request.target.id),
                            .text(StorableText.fitting(request.reason)),
                            .text((request.isEmergency ? RollbackType.emergency : .manual).rawValue),
                            .optional(request.person) { .id($0) },
                        ], name: "ask_rollback")
                    let operation = try rows.one { row throws(PostgresError) in try StoredOperation(row: row) }
                    try audit.append([entry], in: session)
                    return operation
                }
            }
        } catch let error as PostgresError where error.constraint == "rollback_operation_one_at_a_time" {
            throw StoreError(
                .invalidValue,
                "“\(request.automation.name)” is being rolled back already. Wait until that has ended, and look again.")
        }
    }

    /// Whether a bridge holds the connection now, by the clock of the database.
    package func isHeld(_ connection: ConnectionID) async throws -> Bool {
        try await pool.withConnection { session in
            try await !session.query(
                """
                SELECT FROM home_assistant_connection_leases
                WHERE connection_id = $1 AND holder IS NOT NULL AND expires_at > clock_timestamp()
                """, [.id(connection)], name: "look_for_holder"
            ).isEmpty
        }
    }
}
