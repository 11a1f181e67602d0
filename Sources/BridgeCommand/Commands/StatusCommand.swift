import ArgumentParser
import BridgeCore
import Observability
import Store

/// `status`: what runs, as the database and the running bridge tell it.
struct StatusCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the schema, the connections, the writer, the running bridge and the disk.",
        discussion: "The numbers of states are PostgreSQL's estimates.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let bridge = await HealthProbe().ask(settings.httpAddress, overTLS: settings.usesTLS)
        let overview = try await context.withPool(settings) { pool in
            try await StatusOverview(pool: pool, settings: settings, bridge: bridge)
        }
        if output.json { return try context.console.show(overview.jsonValue) }
        try context.console.show(facts: overview.facts)
        if !overview.connections.isEmpty { try context.console.print("") }
        try context.console.show(
            [], table: overview.table,
            empty: "There are no connections. Add one: ha-bridge connection add NAME --url URL --token-file FILE",
            as: output)
        guard let storage = overview.storage, storage.use.states > 0 else { return }
        try context.console.print("")
        try context.console.show([], table: storage.table, empty: "", as: output)
    }
}
