import ArgumentParser
import BridgeCore
import Store

/// `approval list`.
struct ApprovalList: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the proposals that wait for a decision, newest first.")

    @Flag(help: "Those that were decided, too.")
    var all = false

    @OptionGroup var scope: AutomationScope
    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let workflows = try await context.withPool(try context.settings()) { pool in
            try await ApprovalRepository(pool).list(
                connection: try await scope.find(in: pool), includesDecided: all)
        }
        try context.console.show(
            workflows.map(\.jsonValue), table: Self.table(workflows, showsStatus: all, now: TimeText.now()),
            empty: all
                ? "There are no proposals. Make one: ha-bridge automation propose --file FILE"
                : "No proposal waits for a decision. To see the others: ha-bridge approval list --all", as: output)
    }

    /// One line for each proposal.
    static func table(_ workflows: [StoredWorkflow], showsStatus: Bool, now: Timestamp) -> TextTable {
        var columns: [TextTable.Column] = [
            .init("ID"), .init("TYPE"), .init("RISK"), .init("CONNECTION"), .init("WHAT", isFlexible: true),
            .init("PROPOSED BY"), .init("EXPIRES", .right),
        ]
        if showsStatus { columns.append(.init("STATUS")) }
        return TextTable(
            columns,
            rows: workflows.map { workflow in
                [
                    workflow.id.short, workflow.type.rawValue, workflow.risk.rawValue, workflow.connectionName,
                    workflow.description, workflow.createdByName ?? "the bridge",
                    expiry(workflow, now: now), workflow.status.rawValue,
                ]
            })
    }

    /// `in 3 days`, or a dash.
    static func expiry(_ workflow: StoredWorkflow, now: Timestamp) -> String {
        guard let time = workflow.expiresAt, workflow.status == .pending || workflow.status == .approved else {
            return "-"
        }
        let seconds = (time.microseconds - now.microseconds) / 1_000_000
        switch seconds {
        case ..<0: return "now"
        case ..<3_600: return "in \(max(1, seconds / 60)) min"
        case ..<172_800: return "in \(seconds / 3_600) h"
        default: return "in \(seconds / 86_400) days"
        }
    }
}
