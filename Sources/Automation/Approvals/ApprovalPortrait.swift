import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store

/// All that is known of one proposal.
package struct ApprovalPortrait: Sendable {
    package let workflow: StoredWorkflow
    package let votes: [StoredVote]
    package let operations: [WorkflowOperation]
    /// The stored version that the proposal would replace; else the newest one, where it is about an automation that is there.
    package let base: StoredBackup?

    /// Reads the rest of what is known of `workflow`.
    package init(of workflow: StoredWorkflow, in pool: PostgresPool) async throws {
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

    /// What it would do; `nil` where that cannot be read.
    package var change: ProposedChange? { workflow.changes.flatMap { ProposedChange(json: $0) } }
    /// How its risk came about, in words.
    package var assessment: ApprovalAssessment { ApprovalAssessment(json: workflow.assessment) }

    /// How many must agree, and how many more are needed.
    package var needsText: String {
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

    // MARK: The configuration

    /// What would be different, as `automation diff` prints it; `nil` for a change that leaves the configuration as it is.
    package var difference: LineDifference? { difference(context: 3) }

    /// As `difference`, with so many lines around each change.
    package func difference(context: Int) -> LineDifference? {
        guard let change else { return nil }
        switch change.operation {
        case .create, .modify: break
        case .retire: return LineDifference(from: baseLines, to: [], context: context)
        case .pause, .resume: return nil
        }
        guard let configuration = change.configuration else { return nil }
        let new = ConfigurationText.lines(ConfigurationSpelling.normalised(configuration))
        return LineDifference(from: change.operation == .create ? [] : baseLines, to: new, context: context)
    }

    private var baseLines: [String] { base?.lines ?? [] }

    /// Whether `base` is what the proposal was made against.
    package var isExactBase: Bool { base != nil && base?.digest == workflow.baseDigest }

    /// All of it.
    package var jsonValue: JSONValue {
        var members = workflow.jsonMembers
        members["approvers"] = .array(votes.map(\.jsonValue))
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
