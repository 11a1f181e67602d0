import ArgumentParser
import BridgeCore
import Store

/// `connection set-token`.
struct ConnectionSetToken: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "set-token", abstract: "Test a new token and store it, sealed, in place of the old one.")

    @OptionGroup var target: ConnectionTarget
    @OptionGroup var token: TokenOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let secret = try TokenReader.read(token.tokenFile, telling: context.console).token
        try await context.withPool(settings) { pool in
            let desk = ConnectionDesk(pool, settings, context)
            let connection = try await target.find(in: pool)
            let url = try HomeAssistantURL(connection.url)
            let binding = try connection.tokenBinding(url: url)
            let sealed = try desk.sealer().seal(secret, for: binding)
            var result: ConnectionTestResult?
            if !token.skipsTest {
                result = try await desk.requireWorking(
                    connection.name, url: url, trust: connection.trust, token: secret, connection: connection.id,
                    user: connection.userID)
            }
            let isSet = try await desk.connections.setToken(
                connection.id, sealedToken: sealed, expecting: connection.sealedToken)
            guard isSet else {
                throw CommandFailure(
                    .tryAgain,
                    "The connection “\(connection.name)” was changed by somebody else meanwhile. Run the command again."
                )
            }
            try await desk.audit.record(
                .tokenChange, connection: connection.id, user: connection.userID,
                details: ["tested": .bool(!token.skipsTest)])
            if let result { try await desk.remember(result, of: connection.id) }
            context.console.note("The connection “\(connection.name)” has a new token.")
        }
    }
}
