import ArgumentParser
import BridgeCore
import Store

/// `automation history`.
struct AutomationHistoryCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show where an automation stood, since when, and why.",
        discussion: "Newest first. BY is empty where the bridge moved it by itself.")

    @OptionGroup var subject: AutomationSubject

    @Option(help: ArgumentHelp("How many moves at most, the newest ones.", valueName: "n"))
    var limit = 50

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 10000.") }
    }

    func run(in context: CommandContext) async throws {
        let automation: StoredAutomation
        let moves: [LifecycleMove]
        (automation, moves) = try await context.withPool(try context.settings()) { pool in
            let automation = try await subject.find(in: pool)
            return (automation, try await LifecycleRepository(pool).history(of: automation.id, limit: limit))
        }
        try context.console.show(
            moves.map(\.jsonValue), table: Self.table(moves),
            empty: "There is no history of “\(automation.name)”.", as: output)
    }

    /// One line for each move.
    static func table(_ moves: [LifecycleMove]) -> TextTable {
        TextTable(
            [.init("SINCE"), .init("FROM"), .init("TO"), .init("BY"), .init("WHY")],
            rows: moves.map { move in
                [
                    TimeText.table(move.changedAt), move.previous?.rawValue ?? "-", move.state.rawValue,
                    move.changedBy ?? "", move.reason + (move.approvedBy.map { " Approved by \($0)." } ?? ""),
                ]
            })
    }
}
