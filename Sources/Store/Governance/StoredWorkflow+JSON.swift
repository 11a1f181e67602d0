import BridgeCore

extension StoredWorkflow {
    /// All that is stored of the proposal itself.
    package var jsonValue: JSONValue { .object(jsonMembers) }

    /// The members of `jsonValue`.
    package var jsonMembers: [String: JSONValue] {
        [
            "id": .string(id.description),
            "connection": .string(connectionName),
            "connection_id": .string(connection.description),
            "automation": .optional(automationName),
            "automation_id": .optional(automation?.description),
            "type": .string(type.rawValue),
            "status": .string(status.rawValue),
            "priority": .string(priority.rawValue),
            "risk_level": .string(risk.rawValue),
            "risk_score": riskScore.map { .number($0) } ?? .null,
            "risk_assessment": .parsed(assessment),
            "description": .string(description),
            "reason": .optional(reasoning),
            "proposed_changes": .parsed(changes),
            "proposal_digest": .string(digestText),
            "decision_id": .optional(decision?.uuidString.lowercased()),
            "required_approvals": .array(requiredApprovals.map { .integer(Int64($0)) }),
            "created_by": .optional(createdByName),
            "created_at": .time(createdAt),
            "approved_by": .optional(approvedByName),
            "approved_at": .time(approvedAt),
            "rejected_by": .optional(rejectedByName),
            "rejected_at": .time(rejectedAt),
            "rejection_reason": .optional(rejectionReason),
            "expires_at": .time(expiresAt),
        ]
    }
}
