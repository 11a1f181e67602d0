import ArgumentParser
import PostgresClient
import Store

/// `connection remove`.
struct ConnectionRemove: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a connection with its events and metrics.",
        discussion: """
            It asks for confirmation on a terminal unless --yes is given. The events are deleted in batches; interrupted, the \
            same command goes on where it stopped. The audit log stays.
            """)

    @OptionGroup var target: ConnectionTarget

    @Flag(help: "Do not ask.")
    var yes = false

    func run(in context: CommandContext) async throws {
        let console = context.console
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let connections = ConnectionRepository(pool)
            let connection = try await find(in: connections)
            if connection.removedAt == nil {
                try Confirmation(console: console).require(
                    "Remove the connection “\(connection.name)” to \(connection.url) and delete all its events?",
                    isGiven: yes)
                try await connections.markRemoved(connection.id)
                try await AuditTrail(pool, settings, context).record(
                    .connectionRemove, connection: connection.id, user: connection.userID,
                    details: ["name": .string(connection.name), "url": .string(connection.url)])
            }
            let count = try await connections.deleteRemoved(connection.id) { count in
                console.progress("Deleted \(count) events …")
            }
            console.note("Removed the connection “\(connection.name)” and \(count) events.")
        }
    }

    /// The connection of the name, or one whose removal was interrupted.
    private func find(in connections: ConnectionRepository) async throws -> StoredConnection {
        do {
            return try await connections.find(name: target.name, user: target.user)
        } catch let error as StoreError where error.code == .notFound {
            let owner = target.user?.lowercased()
            let left = try await connections.list(includingRemoved: true).first { connection in
                connection.removedAt != nil && connection.name == target.name
                    && (owner == nil || owner == connection.username.lowercased())
            }
            guard let left else { throw error }
            return left
        }
    }
}
