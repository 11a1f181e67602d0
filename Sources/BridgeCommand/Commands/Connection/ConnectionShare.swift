import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// With whom a house is shared.
struct ShareTarget: ParsableArguments {
    @Argument(help: "The connection's name.")
    var name: String

    @Option(help: ArgumentHelp("Who sees it besides its owner.", valueName: "name"))
    var user: String

    @Option(help: ArgumentHelp("The connection's owner, where several users have one of the name.", valueName: "name"))
    var owner: String?

    /// The connection and the viewer. Throws `StoreError`, and a `CommandFailure` where the viewer is the owner.
    func find(in pool: PostgresPool) async throws -> (connection: StoredConnection, viewer: StoredUser) {
        let connection = try await ConnectionRepository(pool).find(name: name, user: owner)
        let viewer = try await UserRepository(pool).named(user)
        guard viewer.id != connection.userID else {
            throw CommandFailure(
                .usage, "The connection “\(connection.name)” belongs to “\(viewer.username)”, who sees it anyway.")
        }
        return (connection, viewer)
    }
}

/// `connection share`.
struct ConnectionShare: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "share",
        abstract: "Let somebody besides its owner see a house. Seeing is all that follows from it.")

    @OptionGroup var target: ShareTarget

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let (connection, viewer) = try await target.find(in: pool)
            guard try await ConnectionShareRepository(pool).share(connection.id, with: viewer.id) else {
                return context.console.note("“\(viewer.username)” sees “\(connection.name)” already.")
            }
            try await AuditTrail(pool, settings, context).record(
                .connectionShare, connection: connection.id, user: connection.userID,
                details: ["viewer": .string(viewer.id.description)])
            context.console.note(
                "“\(viewer.username)” sees the connection “\(connection.name)” now, and changes nothing there.")
        }
    }
}

/// `connection unshare`.
struct ConnectionUnshare: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "unshare", abstract: "Let somebody who is not its owner see a house no more.")

    @OptionGroup var target: ShareTarget

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let (connection, viewer) = try await target.find(in: pool)
            guard try await ConnectionShareRepository(pool).unshare(connection.id, from: viewer.id) else {
                return context.console.note("“\(viewer.username)” does not see “\(connection.name)”.")
            }
            try await AuditTrail(pool, settings, context).record(
                .connectionUnshare, connection: connection.id, user: connection.userID,
                details: ["viewer": .string(viewer.id.description)])
            context.console.note("“\(viewer.username)” does not see the connection “\(connection.name)” any more.")
        }
    }
}
