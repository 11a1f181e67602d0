import Automation
import BridgeCore
import Store

/// What `approval show` prints of a proposal.
extension ApprovalPortrait {
    func facts(now: Timestamp) -> [(String, String)] {
        var facts: [(String, String)] = [
            ("What", workflow.description),
            ("Change", changeText),
            ("Connection", workflow.connectionName),
            ("Risk", riskText),
            ("Status", statusText),
            ("Needs", needsText),
            ("Proposed", "\(TimeText.table(workflow.createdAt)) by \(workflow.createdByName ?? "the bridge")"),
        ]
        if let reasoning = workflow.reasoning { facts.append(("Why", reasoning)) }
        if let expiry = workflow.expiresAt {
            let left = ApprovalList.expiry(workflow, now: now)
            facts.append(("Expires", TimeText.table(expiry) + (left == "-" ? "" : ", \(left)")))
        }
        if let decision = workflow.decision { facts.append(("From decision", decision.uuidString.lowercased())) }
        facts.append(("Id", workflow.id.description))
        facts.append(("Digest", workflow.digestText.isEmpty ? "-" : workflow.digestText))
        return facts
    }

    private var changeText: String {
        let name = workflow.automationName.map { "“\($0)”" } ?? change.map { "“\($0.homeAssistantID)”" } ?? "-"
        guard let change else { return "unreadable: it cannot be carried out" }
        return switch change.operation {
        case .create: "create \(name)"
        case .modify: "change \(name)"
        case .pause: "switch \(name) off"
        case .resume: "switch \(name) on"
        case .retire: "delete \(name) from Home Assistant"
        }
    }

    private var riskText: String {
        workflow.riskScore.map { "\(workflow.risk.rawValue) (\(($0 * 100).rounded() / 100))" } ?? workflow.risk.rawValue
    }

    private var statusText: String {
        switch workflow.status {
        case .pending: return "PENDING"
        case .approved:
            return "APPROVED \(TimeText.table(workflow.approvedAt))"
                + (workflow.approvedByName.map { " by \($0)" } ?? "")
        case .rejected:
            return "REJECTED \(TimeText.table(workflow.rejectedAt))"
                + (workflow.rejectedByName.map { " by \($0)" } ?? "")
                + (workflow.rejectionReason.map { ": \($0)" } ?? "")
        case .cancelled, .expired: return workflow.status.rawValue
        }
    }

    var voteTable: TextTable {
        TextTable(
            [.init("WHO"), .init("LEVEL", .right), .init("VOTE"), .init("WHEN"), .init("COMMENT", isFlexible: true)],
            rows: votes.map { vote in
                [
                    vote.approverName ?? "(erased)", "\(vote.level)", vote.status.rawValue,
                    TimeText.table(vote.votedAt), vote.comments ?? "",
                ]
            })
    }

    var operationTable: TextTable {
        TextTable(
            [.init("BEGAN"), .init("ENDED"), .init("STATUS"), .init("STEP"), .init("ERROR", isFlexible: true)],
            rows: operations.map { operation in
                [
                    TimeText.table(operation.initiatedAt), TimeText.table(operation.completedAt),
                    operation.status.rawValue, operation.step, operation.error ?? "",
                ]
            })
    }

    func changeLines(hasColour: Bool) -> [String] {
        guard let difference else { return ["The configuration stays as it is."] }
        guard !difference.isEmpty else { return ["The configuration is the same as before."] }
        var old = "nothing before it"
        if let base {
            old = "version \(base.version) of \(TimeText.table(base.createdAt))"
            if !isExactBase { old += " (the newest stored one; the proposal was made against another)" }
        }
        let new = change?.operation == .retire ? "deleted" : "proposed"
        return AutomationDiffCommand.lines(difference, old: old, new: new, hasColour: hasColour)
    }
}
