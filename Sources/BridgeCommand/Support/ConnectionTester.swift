import BridgeCore
import WebSocketTransport

/// Where a command connects to, and under which conditions.
struct ConnectionPlace: Sendable {
    var url: HomeAssistantURL
    /// What is demanded of the certificate.
    var trust: TLSTrust
    /// Which addresses may be connected to.
    var addresses: AddressPolicy
}

/// Tries a connection to Home Assistant: resolves, connects, authenticates and asks for its configuration.
protocol ConnectionTester: Sendable {
    /// Tries once and reports what happened; a failure is a result, never an error. Ends within some seconds.
    func test(_ place: ConnectionPlace, token: Secret) async -> ConnectionTestResult
}

/// What a test of a connection found.
struct ConnectionTestResult: Sendable {
    /// How the test ended; a closed set.
    enum Kind: String, Sendable, CaseIterable {
        /// The token was accepted.
        case connected
        /// Home Assistant refused the token.
        case authenticationFailed = "authentication_failed"
        /// Nothing answers: no address, refused, timed out, reset.
        case unreachable
        /// The certificate cannot be trusted.
        case certificateInvalid = "certificate_invalid"
        /// Something answers that is no Home Assistant.
        case notHomeAssistant = "not_home_assistant"
    }

    let kind: Kind
    /// Home Assistant's version, where it told one.
    var version: String?
    /// Whether the token belongs to an administrator.
    var isAdministrator: Bool?
    /// The name that the house has in Home Assistant.
    var location: String?
    /// From the start of the test to its end.
    let duration: Duration
    /// What happened and what to do next. Free of secrets.
    let message: String

    /// Whether the connection can be used.
    var isSuccess: Bool { kind == .connected }
}
