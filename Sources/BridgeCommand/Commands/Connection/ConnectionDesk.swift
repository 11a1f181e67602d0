import BridgeCore
import Cryptography
import PostgresClient
import Store

/// What the commands about connections share: sealing, testing and the audit trail.
struct ConnectionDesk {
    let connections: ConnectionRepository
    let users: UserRepository
    let audit: AuditTrail
    private let console: Console
    private let tester: any ConnectionTester
    private let settings: BridgeSettings

    init(_ pool: PostgresPool, _ settings: BridgeSettings, _ context: CommandContext) {
        connections = ConnectionRepository(pool)
        users = UserRepository(pool)
        audit = AuditTrail(pool, settings, context)
        console = context.console
        tester = context.tester
        self.settings = settings
    }

    /// Seals and opens tokens with the keyring of the settings. Throws `CryptographyError`.
    func sealer() throws -> TokenSealer { TokenSealer(try KeyringSource(path: settings.keyFile)) }

    /// The token of a stored connection. Throws a `CommandFailure` for a stored URL that is none, else `CryptographyError`.
    func token(of connection: StoredConnection, url: HomeAssistantURL) throws -> Secret {
        // Where the kernel refuses it, the command still does what it was asked for.
        try? hardenProcess()
        return try sealer().open(connection.sealedToken, for: try connection.tokenBinding(url: url))
    }

    /// Where a command goes to that speaks with Home Assistant. Throws `PostgresError` for a connection string that is none.
    func place(_ url: HomeAssistantURL, _ trust: TLSTrust) throws -> ConnectionPlace {
        ConnectionPlace(url: url, trust: trust, addresses: try settings.addressPolicy())
    }

    /// Tries the token, writes an audit row whatever the end, and tells the person.
    func test(
        _ name: String, url: HomeAssistantURL, trust: TLSTrust, token: Secret, connection: ConnectionID?, user: UserID
    ) async throws -> ConnectionTestResult {
        console.progress("Testing \(url) …")
        let result = await tester.test(try place(url, trust), token: token)
        console.endProgress()
        var details: [String: JSONValue] = [
            "name": .string(name), "url": .string(url.description), "result": .string(result.kind.rawValue),
            "tls": .bool(url.isSecure),
        ]
        if let version = result.version { details["home_assistant_version"] = .string(version) }
        try await audit.record(
            .test, connection: connection, user: user, success: result.isSuccess, details: details,
            message: result.isSuccess ? nil : result.message, duration: result.duration)
        return result
    }

    /// Tells a person once, when a URL is stored, what it means to do without TLS.
    func tellOfPlainText(_ url: HomeAssistantURL) {
        console.note(
            "\(url.origin) is without TLS: whoever can listen in that network can read the token. Each connect is in the audit"
                + " log.")
    }

    /// Stores what a test that ended well has told about Home Assistant, as a session of the bridge would.
    func remember(_ result: ConnectionTestResult, of id: ConnectionID) async throws {
        guard result.isSuccess else { return }
        try await connections.recordStatus(
            id, version: result.version, isAdmin: result.isAdministrator, locationName: result.location)
    }

    /// As `test`, for a token that is about to be stored. Throws a `CommandFailure` when it cannot be used.
    func requireWorking(
        _ name: String, url: HomeAssistantURL, trust: TLSTrust, token: Secret, connection: ConnectionID?, user: UserID
    ) async throws -> ConnectionTestResult {
        let result = try await test(name, url: url, trust: trust, token: token, connection: connection, user: user)
        guard result.isSuccess else {
            throw CommandFailure(
                result.exitStatus,
                "\(result.message) Nothing was stored. To store it all the same, add --no-test.")
        }
        console.note(result.summary)
        return result
    }
}

extension ConnectionTestResult {
    /// How a command ends whose test ended so.
    var exitStatus: ExitStatus {
        switch kind {
        case .connected: .success
        case .authenticationFailed: .permission
        case .unreachable, .certificateInvalid, .notHomeAssistant: .unavailable
        }
    }

    /// One sentence for a person about a test that ended well.
    var summary: String {
        var text = "Home Assistant \(version ?? "of unknown version")"
        if let location { text += " of “\(location)”" }
        text += " accepted the token in \(TimeText.short(duration))."
        if isAdministrator == false {
            text += " It is not an administrator's, so Home Assistant sends fewer kinds of events."
        }
        return text
    }
}
