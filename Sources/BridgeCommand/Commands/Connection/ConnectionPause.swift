import ArgumentParser
import Store

/// `connection pause`.
struct ConnectionPause: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Disconnect and stay away until resumed. What happens meanwhile is not seen.")

    @OptionGroup var target: ConnectionTarget

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let connection = try await target.find(in: pool)
            guard connection.pausedAt == nil else {
                return context.console.note("The connection “\(connection.name)” is paused already.")
            }
            try await ConnectionRepository(pool).pause(connection.id)
            try await AuditTrail(pool, settings, context).record(
                .connectionPause, connection: connection.id, user: connection.userID)
            context.console.note("The connection “\(connection.name)” is paused.")
        }
    }
}

/// `connection resume`.
struct ConnectionResume: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let the bridge connect again.")

    @OptionGroup var target: ConnectionTarget

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let connection = try await target.find(in: pool)
            guard connection.pausedAt != nil else {
                return context.console.note("The connection “\(connection.name)” is not paused.")
            }
            try await ConnectionRepository(pool).resume(connection.id)
            try await AuditTrail(pool, settings, context).record(
                .connectionResume, connection: connection.id, user: connection.userID)
            context.console.note("The connection “\(connection.name)” is resumed.")
        }
    }
}
