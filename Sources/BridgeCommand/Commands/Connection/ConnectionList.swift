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

extension StoredConnection {
    /// All that may be shown of a connection; the sealed token is not among it.
    var jsonMembers: [String: JSONValue] {
        [
            "id": .string(id.description),
            "name": .string(name),
            "username": .string(username),
            "url": .string(url),
            "status": .string(status.rawValue),
            "home_assistant_version": .optional(homeAssistantVersion),
            "location_name": .optional(locationName),
            "time_zone": .optional(timeZone),
            "is_admin": isAdmin.map { .bool($0) } ?? .null,
            "supported_features": .array(supportedFeatures.map { .string($0) }),
            "paused_at": .time(pausedAt),
            "created_at": .time(createdAt),
            "updated_at": .time(updatedAt),
            "last_connected_at": .time(lastConnectedAt),
            "last_seen_at": .time(lastSeenAt),
            "connection_health": .parsed(health),
            "own_authority": .bool(trust.authority != nil),
            "pinned_key": .optional(trust.publicKey),
        ]
    }

    var jsonValue: JSONValue { .object(jsonMembers) }
}
