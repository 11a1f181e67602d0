import BridgeCore
import PostgresClient

/// How an approver decided (`approval_workflow_approvers.status`).
package enum VoteStatus: String, CaseIterable, Sendable, Codable {
    case pending = "PENDING"
    case approved = "APPROVED"
    case rejected = "REJECTED"
}

/// A row of `approval_workflow_approvers`.
package struct StoredVote: Sendable, Equatable {
    /// `nil` once the person is erased; the vote counts on.
    package let approver: UserID?
    package let approverName: String?
    /// An index of `StoredWorkflow.requiredApprovals`, from 1.
    package let level: Int
    package let status: VoteStatus
    /// When the vote was cast, approval or not.
    package let votedAt: Timestamp?
    package let comments: String?

    init(row: PostgresRow) throws(PostgresError) {
        approver = try row.optionalID("approver_id")
        approverName = try row.optionalString("approver_name")
        level = try row.int("approval_level")
        status = try row.enumeration("status")
        votedAt = try row.optionalTimestamp("approved_at")
        comments = try row.optionalString("comments")
    }
}

extension [StoredVote] {
    /// How many more approvals each level needs, by level; empty when all are there.
    package func missing(of required: [Int]) -> [Int: Int] {
        var missing: [Int: Int] = [:]
        for (index, votes) in required.enumerated() {
            let given = count { $0.level == index + 1 && $0.status == .approved }
            if given < votes { missing[index + 1] = votes - given }
        }
        return missing
    }
}
