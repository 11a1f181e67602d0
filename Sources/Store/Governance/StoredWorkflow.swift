import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `approval_workflow`.
package struct StoredWorkflow: Sendable, Equatable {
    package let id: WorkflowID
    package let connection: ConnectionID
    /// The name of the connection.
    package let connectionName: String
    /// `nil` for a creation whose automation has no row yet.
    package let automation: AutomationID?
    package let automationName: String?
    package let type: WorkflowType
    package let status: WorkflowStatus
    package let priority: WorkflowPriority
    package let risk: RiskLevel
    /// 0 to 1.
    package let riskScore: Double?
    /// A JSON object: reasons, rules that spoke, backtest.
    package let assessment: String?
    package let description: String
    package let reasoning: String?
    /// A JSON object as PostgreSQL prints it; its SHA-256 is `digest`.
    package let changes: String?
    /// 32 bytes.
    package let digest: [UInt8]?
    /// 32 bytes: the digest of the configuration that it would replace.
    package let baseDigest: [UInt8]?
    /// The row of `ai_decision_audit` that it came from.
    package let decision: UUID?
    /// How many approvals each level needs, level 1 first.
    package let requiredApprovals: [Int]
    /// `nil` where the bridge proposed it.
    package let createdBy: UserID?
    package let createdByName: String?
    package let createdAt: Timestamp
    package let approvedByName: String?
    package let approvedAt: Timestamp?
    package let rejectedByName: String?
    package let rejectedAt: Timestamp?
    package let rejectionReason: String?
    package let expiresAt: Timestamp?

    /// For a query over `approval_workflow AS workflow` with the joins of `joins`.
    static let columns = """
        workflow.id, workflow.connection_id, connection.name AS connection_name, workflow.automation_id,
        automation.name AS automation_name, workflow.workflow_type, workflow.status, workflow.priority, workflow.risk_level,
        workflow.risk_score::float8 AS risk_score, workflow.risk_assessment, workflow.description, workflow.ai_reasoning,
        workflow.proposed_changes::text AS proposed_changes, workflow.proposal_digest, workflow.base_digest,
        workflow.decision_id, array_to_string(workflow.required_approvals, ',') AS required_approvals, workflow.created_by,
        proposer.username AS created_by_name, workflow.created_at, approver.username AS approved_by_name,
        workflow.approved_at, rejecter.username AS rejected_by_name, workflow.rejected_at, workflow.rejection_reason,
        workflow.expires_at
        """

    static let joins = """
        JOIN home_assistant_connections AS connection ON connection.id = workflow.connection_id
        LEFT JOIN automation_management AS automation
            ON automation.connection_id = workflow.connection_id AND automation.id = workflow.automation_id
        LEFT JOIN users AS proposer ON proposer.id = workflow.created_by
        LEFT JOIN users AS approver ON approver.id = workflow.approved_by
        LEFT JOIN users AS rejecter ON rejecter.id = workflow.rejected_by
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        connection = try row.id("connection_id")
        connectionName = try row.string("connection_name")
        automation = try row.optionalID("automation_id")
        automationName = try row.optionalString("automation_name")
        type = try row.enumeration("workflow_type")
        status = try row.enumeration("status")
        priority = try row.enumeration("priority")
        risk = try row.enumeration("risk_level")
        riskScore = try row.optionalDouble("risk_score")
        assessment = try row.optionalString("risk_assessment")
        description = try row.string("description")
        reasoning = try row.optionalString("ai_reasoning")
        changes = try row.optionalString("proposed_changes")
        digest = try row.optionalBytes("proposal_digest")
        baseDigest = try row.optionalBytes("base_digest")
        decision = try row.optionalUUID("decision_id")
        requiredApprovals = try row.string("required_approvals").split(separator: ",").compactMap { Int($0) }
        createdBy = try row.optionalID("created_by")
        createdByName = try row.optionalString("created_by_name")
        createdAt = try row.timestamp("created_at")
        approvedByName = try row.optionalString("approved_by_name")
        approvedAt = try row.optionalTimestamp("approved_at")
        rejectedByName = try row.optionalString("rejected_by_name")
        rejectedAt = try row.optionalTimestamp("rejected_at")
        rejectionReason = try row.optionalString("rejection_reason")
        expiresAt = try row.optionalTimestamp("expires_at")
    }
}
