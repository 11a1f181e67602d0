import BridgeCore
import PostgresClient

/// A row of `automation_apply_operation` or `rollback_operation`.
package struct StoredOperation: Sendable, Equatable {
    package let kind: OperationKind
    package let id: OperationID
    package let connection: ConnectionID
    package let automation: AutomationID
    package let step: OperationStep
    package let status: OperationStatus
    /// `nil` where the bridge began it by itself.
    package let initiatedBy: UserID?
    package let initiatedAt: Timestamp
    package let completedAt: Timestamp?
    package let errorMessage: String?
    /// What was there before the change; `nil` while that is not stored, and where nothing was there.
    package let before: BackupID?
    /// When Home Assistant had taken the write.
    package let writtenAt: Timestamp?
    /// Whether the automation was switched on before the write.
    package let wasEnabled: Bool?

    /// The workflow that is applied; of an apply operation alone.
    package let workflow: WorkflowID?

    /// The version to return to; of a rollback alone. `nil` where that version is deleted, and where a creation is undone.
    package let target: BackupID?
    /// The change that a rollback undoes.
    package let undone: OperationID?
    /// The workflow of that change.
    package let undoneWorkflow: WorkflowID?
    package let rollbackType: RollbackType?
    package let reason: String?

    static func columns(_ kind: OperationKind) -> String {
        let shared = """
            operation.id, operation.connection_id, operation.automation_id, operation.step, operation.status,
            operation.initiated_by, operation.initiated_at, operation.completed_at, operation.error_message,
            operation.written_at, operation.was_enabled
            """
        return switch kind {
        case .apply:
            """
            'automation_apply_operation' AS kind, \(shared), operation.backup_id AS before_id, operation.workflow_id,
            NULL::uuid AS target_id, NULL::uuid AS undone_id, NULL::uuid AS undone_workflow_id, NULL::text AS rollback_type,
            NULL::text AS reason
            """
        case .rollback:
            """
            'rollback_operation' AS kind, \(shared), operation.safety_backup_id AS before_id, NULL::uuid AS workflow_id,
            operation.backup_id AS target_id, operation.apply_operation_id AS undone_id,
            (SELECT undone.workflow_id FROM automation_apply_operation AS undone
                WHERE undone.id = operation.apply_operation_id) AS undone_workflow_id,
            operation.rollback_type::text AS rollback_type, operation.rollback_reason AS reason
            """
        }
    }

    init(row: PostgresRow) throws(PostgresError) {
        kind = try row.enumeration("kind")
        id = try row.id("id")
        connection = try row.id("connection_id")
        automation = try row.id("automation_id")
        step = try row.enumeration("step")
        status = try row.enumeration("status")
        initiatedBy = try row.optionalID("initiated_by")
        initiatedAt = try row.timestamp("initiated_at")
        completedAt = try row.optionalTimestamp("completed_at")
        errorMessage = try row.optionalString("error_message")
        before = try row.optionalID("before_id")
        writtenAt = try row.optionalTimestamp("written_at")
        wasEnabled = try row.optionalBool("was_enabled")
        workflow = try row.optionalID("workflow_id")
        target = try row.optionalID("target_id")
        undone = try row.optionalID("undone_id")
        undoneWorkflow = try row.optionalID("undone_workflow_id")
        rollbackType = try row.optionalString("rollback_type").flatMap(RollbackType.init(rawValue:))
        reason = try row.optionalString("reason")
    }
}

/// What an operation has to do with besides its own row.
package struct OperationSituation: Sendable, Equatable {
    /// The row as it is now.
    package let operation: StoredOperation
    /// The reason of an emergency stop that was engaged since the operation began, whether it has been released or not.
    package let stop: String?
    /// A person asked for an emergency rollback of the automation, which does not wait.
    package let isPushedAside: Bool
    /// Another change of the automation waits for this one to end.
    package let isWaitedFor: Bool
    /// From the write until now, by the clock of the database; zero before it.
    package let sinceWrite: Duration
}

/// What the runs since a change say of it.
package struct FirstRuns: Sendable, Equatable {
    package var successes = 0
    package var failures = 0
    /// What the newest failed run said.
    package var error: String?
    /// Whether the last run before the change failed, too: then a failure says nothing of the change.
    package var hadFailedBefore = false

    package init() {}
}
