import ArgumentParser
import BridgeCore
import Store

/// `decision list`.
struct DecisionList: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the decisions that wait for an answer, newest first.")

    @Flag(help: "Those that were answered, too.")
    var all = false

    @Option(help: "Only decisions of this type: suggestion, optimization, retirement or creation.")
    var type: DecisionType?

    @Option(help: ArgumentHelp("Only decisions about this connection.", valueName: "name"))
    var connection: String?

    @Option(
        help: ArgumentHelp("Whose connection that is, where several users have one of the name.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("How many at most.", valueName: "n"))
    var limit = 50

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...10_000).contains(limit) else { throw ValidationError("--limit takes a number from 0 to 10000.") }
    }

    func run(in context: CommandContext) async throws {
        let decisions = try await context.withPool(try context.settings()) { pool in
            var id: ConnectionID?
            if let connection { id = try await ConnectionRepository(pool).find(name: connection, user: user).id }
            return try await DecisionRepository(pool)
                .list(connection: id, type: type, includesAnswered: all, limit: limit)
        }
        try context.console.show(
            decisions.map(\.jsonValue), table: Self.table(decisions, showsFeedback: all),
            empty: all
                ? "There are no decisions. The bridge looks once a day; to look now: ha-bridge decision analyze"
                : "No decision waits for an answer. To see the others: ha-bridge decision list --all", as: output)
    }

    /// One line for each decision.
    static func table(_ decisions: [StoredDecision], showsFeedback: Bool) -> TextTable {
        var columns: [TextTable.Column] = [
            .init("ID"), .init("TYPE"), .init("SURE", .right), .init("CONNECTION"), .init("WHAT", isFlexible: true),
        ]
        if showsFeedback { columns.append(.init("ANSWER")) }
        return TextTable(
            columns,
            rows: decisions.map { decision in
                [
                    decision.shortID, decision.type.rawValue, decision.confidenceText,
                    decision.connectionName ?? "-", decision.description, decision.feedback.rawValue,
                ]
            })
    }
}

extension DecisionType: ExpressibleByArgument {
    /// In any case of letters.
    public init?(argument: String) { self.init(rawValue: argument.uppercased()) }

    /// In lower case, as a person types them.
    public static var allValueStrings: [String] { allCases.map { $0.rawValue.lowercased() } }
}

extension StoredDecision {
    /// Enough of the id to name it.
    var shortID: String { String(id.description.prefix(8)) }

    /// `93 %`, or a dash.
    var confidenceText: String { confidence.map { "\(Int($0.rounded())) %" } ?? "-" }
}
