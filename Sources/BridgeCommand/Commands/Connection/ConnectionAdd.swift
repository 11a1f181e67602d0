import ArgumentParser
import BridgeCore
import Cryptography
import Store

/// `connection add`.
struct ConnectionAdd: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Test a Home Assistant and store it with its sealed token.")

    @Argument(help: "A name for the connection.")
    var name: String

    @Option(help: ArgumentHelp("Where Home Assistant is, such as http://homeassistant.local:8123.", valueName: "url"))
    var url: String

    @OptionGroup var token: TokenOptions
    @OptionGroup var tls: TrustOptions

    @Option(help: ArgumentHelp("The owner; may be left out while there is only one active user.", valueName: "name"))
    var user: String?

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        // What can be refused without a server is refused first.
        let settings = try context.settings()
        let url = try HomeAssistantURL(url)
        try NameRule.check(name, of: "connection")
        let trust = try tls.trust(for: url)
        let secret = try TokenReader.read(token.tokenFile, telling: context.console).token
        let stored = try await context.withPool(settings) { pool in
            try await add(secret, url, trust, at: ConnectionDesk(pool, settings, context))
        }
        context.console.note("Added the connection “\(stored.name)” of \(stored.username) to \(stored.url).")
        if output.json { try context.console.show(stored.jsonValue) }
    }

    private func add(
        _ secret: Secret, _ url: HomeAssistantURL, _ trust: TLSTrust, at desk: ConnectionDesk
    ) async throws -> StoredConnection {
        let sealer = try desk.sealer()
        let owner = try OwnerChoice.owner(named: user, among: try await desk.users.list())
        let id = ConnectionID()
        let sealed = try sealer.seal(
            secret, for: try TokenBinding(connection: id, user: owner.id, url: url, trust: trust))
        var result: ConnectionTestResult?
        if !token.skipsTest {
            result = try await desk.requireWorking(
                name, url: url, trust: trust, token: secret, connection: nil, user: owner.id)
        }
        let stored = try await desk.connections.add(
            id: id, userID: owner.id, name: name, url: url.description, sealedToken: sealed, trust: trust)
        try await desk.audit.record(
            .connectionAdd, connection: id, user: owner.id,
            details: [
                "name": .string(name), "url": .string(stored.url), "tested": .bool(result != nil),
                "tls": .bool(url.isSecure), "own_authority": .bool(trust.authority != nil),
                "pinned_key": .optional(trust.publicKey),
            ])
        if !url.isSecure { desk.tellOfPlainText(url) }
        guard let result else { return stored }
        try await desk.remember(result, of: id)
        return try await desk.connections.find(id: id) ?? stored
    }
}
