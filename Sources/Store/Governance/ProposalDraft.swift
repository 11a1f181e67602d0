import BridgeCore
import FoundationEssentials

/// A proposal that is to be stored: a row of `approval_workflow`, its approvers, and for a creation the automation that it is about.
package struct ProposalDraft: Sendable, Equatable {
    /// Who may decide, and on which level of `requiredApprovals`, from 1.
    package struct Approver: Sendable, Equatable {
        package var user: UserID
        package var level: Int

        package init(_ user: UserID, level: Int = 1) {
            self.user = user
            self.level = level
        }
    }

    /// The automation of a creation.
    package struct NewAutomation: Sendable, Equatable {
        /// The id in its configuration.
        package var homeAssistantID: String
        package var name: String
        package var mode: String?

        package init(homeAssistantID: String, name: String, mode: String?) {
            self.homeAssistantID = homeAssistantID
            self.name = name
            self.mode = mode
        }
    }

    package var id = WorkflowID()
    package var connection: ConnectionID
    /// Of a creation whose automation has no row yet, the id that the row gets.
    package var automation: AutomationID
    /// Given for a creation alone.
    package var newAutomation: NewAutomation?
    package var type: WorkflowType
    package var priority = WorkflowPriority.normal
    package var risk: RiskLevel
    /// 0 to 1.
    package var riskScore: Double
    /// A JSON object.
    package var assessment: String
    /// One sentence, not blank.
    package var description: String
    /// Why, in plain words.
    package var reasoning: String?
    /// The JSON object of a `ProposedChange`.
    package var changes: String
    /// The values behind its placeholders.
    package var sealedSecrets: String?
    /// 32 bytes: the digest of the configuration that it replaces.
    package var baseDigest: [UInt8]?
    /// The row of `ai_decision_audit` that it came from.
    package var decision: UUID?
    /// How many approvals each level needs, level 1 first.
    package var requiredApprovals = [1]
    package var approvers: [Approver] = []
    /// `nil` where the bridge proposes.
    package var createdBy: UserID?
    package var expiresAt: Timestamp?

    package init(
        connection: ConnectionID, automation: AutomationID, type: WorkflowType, risk: RiskLevel, riskScore: Double,
        assessment: String, description: String, changes: String
    ) {
        self.connection = connection
        self.automation = automation
        self.type = type
        self.risk = risk
        self.riskScore = riskScore
        self.assessment = assessment
        self.description = description
        self.changes = changes
    }
}
