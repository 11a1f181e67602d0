/// What a proposal is about (`approval_workflow.workflow_type`).
package enum WorkflowType: String, CaseIterable, Sendable, Codable {
    case creation = "CREATION"
    case modification = "MODIFICATION"
    case retirement = "RETIREMENT"
}

/// How far a proposal has come (`approval_workflow.status`).
package enum WorkflowStatus: String, CaseIterable, Sendable, Codable {
    case pending = "PENDING"
    case approved = "APPROVED"
    case rejected = "REJECTED"
    case cancelled = "CANCELLED"
    case expired = "EXPIRED"
}

/// How much a change could harm (`approval_workflow.risk_level`), the least first.
package enum RiskLevel: String, CaseIterable, Sendable, Codable, Comparable {
    case low = "LOW"
    case medium = "MEDIUM"
    case high = "HIGH"
    case critical = "CRITICAL"

    package static func < (left: RiskLevel, right: RiskLevel) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .high: 2
        case .critical: 3
        }
    }
}

/// How soon a proposal should be decided (`approval_workflow.priority`).
package enum WorkflowPriority: String, CaseIterable, Sendable, Codable {
    case low = "LOW"
    case normal = "NORMAL"
    case high = "HIGH"
    case critical = "CRITICAL"
}
