import BridgeCore
import PostgresClient

/// A row of `automation_apply_operation`, as whoever waits for it sees it.
package struct WorkflowOperation: Sendable, Equatable {
    package let id: OperationID
    /// The step that was begun last: LOCK, BACKUP, WRITE, RELOAD, READ_BACK, WATCH.
    package let step: String
    package let status: OperationStatus
    package let initiatedAt: Timestamp
    package let completedAt: Timestamp?
    /// Why it failed, in sentences.
    package let error: String?

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        step = try row.string("step")
        status = try row.enumeration("status")
        initiatedAt = try row.timestamp("initiated_at")
        completedAt = try row.optionalTimestamp("completed_at")
        error = try row.optionalString("error_message")
    }
}
