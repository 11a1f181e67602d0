import BridgeCore

extension WorkflowOperation {
    /// All that is stored of the attempt.
    package var jsonValue: JSONValue {
        .object([
            "id": .string(id.description), "step": .string(step), "status": .string(status.rawValue),
            "initiated_at": .time(initiatedAt), "completed_at": .time(completedAt), "error_message": .optional(error),
        ])
    }
}
