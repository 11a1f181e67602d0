import BridgeCore

extension StoredVote {
    /// All that is known of the vote.
    package var jsonValue: JSONValue {
        .object([
            "user": .optional(approverName), "user_id": .optional(approver?.description),
            "level": .integer(Int64(level)), "status": .string(status.rawValue),
            "voted_at": .time(votedAt), "comments": .optional(comments),
        ])
    }
}
