import Automation
import BridgeCore
import HomeAssistantClient
import Store

/// Tells a person about a proposal.
struct ProposalText {
    let proposal: PreparedProposal
    /// `nil` where it was not stored.
    let stored: StoredWorkflow?
    let connection: StoredConnection

    init(_ proposal: PreparedProposal, _ stored: StoredWorkflow?, connection: StoredConnection) {
        self.proposal = proposal
        self.stored = stored
        self.connection = connection
    }

    func lines(hasColour: Bool) -> [String] {
        var lines: [String] = []
        func add(_ text: String) { lines.append(PrintableText.of(text)) }
        if let stored { add("Proposal \(stored.id.description.prefix(8)), \(stored.status.rawValue)") }
        add(proposal.draft.description)
        add("Risk \(proposal.risk.level.rawValue) (\(proposal.risk.score))")
        for reason in proposal.risk.reasons { add("  \(reason.sentence)") }
        for warning in proposal.findings.warnings { add("  Note: \(warning)") }
        for rule in proposal.rules where rule.action != .block {
            add("  Rule “\(rule.name)” (\(rule.action == .warn ? "warns" : "asks for approval"))")
        }
        if let backtest = proposal.backtest { for line in Self.lines(backtest) { add(line) } }
        for other in proposal.others {
            add("Another proposal about it is not done: \(other.id.description.prefix(8)), \(other.status.rawValue).")
        }
        let difference = proposal.difference
        if proposal.change.configuration != nil, !difference.isEmpty {
            lines += AutomationDiffCommand.lines(
                difference, old: proposal.base == nil ? "nothing" : "as it is", new: "as proposed", hasColour: hasColour
            )
        }
        return lines
    }

    static func lines(_ backtest: Backtest) -> [String] {
        var lines: [String] = []
        if backtest.isTelling {
            let days = (backtest.days * 10).rounded() / 10
            var text = "On the stored events of \(days) days it would have begun \(backtest.count) times"
            if backtest.blocked > 0 { text += "; its conditions said no \(backtest.blocked) times" }
            lines.append(text + ".")
            if !backtest.examples.isEmpty {
                lines.append("  Last: " + backtest.examples.map { TimeText.table($0) }.joined(separator: ", "))
            }
        }
        return lines + backtest.gaps.map { "  \($0)" }
    }

    /// What a person does next.
    var next: [String] {
        guard let stored else { return [] }
        let id = stored.id.description.prefix(8)
        guard stored.status == .pending else {
            return ["Nobody has to approve it: a running bridge carries it out."]
        }
        let names = proposal.approvers.map { approver in
            proposal.draft.requiredApprovals.count > 1
                ? "\(approver.user.username) (level \(approver.level))" : approver.user.username
        }
        let digest = Hexadecimal.text((stored.digest ?? []).prefix(6))
        return [
            "It waits for approval by: \(names.joined(separator: ", ")). Digest \(digest).",
            "Decide: ha-bridge approval approve \(id), or: ha-bridge approval reject \(id) --reason WHY",
        ]
    }

    var jsonValue: JSONValue {
        .object([
            "id": .optional(stored?.id.description),
            "status": .optional(stored?.status.rawValue),
            "connection": .string(connection.name),
            "automation": .string(proposal.name),
            "automation_id": .string(proposal.draft.automation.description),
            "operation": .string(proposal.change.operation.rawValue),
            "description": .string(proposal.draft.description),
            "risk_level": .string(proposal.risk.level.rawValue),
            "risk_score": .number(proposal.risk.score),
            "reasons": .array(proposal.risk.reasons.map { .string($0.sentence) }),
            "errors": .array((proposal.refusal?.sentences ?? []).map { .string($0) }),
            "warnings": .array(proposal.findings.warnings.map { .string($0) }),
            "rules": .array(
                proposal.rules.map { .object(["name": .string($0.name), "action": .string($0.action.rawValue)]) }),
            "risk_assessment": .parsed(proposal.draft.assessment),
            "proposed_changes": .parsed(proposal.change.json),
            "proposal_digest": .optional(stored?.digest.map { Hexadecimal.text($0) }),
            "required_approvals": .array(proposal.draft.requiredApprovals.map { .integer(Int64($0)) }),
            "approvers": .array(
                proposal.approvers.map {
                    .object(["user": .string($0.user.username), "level": .integer(Int64($0.level))])
                }),
            "expires_at": .time(proposal.draft.expiresAt),
        ])
    }
}

extension CommandFailure {
    /// Why something cannot be proposed.
    init(_ refusal: ProposalRefusal) {
        let status: ExitStatus =
            switch refusal.kind {
            case .invalid, .readOnly: .usage
            case .blocked, .nobodyToAsk: .permission
            }
        self.init(status, refusal.description)
    }
}
