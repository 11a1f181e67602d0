import BridgeCore

extension StoredDecision {
    /// All that is known of the decision.
    package var jsonValue: JSONValue {
        .object([
            "id": .string(id.description),
            "connection": .optional(connectionName),
            "connection_id": .optional(connectionID?.description),
            "automation": .optional(automationName),
            "automation_id": .optional(automationID?.description),
            "type": .string(type.rawValue),
            "description": .string(description),
            "subject_key": .optional(subjectKey),
            "model_version": .optional(modelVersion),
            "confidence": confidence.map { .number($0) } ?? .null,
            "input": .parsed(input),
            "output": .parsed(output),
            "reason": .optional(reason),
            "feedback": .string(feedback.rawValue),
            "feedback_comment": .optional(feedbackComment),
            "feedback_by": .optional(feedbackBy),
            "feedback_at": .time(feedbackAt),
            "created_at": .time(createdAt),
        ])
    }
}
