import ArgumentParser
import BridgeCore
import Store

/// `gaps`: the stretches of time that the bridge could not see.
struct GapsCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "gaps", abstract: "Show when Home Assistant could not be seen, and what was recovered.",
        discussion: """
            Oldest first. open: waits for its repair, or has not ended yet. backfilled: every state that Home Assistant's \
            history holds of it is stored. partial, unrecoverable: the reason says what is missing. LOST names the types of \
            events that Home Assistant keeps no history of; those that happened in the gap cannot be had.
            """)

    @Option(help: ArgumentHelp("Only gaps of this connection.", valueName: "name"))
    var connection: String?

    @Option(
        help: ArgumentHelp("Whose connection that is, where several users have one of the name.", valueName: "name"))
    var user: String?

    @Flag(help: "Only gaps that are not closed.")
    var open = false

    @Option(help: ArgumentHelp("How many gaps at most, the newest ones.", valueName: "n"))
    var limit = 50

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...10_000).contains(limit) else { throw ValidationError("--limit takes a number from 0 to 10000.") }
    }

    func run(in context: CommandContext) async throws {
        let gaps = try await context.withPool(try context.settings()) { pool in
            var id: ConnectionID?
            if let connection { id = try await ConnectionRepository(pool).find(name: connection, user: user).id }
            return try await GapRepository(pool).list(connection: id, onlyOpen: open, limit: limit)
        }
        try context.console.show(
            gaps.map(\.jsonValue), table: Self.table(gaps),
            empty: open ? "There are no open gaps." : "There are no gaps.", as: output)
    }

    /// One line for each gap.
    static func table(_ gaps: [EventGap]) -> TextTable {
        let columns: [TextTable.Column] = [
            .init("CONNECTION"), .init("FROM"), .init("TO"), .init("LASTED", .right), .init("CAUSE"), .init("STATUS"),
            .init("ADDED", .right), .init("LOST", isFlexible: true), .init("REASON", isFlexible: true),
        ]
        return TextTable(
            columns,
            rows: gaps.map { gap in
                [
                    gap.connectionName, TimeText.table(gap.startedAt), TimeText.table(gap.endedAt), lasted(gap),
                    gap.cause.rawValue, gap.status.rawValue, String(gap.rowsAdded), lost(gap),
                    gap.reason ?? gap.detail ?? "",
                ]
            })
    }

    /// Roughly how long the gap is: `4 s`, `3 min`, `2 h`, or a dash while it lasts.
    static func lasted(_ gap: EventGap) -> String {
        guard let end = gap.endedAt else { return "-" }
        let seconds = max(0, (end.microseconds - gap.startedAt.microseconds) / 1_000_000)
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7_200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3_600) h"
        default: return "\(seconds / 86_400) days"
        }
    }

    private static func lost(_ gap: EventGap) -> String {
        if gap.status == .open { return "?" }
        let count = gap.eventsLost.map { "\($0) of " } ?? ""
        return gap.unrecoverableTypes.isEmpty ? "-" : count + gap.unrecoverableTypes.joined(separator: ", ")
    }
}
