import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// `events`: reads or follows what happened.
struct EventsCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Read or follow events, oldest first.",
        discussion: """
            Times are Home Assistant's own, in UTC. --since and --until take a length such as 90s, 30m, 2h, 7d or 2w, or a \
            date and time such as 2026-11-21 or 2026-11-21T08:30:00Z. With --follow and --json, each line is an object.
            """)

    @Flag(name: .shortAndLong, help: "Keep printing events as they are stored, until interrupted.")
    var follow = false

    @Option(help: ArgumentHelp("Only events of this connection.", valueName: "name"))
    var connection: String?

    @Option(
        help: ArgumentHelp("Whose connection that is, where several users have one of the name.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("Only entities that match, such as 'light.*'.", valueName: "glob"))
    var entity: String?

    @Option(help: ArgumentHelp("Only events of this type, such as state_changed.", valueName: "type"))
    var type: String?

    @Option(help: ArgumentHelp("Only events from then on.", valueName: "moment"))
    var since: MomentArgument?

    @Option(help: ArgumentHelp("Only events before then.", valueName: "moment"))
    var until: MomentArgument?

    @Option(
        help: ArgumentHelp("How many events at most, the newest ones (with --follow: to begin with).", valueName: "n"))
    var limit = 50

    @OptionGroup var output: OutputOptions

    func validate() throws {
        // One answer of PostgreSQL is held in memory as a whole.
        guard (0...100_000).contains(limit) else { throw ValidationError("--limit takes a number from 0 to 100000.") }
        guard !follow || until == nil else { throw ValidationError("--until has no meaning with --follow.") }
    }

    func run(in context: CommandContext) async throws {
        try await context.withPool(try context.settings()) { pool in
            let now = TimeText.now()
            var filter = EventFilter(
                entity: entity, type: type, since: since?.resolved(now: now), until: until?.resolved(now: now))
            if let connection {
                filter.connection = try await ConnectionRepository(pool).find(name: connection, user: user).id
            }
            let events = EventRepository(pool)
            let newest = Array(try await events.recent(filter, limit: limit).reversed())
            guard follow else { return try show(newest, on: context.console) }
            let printer = EventPrinter(console: context.console, asJSON: output.json)
            try printer.print(newest)
            let cursor = EventCursor(after: newest, otherwise: now)
            try await printer.follow(events, filter, from: cursor)
        }
    }

    private func show(_ events: [StoredEvent], on console: Console) throws {
        if output.json {
            // Each row is JSON text already, with its numbers as PostgreSQL holds them.
            guard let last = events.last else { return try console.print("[]") }
            try console.print("[")
            for event in events.dropLast() { try console.print(event.json + ",") }
            return try console.print(last.json + "\n]")
        }
        let columns: [TextTable.Column] = [
            .init("TIME"), .init("CONNECTION"), .init("TYPE"), .init("ENTITY"), .init("WHAT", isFlexible: true),
        ]
        let table = TextTable(columns, rows: events.map(EventPrinter.cells))
        try console.show([], table: table, empty: "There are no such events.", as: output)
    }
}
