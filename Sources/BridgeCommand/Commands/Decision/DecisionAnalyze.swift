import ArgumentParser
import Automation
import BridgeCore
import Store

/// `decision analyze`.
struct DecisionAnalyze: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze", abstract: "Look now, rather than once a day, and show what is new.",
        discussion: "It reads the events of the last four weeks, which takes from seconds to minutes.")

    @Option(help: ArgumentHelp("Only this connection.", valueName: "name"))
    var connection: String?

    @Option(
        help: ArgumentHelp("Whose connection that is, where several users have one of the name.", valueName: "name"))
    var user: String?

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let console = context.console
        let found = try await context.withPool(settings) { pool in
            let connections = ConnectionRepository(pool)
            let chosen: [StoredConnection]
            if let connection {
                chosen = [try await connections.find(name: connection, user: user)]
            } else {
                chosen = try await connections.list()
            }
            let analysis = DecisionAnalysis(pool, auditKeys: context.auditKeys(settings))
            var found: [StoredDecision] = []
            for connection in chosen {
                console.progress("Analysing \(connection.name) …")
                let report = try await analysis.run(connection)
                console.note(Self.summary(report, of: connection.name))
                found += report.recorded
            }
            return found
        }
        try console.show(
            found.map(\.jsonValue), table: DecisionList.table(found, showsFeedback: false),
            empty: "There is nothing new. What was said before: ha-bridge decision list --all", as: output)
    }

    /// One sentence or two about a pass.
    static func summary(_ report: DecisionAnalysis.Report, of name: String) -> String {
        var text = """
            \(name): read \(report.events) changes of \(report.days) days and \(report.automations) automations; \
            \(report.recorded.count) new of \(report.concluded) conclusions.
            """
        if report.days < 7 { text += " Routines show after a week or two." }
        if report.crowdedOut > 0 {
            text += " \(report.crowdedOut) entities change too often to be looked at."
        }
        return text
    }
}
