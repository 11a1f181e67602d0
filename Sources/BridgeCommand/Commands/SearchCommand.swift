import ArgumentParser
import BridgeCore
import Search
import Store

/// `search`: finds what happened by what it means.
struct SearchCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find what happened, asked in your own words.",
        discussion: """
            Best first. Such as: ha-bridge search "front door left open in the evening"

            A period in the question narrows the search ("yesterday", "last week", "on 26 October"), a time of day weighs \
            ("at night", "in the morning"); both go by the clock of the house, in which times are shown. Equal happenings are \
            one line, with the newest time and how often; --each lists every event. The score orders; it does not tell \
            whether an event answers the question. --since and --until take a length such as 90s, 30m, 2h, 7d or 2w, or a \
            date and time such as 2026-11-21 or 2026-11-21T08:30:00Z.
            """)

    @Argument(help: ArgumentHelp("What to look for.", valueName: "text"))
    var words: [String]

    @OptionGroup var scope: SearchScopeOptions

    @Option(help: ArgumentHelp("Only events of this connection.", valueName: "name"))
    var connection: String?

    @Option(
        help: ArgumentHelp("Whose connection that is, where several users have one of the name.", valueName: "name"))
    var user: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard words.contains(where: { $0.contains { !$0.isWhitespace } }) else {
            throw ValidationError("Say what to look for, such as: ha-bridge search \"kitchen light turned on\"")
        }
        guard user == nil || connection != nil else { throw ValidationError("--user needs --connection.") }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let desk = try SearchDesk(settings)
        let answer = try await context.withPool(settings) { pool in
            let now = TimeText.now()
            var scope = scope.scope(now: now)
            if let connection {
                scope.connection = try await ConnectionRepository(pool).find(name: connection, user: user).id
            }
            let service = SearchService(pool: pool, encoder: desk.encoder)
            let request = SearchRequest(text: words.joined(separator: " "), scope: scope)
            return try await service.search(request, now: now)
        }
        try SearchPrinter(console: context.console, output: output).show(answer, remark: desk.remark)
    }
}

/// Options that `search` and `similar` share.
struct SearchScopeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many results at most.", valueName: "n"))
    var limit = 10

    @Option(help: ArgumentHelp("Only events from then on.", valueName: "moment"))
    var since: MomentArgument?

    @Option(help: ArgumentHelp("Only events before then.", valueName: "moment"))
    var until: MomentArgument?

    @Option(help: ArgumentHelp("Only entities that match, such as 'light.*'.", valueName: "glob"))
    var entity: String?

    @Flag(help: "List every event, not equal ones once.")
    var each = false

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 1000.") }
    }

    /// What the options say, seen from `now`.
    func scope(now: Timestamp) -> SearchScope {
        SearchScope(
            entity: entity, since: since?.resolved(now: now), until: until?.resolved(now: now), limit: limit,
            listsEachEvent: each)
    }
}
