import ArgumentParser
import BridgeCore
import Store

/// `connection set-tls`.
struct ConnectionSetTLS: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "set-tls", abstract: "Change what a connection demands of Home Assistant's certificate.",
        discussion: """
            What is not given stays as it is. A certificate must be valid and have the name of the URL in any case. The token is \
            sealed for what is demanded, so that nobody who can write to the database can take a demand away.
            """)

    @OptionGroup var target: ConnectionTarget
    @OptionGroup var tls: TrustOptions

    @Flag(help: "Trust the system's authorities again.")
    var noCa = false

    @Flag(help: "Take any key again.")
    var noPin = false

    @Flag(name: .customLong("no-test"), help: "Store it without trying it first.")
    var skipsTest = false

    func validate() throws {
        guard tls.caFile != nil || tls.pin != nil || noCa || noPin else {
            throw ValidationError("Give --ca-file, --pin, --no-ca or --no-pin.")
        }
        guard tls.caFile == nil || !noCa, tls.pin == nil || !noPin else {
            throw ValidationError("Give either a value or the flag that takes it away.")
        }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let connection = try await target.find(in: pool)
            let desk = ConnectionDesk(pool, settings, context)
            let url = try HomeAssistantURL(connection.url)
            let given = try tls.trust(for: url)
            let trust = TLSTrust(
                authority: noCa ? nil : given.authority ?? connection.trust.authority,
                publicKey: noPin ? nil : given.publicKey ?? connection.trust.publicKey)
            let token = try desk.token(of: connection, url: url)
            if !skipsTest {
                _ = try await desk.requireWorking(
                    connection.name, url: url, trust: trust, token: token, connection: connection.id,
                    user: connection.userID)
            }
            let sealed = try desk.sealer().seal(token, for: try connection.tokenBinding(url: url, trust: trust))
            let isSet = try await desk.connections.setTrust(
                connection.id, trust, sealedToken: sealed, expecting: connection.sealedToken)
            guard isSet else {
                throw CommandFailure(
                    .tryAgain,
                    "The connection “\(connection.name)” was changed by somebody else meanwhile. Run the command again."
                )
            }
            try await desk.audit.record(
                .tlsChange, connection: connection.id, user: connection.userID,
                details: [
                    "own_authority": .bool(trust.authority != nil), "pinned_key": .optional(trust.publicKey),
                    "tested": .bool(!skipsTest),
                ])
            context.console.note("The connection “\(connection.name)” \(Self.words(trust)).")
        }
    }

    private static func words(_ trust: TLSTrust) -> String {
        let authority = trust.authority == nil ? "trusts the system's authorities" : "trusts the stored authority alone"
        return authority + (trust.publicKey == nil ? "" : " and demands the pinned key")
    }
}
