import ArgumentParser
import BridgeCore
import Store

/// `connection set-url`.
struct ConnectionSetURL: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "set-url", abstract: "Change where a connection leads.",
        discussion: """
            A token is sealed for one scheme, host and port, so that nobody who can write to the database can have it sent \
            elsewhere. Where one of these changes, give the token again with --token-file.
            """)

    @OptionGroup var target: ConnectionTarget

    @Option(help: ArgumentHelp("The new URL.", valueName: "url"))
    var url: String

    @Option(
        help: ArgumentHelp(
            "The file that holds the token, or - for standard input. Needed where scheme, host or port change.",
            valueName: "file"))
    var tokenFile: String?

    @Flag(name: .customLong("no-test"), help: "Store it without trying it first.")
    var skipsTest = false

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let url = try HomeAssistantURL(url)
        let given = try tokenFile.map { try TokenReader.read($0, telling: context.console).token }
        try await context.withPool(settings) { pool in
            let connection = try await target.find(in: pool)
            let desk = ConnectionDesk(pool, settings, context)
            try await change(connection, to: url, given: given, at: desk)
            context.console.note("The connection “\(connection.name)” leads to \(url) now.")
        }
    }

    private func change(
        _ connection: StoredConnection, to url: HomeAssistantURL, given: Secret?, at desk: ConnectionDesk
    ) async throws {
        let old = try HomeAssistantURL(connection.url)
        if given == nil, url.origin != old.origin {
            throw CommandFailure(
                .usage,
                "The stored token is sealed for \(old.origin) and is not sent to \(url.origin). Give the token for"
                    + " \(url.origin) with --token-file FILE.")
        }
        let token = try given ?? desk.token(of: connection, url: old)
        let binding = try connection.tokenBinding(url: url)
        let sealed = try desk.sealer().seal(token, for: binding)
        var result: ConnectionTestResult?
        if !skipsTest {
            result = try await desk.requireWorking(
                connection.name, url: url, trust: connection.trust, token: token, connection: connection.id,
                user: connection.userID)
        }
        try await desk.connections.setURL(connection.id, url: url.description, sealedToken: sealed)
        let details: [String: JSONValue] = [
            "old_url": .string(old.description), "new_url": .string(url.description), "tested": .bool(!skipsTest),
            "tls": .bool(url.isSecure),
        ]
        try await desk.audit.record(
            .urlChange, connection: connection.id, user: connection.userID, details: details)
        if !url.isSecure, old.isSecure { desk.tellOfPlainText(url) }
        if let result { try await desk.remember(result, of: connection.id) }
        if given != nil {
            try await desk.audit.record(
                .tokenChange, connection: connection.id, user: connection.userID,
                details: ["tested": .bool(!skipsTest)])
        }
    }
}
