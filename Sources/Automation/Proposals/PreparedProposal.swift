import BridgeCore
import HomeAssistantClient
import Store

/// A proposal that was checked and judged, and is not stored yet.
package struct PreparedProposal: Sendable {
    /// What it is about: the alias, or the automation's name.
    package var name: String
    package var change: ProposedChange
    /// What it would replace, with placeholders; `nil` where it replaces nothing.
    package var base: ConfigurationValue?
    package var findings: ProposalFindings
    package var risk: RiskAssessment
    package var facts: ChangeFacts
    /// `nil` where nothing begins anew.
    package var backtest: Backtest?
    /// The active rules that speak of it.
    package var rules: [SpokenRule]
    /// Proposals about the same automation that are not done.
    package var others: [StoredWorkflow] = []
    /// Who is asked, with their names; empty where nobody needs to be.
    package var approvers: [(user: StoredUser, level: Int)] = []
    package var draft: ProposalDraft
    package var audit: AutomationAuditEntry
    /// Why it cannot be stored; `nil` where it can.
    package var refusal: ProposalRefusal?

    /// What is seen of the configuration by a person, line by line, before and after.
    package var difference: LineDifference {
        func lines(_ value: ConfigurationValue?) -> [String] {
            value.map { ConfigurationText.lines(ConfigurationSpelling.normalised($0)) } ?? []
        }
        return LineDifference(from: lines(base), to: lines(change.configuration))
    }
}

/// Under which terms something is proposed.
package struct ProposalTerms: Sendable {
    /// Who proposes.
    package var proposer: StoredUser
    /// Why, in the words of a person.
    package var reason: String?
    /// Who is asked; the owner and the administrators where nobody is named.
    package var approvers: [(user: StoredUser, level: Int)] = []
    /// How many approvals each level needs; one where it is not said.
    package var requiredApprovals: [Int]?
    /// After that nobody may decide or apply it.
    package var expiresAt: Timestamp
    package var decision: StoredDecision?
    /// `ha-bridge/<version>`.
    package var userAgent: String?
    /// The present moment.
    package var now: Timestamp

    package init(proposer: StoredUser, expiresAt: Timestamp, now: Timestamp) {
        self.proposer = proposer
        self.expiresAt = expiresAt
        self.now = now
    }
}
