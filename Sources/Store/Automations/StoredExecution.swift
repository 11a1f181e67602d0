import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `automation_executions`: a run of an automation.
package struct StoredExecution: Sendable, Hashable {
    package let id: UUID
    package let automationID: AutomationID
    /// Home Assistant's id of the trace; `nil` where only the event is known.
    package let runID: String?
    package let status: ExecutionStatus
    package let startedAt: Timestamp
    package let completedAt: Timestamp?
    /// Milliseconds, waiting in a queue included.
    package let duration: Int?
    /// Home Assistant's own word for how it ended.
    package let scriptExecution: String?
    /// `trace`, `event` or `logbook`.
    package let source: String
    package let errorMessage: String?
    package let trigger: String?
    package let lastStep: String?
    package let contextID: String?
    package let contextParentID: String?
    package let contextUserID: String?
    /// JSON text.
    package let traceSummary: String?
    /// State changes that it caused; `nil` while they are not counted.
    package let effectCount: Int?
    package let overridesCheckedAt: Timestamp?
    package let overriddenAt: Timestamp?
    /// JSON text.
    package let overrideDetails: String?
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

extension StoredExecution {
    static let columns = """
        id, automation_id, run_id, status, started_at, completed_at, duration_ms, script_execution, source, error_message,
        trigger, last_step, context_id, context_parent_id, context_user_id, trace_summary, effect_count,
        overrides_checked_at, overridden_at, override_details, created_at, updated_at
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.uuid("id")
        automationID = try row.id("automation_id")
        runID = try row.optionalString("run_id")
        status = try row.enumeration("status")
        startedAt = try row.timestamp("started_at")
        completedAt = try row.optionalTimestamp("completed_at")
        duration = try row.optionalInt("duration_ms")
        scriptExecution = try row.optionalString("script_execution")
        source = try row.string("source")
        errorMessage = try row.optionalString("error_message")
        trigger = try row.optionalString("trigger")
        lastStep = try row.optionalString("last_step")
        contextID = try row.optionalString("context_id")
        contextParentID = try row.optionalString("context_parent_id")
        contextUserID = try row.optionalString("context_user_id")
        traceSummary = try row.optionalString("trace_summary")
        effectCount = try row.optionalInt("effect_count")
        overridesCheckedAt = try row.optionalTimestamp("overrides_checked_at")
        overriddenAt = try row.optionalTimestamp("overridden_at")
        overrideDetails = try row.optionalString("override_details")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
    }
}

/// What identifies an automation for those that follow its runs.
package struct AutomationReference: Sendable, Hashable {
    package let id: AutomationID
    /// The id in its configuration; where it has none, its entity id.
    package let homeAssistantID: String
    /// False where its configuration has no id: Home Assistant keeps no usable traces of it.
    package let hasOwnID: Bool
    package let entityID: String?
    package let name: String

    package init(id: AutomationID, homeAssistantID: String, hasOwnID: Bool, entityID: String?, name: String) {
        self.id = id
        self.homeAssistantID = homeAssistantID
        self.hasOwnID = hasOwnID
        self.entityID = entityID
        self.name = name
    }
}
