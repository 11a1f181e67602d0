import Automation
import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store

/// All that `approval show` tells of one proposal.
struct ApprovalPortrait: Sendable {
    let workflow: StoredWorkflow
    let votes: [StoredVote]
    let operations: [WorkflowOperation]
    /// The stored version that the proposal would replace; else the newest one, where it is about an automation that is there.
    let base: StoredBackup?

    /// Reads the rest of what is known of `workflow`.
    init(of workflow: StoredWorkflow, in pool: PostgresPool) async throws {
        self.workflow = workflow
        let approvals = ApprovalRepository(pool)
        votes = try await approvals.votes(on: workflow.id)
        operations = try await approvals.operations(of: workflow.id)
        var base: StoredBackup?
        if let automation = workflow.automation, workflow.type != .creation {
            let backups = try await BackupRepository(pool).list(of: automation, limit: 200)
            base = backups.first { $0.digest == workflow.baseDigest } ?? backups.first
        }
        self.base = base
    }

    var change: ProposedChange? { workflow.changes.flatMap { ProposedChange(json: $0) } }
    var assessment: ApprovalAssessment { ApprovalAssessment(json: workflow.assessment) }

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

    /// How many must agree, and how many more are needed.
    var needsText: String {
        let needed = workflow.requiredApprovals
        guard needed.contains(where: { $0 > 0 }) else { return "no approval" }
        let missing = votes.missing(of: needed)
        return needed.enumerated().filter { $0.element > 0 }.map { index, count in
            let level = needed.count == 1 ? "" : " of level \(index + 1)"
            let more = missing[index + 1].map { ", \($0) more" } ?? ", there"
            return "\(count) \(count == 1 ? "approval" : "approvals")\(level)"
                + (workflow.status == .pending ? more : "")
        }.joined(separator: "; ")
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

    // MARK: The configuration

    /// What would be different, as `automation diff` prints it; `nil` for a change that leaves the configuration as it is.
    var difference: LineDifference? {
        guard let change else { return nil }
        switch change.operation {
        case .create, .modify: break
        case .retire: return LineDifference(from: baseLines, to: [])
        case .pause, .resume: return nil
        }
        guard let configuration = change.configuration else { return nil }
        let new = ConfigurationText.lines(ConfigurationSpelling.normalised(configuration))
        return LineDifference(from: change.operation == .create ? [] : baseLines, to: new)
    }

    private var baseLines: [String] {
        guard let base, let snapshot = ConfigurationValue(json: base.snapshot) else { return [] }
        return ConfigurationText.lines(ConfigurationSpelling.normalised(snapshot))
    }

    /// Whether `base` is what the proposal was made against.
    private var isExactBase: Bool { base != nil && base?.digest == workflow.baseDigest }

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

    var jsonValue: JSONValue {
        var members = workflow.jsonMembers
        members["approvers"] = .array(
            votes.map { vote in
                .object([
                    "user": .optional(vote.approverName), "user_id": .optional(vote.approver?.description),
                    "level": .integer(Int64(vote.level)), "status": .string(vote.status.rawValue),
                    "voted_at": .time(vote.votedAt), "comments": .optional(vote.comments),
                ])
            })
        members["operations"] = .array(operations.map(\.jsonValue))
        members["base_version"] = base.map { .integer(Int64($0.version)) } ?? .null
        members["is_exact_base"] = .bool(isExactBase)
        var removed: [JSONValue] = []
        var added: [JSONValue] = []
        for line in difference?.lines ?? [] {
            switch line {
            case .removed(let text): removed.append(.string(text))
            case .added(let text): added.append(.string(text))
            case .same, .skipped: break
            }
        }
        members["removed"] = .array(removed)
        members["added"] = .array(added)
        return .object(members)
    }
}

extension WorkflowOperation {
    var jsonValue: JSONValue {
        .object([
            "id": .string(id.description), "step": .string(step), "status": .string(status.rawValue),
            "initiated_at": .time(initiatedAt), "completed_at": .time(completedAt), "error_message": .optional(error),
        ])
    }
}
