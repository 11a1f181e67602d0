import ArgumentParser
import BridgeCore
import Search

/// `similar`: finds events like one.
struct SimilarCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "similar", abstract: "Find events like one.",
        discussion: """
            Best first, among the events of the same connection. The id of an event is what search and events --json print. \
            Equal happenings are one line, with the newest time and how often; --each lists every event.
            """)

    @Argument(help: ArgumentHelp("The id of the event.", valueName: "event-id"))
    var event: String

    @Flag(help: "Leave out events of the same entity.")
    var others = false

    @OptionGroup var scope: SearchScopeOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard EventID(event) != nil else {
            throw ValidationError("\(event) is no id of an event. ha-bridge search prints ids, such as with --json.")
        }
    }

    func run(in context: CommandContext) async throws {
        guard let id = EventID(event) else { return }
        let settings = try context.settings()
        let answer = try await context.withPool(settings) { pool in
            var scope = scope.scope(now: TimeText.now())
            scope.leavesOutSameEntity = others
            // The vector is there already: no question is asked of a model.
            return try await SearchService(pool: pool, encoder: nil).similar(to: id, scope: scope)
        }
        try SearchPrinter(console: context.console, output: output).show(answer)
    }
}
