import BridgeCore
import PostgresClient

/// A row of `automation_lifecycle_history`.
package struct LifecycleMove: Sendable, Hashable {
    /// Counts the moves of all automations.
    package let sequence: Int
    /// `nil` for the first state of an automation.
    package let previous: LifecycleState?
    package let state: LifecycleState
    /// Why, in words.
    package let reason: String
    package let changedAt: Timestamp
    /// Who moved it; `nil` where the bridge did by itself.
    package let changedBy: String?
    /// Who approved the move, where it took an approval.
    package let approvedBy: String?

    static let columns = """
        move.sequence, move.previous_state, move.new_state, move.change_reason, move.changed_at, person.username AS changed_by, \
        approver.username AS approved_by
        """

    init(row: PostgresRow) throws(PostgresError) {
        sequence = try row.int("sequence")
        previous =
            if try row.optionalString("previous_state") == nil { nil } else { try row.enumeration("previous_state") }
        state = try row.enumeration("new_state")
        reason = try row.string("change_reason")
        changedAt = try row.timestamp("changed_at")
        changedBy = try row.optionalString("changed_by")
        approvedBy = try row.optionalString("approved_by")
    }
}
