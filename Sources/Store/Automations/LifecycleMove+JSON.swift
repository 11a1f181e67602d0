import BridgeCore

extension LifecycleMove {
    /// All that is known of the move.
    package var jsonValue: JSONValue {
        .object([
            "previous_state": .optional(previous?.rawValue), "new_state": .string(state.rawValue),
            "change_reason": .string(reason), "changed_at": .time(changedAt), "changed_by": .optional(changedBy),
            "approved_by": .optional(approvedBy),
        ])
    }
}
