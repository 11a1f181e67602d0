import BridgeCore

extension StoredAutomation {
    /// All that is known of the automation.
    package var jsonValue: JSONValue {
        var members = Dictionary(uniqueKeysWithValues: jsonMembers)
        members["score_breakdown"] = .parsed(scoreBreakdown)
        return .object(members)
    }

    /// All but the breakdown of the score.
    package var jsonMembers: [(key: String, value: JSONValue)] {
        [
            ("id", .string(id.description)),
            ("connection", .string(connectionName)),
            ("connection_id", .string(connectionID.description)),
            ("home_assistant_automation_id", .string(homeAssistantID)),
            ("has_own_id", .bool(hasOwnID)),
            ("entity_id", .optional(entityID)),
            ("registry_id", .optional(registryID)),
            ("name", .string(name)),
            ("description", .optional(description)),
            ("mode", .optional(mode)),
            ("is_enabled", isEnabled.map { .bool($0) } ?? .null),
            ("read_only_reason", .optional(readOnlyReason)),
            ("problems", .array(problems.map { .string($0) })),
            ("lifecycle_state", .string(state.rawValue)),
            ("lifecycle_changed_at", .time(stateChangedAt)),
            ("performance_score", score.map { .number($0) } ?? .null),
            ("scored_at", .time(scoredAt)),
            ("last_execution_time", .time(lastExecution)),
            ("execution_count", .integer(Int64(executionCount))),
            ("success_rate", successRate.map { .number($0) } ?? .null),
            ("average_execution_time_ms", averageExecutionTime.map { .integer(Int64($0)) } ?? .null),
            ("last_seen_at", .time(lastSeenAt)),
            ("created_at", .time(createdAt)),
            ("version", .integer(Int64(version))),
        ]
    }
}
