import BridgeCore
import ArgumentParser
import Store

/// `connection list`.
struct ConnectionList: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the connections.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let connections = try await context.withPool(try context.settings()) { pool in
            try await ConnectionRepository(pool).list()
        }
        let columns: [TextTable.Column] = [
            .init("NAME"), .init("USER"), .init("STATUS"), .init("URL", isFlexible: true), .init("HOME ASSISTANT"),
            .init("LAST SEEN"),
        ]
        let rows = connections.map { connection in
            [
                connection.name, connection.username, connection.status.rawValue, connection.url,
                connection.homeAssistantVersion ?? "-", TimeText.table(connection.lastSeenAt),
            ]
        }
        try context.console.show(
            connections.map(\.jsonValue), table: TextTable(columns, rows: rows),
            empty: "There are no connections. Add one: ha-bridge connection add NAME --url URL --token-file FILE",
            as: output)
    }
}
