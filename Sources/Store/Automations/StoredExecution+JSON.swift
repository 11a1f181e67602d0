import BridgeCore

extension StoredExecution {
    /// All that is known of the run.
    package var jsonValue: JSONValue {
        .object([
            "id": .string(id.uuidString.lowercased()),
            "automation_id": .string(automationID.description),
            "run_id": .optional(runID),
            "status": .string(status.rawValue),
            "script_execution": .optional(scriptExecution),
            "source": .string(source),
            "started_at": .time(startedAt),
            "completed_at": .time(completedAt),
            "duration_ms": duration.map { .integer(Int64($0)) } ?? .null,
            "error_message": .optional(errorMessage),
            "trigger": .optional(trigger),
            "last_step": .optional(lastStep),
            "context_id": .optional(contextID),
            "context_parent_id": .optional(contextParentID),
            "context_user_id": .optional(contextUserID),
            "trace_summary": .parsed(traceSummary),
            "effect_count": effectCount.map { .integer(Int64($0)) } ?? .null,
            "overrides_checked_at": .time(overridesCheckedAt),
            "overridden_at": .time(overriddenAt),
            "override_details": .parsed(overrideDetails),
        ])
    }
}
