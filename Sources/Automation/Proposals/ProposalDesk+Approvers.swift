import BridgeCore
import HomeAssistantClient
import Store

extension ProposalDesk {
    /// Puts together what is stored, and decides who is asked.
    func prepared(
        _ draft: ProposalDraft, _ change: ProposedChange, name: String, base: ConfigurationValue?, judgement: Judgement,
        terms: ProposalTerms, isNew: Bool
    ) async throws -> PreparedProposal {
        var draft = draft
        draft.risk = judgement.risk.level
        draft.riskScore = judgement.risk.score
        draft.assessment = judgement.assessment
        draft.createdBy = terms.proposer.id
        draft.expiresAt = terms.expiresAt
        draft.decision = terms.decision?.id.uuid
        draft.reasoning = [terms.reason, terms.decision?.reason].compactMap { $0 }.joined(separator: " ").nilIfEmpty
        draft.priority = judgement.risk.level >= .high ? .high : .normal

        let blocking = judgement.rules.filter { $0.action == .block }
        var refusal: ProposalRefusal?
        if !judgement.findings.errors.isEmpty {
            refusal = ProposalRefusal(.invalid, judgement.findings.errors)
        } else if !blocking.isEmpty {
            refusal = ProposalRefusal(.blocked, blocking.map(Self.sentence))
        }
        var approvers: [(user: StoredUser, level: Int)] = []
        if Self.asksSomebody(draft, judgement, terms) {
            draft.requiredApprovals = terms.requiredApprovals ?? Self.oneOfEach(terms.approvers)
            do throws(ProposalRefusal) {
                let eligible = try await usable(terms, judgement.risk.level)
                approvers = try Self.enough(eligible, for: draft.requiredApprovals, terms, judgement.risk.level)
            } catch {
                refusal = refusal ?? error
            }
        } else {
            draft.requiredApprovals = [0]
        }
        draft.approvers = approvers.map { ProposalDraft.Approver($0.user.id, level: $0.level) }
        let audit = AutomationAuditEntry(
            connectionID: connection.id, automationID: draft.automation, workflowID: draft.id.uuid, action: .propose,
            description: "Proposed: \(draft.description) Risk \(judgement.risk.level.rawValue).",
            before: base.map { ConfigurationSpelling.normalised($0).json }, after: draft.changes,
            reasoning: draft.reasoning, userID: terms.proposer.id, userAgent: terms.userAgent, timestamp: terms.now)
        return PreparedProposal(
            name: name, change: change, base: base, findings: judgement.findings, risk: judgement.risk,
            facts: judgement.facts, backtest: judgement.backtest, rules: judgement.rules,
            others: isNew ? [] : try await proposals.open(about: draft.automation), approvers: approvers, draft: draft,
            audit: audit, refusal: refusal)
    }

    static func sentence(_ rule: SpokenRule) -> String {
        let doubt = rule.isCertain ? "" : ", as it cannot be known beforehand what would be called"
        return "The rule “\(rule.name)” forbids it\(doubt)." + (rule.description.map { " \($0)" } ?? "")
            + " See: ha-bridge rule list"
    }

    private static func asksSomebody(_ draft: ProposalDraft, _ judgement: Judgement, _ terms: ProposalTerms) -> Bool {
        terms.requiredApprovals != nil || !terms.approvers.isEmpty || judgement.safety.needsApproval(draft.type)
            || judgement.risk.level >= .high || judgement.rules.contains { $0.action == .requireApproval }
    }

    private static func oneOfEach(_ approvers: [(user: StoredUser, level: Int)]) -> [Int] {
        [Int](repeating: 1, count: max(1, approvers.map(\.level).max() ?? 1))
    }

    /// Who may be asked. Of high risk, not who proposes it.
    private func usable(
        _ terms: ProposalTerms, _ risk: RiskLevel
    ) async throws(ProposalRefusal) -> [(user: StoredUser, level: Int)] {
        func mayVote(_ user: StoredUser) -> Bool { risk < .high || user.id != terms.proposer.id }
        guard terms.approvers.isEmpty else {
            if let idle = terms.approvers.first(where: { !$0.user.isActive || $0.user.role == .observer }) {
                throw ProposalRefusal(
                    .nobodyToAsk,
                    ["“\(idle.user.username)” cannot approve: only an active user who is no observer may decide."])
            }
            return terms.approvers.filter { mayVote($0.user) }
        }
        do {
            return try await proposals.approvers(of: connection.id).filter(mayVote).map { ($0, 1) }
        } catch {
            throw ProposalRefusal(.nobodyToAsk, ["It could not be found out who may approve it: \(error)"])
        }
    }

    private static func enough(
        _ eligible: [(user: StoredUser, level: Int)], for required: [Int], _ terms: ProposalTerms, _ risk: RiskLevel
    ) throws(ProposalRefusal) -> [(user: StoredUser, level: Int)] {
        for (index, votes) in required.enumerated() {
            let there = eligible.filter { $0.level == index + 1 }.count
            guard there < votes else { continue }
            let level = required.count > 1 ? " of level \(index + 1)" : ""
            let own =
                risk >= .high
                ? " Who proposes a change of \(risk.rawValue) risk cannot approve it: let another person propose it, or add one who approves (ha-bridge user add NAME --email ADDRESS --role admin), or name one with --approver NAME."
                : " Name more people with --approver NAME."
            throw ProposalRefusal(
                .nobodyToAsk,
                [
                    "It needs \(votes) \(votes == 1 ? "approval" : "approvals")\(level), and \(there == 0 ? "nobody" : "only \(there)") may give them.\(own)"
                ])
        }
        return eligible.filter { $0.level <= required.count }
    }
}

extension String {
    fileprivate var nilIfEmpty: String? { isEmpty ? nil : self }
}
