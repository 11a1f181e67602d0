import BridgeConcurrency
import BridgeCore
import WebSocketTransport

/// What a session is for.
package enum SessionPurpose: Sendable {
    /// Events flow; commands may be sent beside them.
    case events
    /// Commands alone: nothing is subscribed to.
    case commands
}

/// What happens to a session, from the socket, the clock, or its owner.
package enum SessionInput: Sendable {
    /// The owner wants events to flow.
    case start
    /// The host name has these addresses, in the order of preference.
    case resolved(count: Int)
    /// The host name has no usable address; the sentence says why.
    case resolutionFailed(String)
    /// The WebSocket handshake is done.
    case opened
    /// The socket is gone.
    case closed(WebSocketClosure)
    case authRequired(version: String?)
    case authOK(version: String?)
    case authInvalid
    case reply(CommandID, CommandReply)
    case pong(CommandID)
    /// The first frame was not Home Assistant's greeting.
    case notHomeAssistant
    /// More is waiting to be written than memory may hold.
    case overflow
    /// There is room in memory again.
    case drained
    /// Someone beside the session wants a command sent: its fields as JSON, without braces and without `id`.
    case ask(ticket: UInt64, fields: String)
    /// The instant of `SessionStateMachine.deadline` has come.
    case deadline
    /// The owner wants the session to end.
    case stop
}

/// What the shell of a session does, in this order.
package enum SessionAction: Sendable, Equatable {
    case resolve
    /// Connects to the address with this index among those resolved.
    case connect(address: Int)
    /// Sends the authentication message with the token.
    case sendToken
    case send(CommandID, Command)
    case closeSocket(reason: String)
    case notify(SessionNotice)
    /// Home Assistant runs and its states are here: commands of others are welcome.
    case ready
    /// A command cannot be sent now.
    case decline(ticket: UInt64)
    /// The session is over and its task ends.
    case finish
}

/// What a session tells its owner; each becomes a status, an audit row or a metric.
package enum SessionNotice: Sendable, Equatable {
    case connecting
    /// Events flow. `elapsed` counts from the start of the attempt.
    case subscribed(SessionDetails, elapsed: Duration)
    /// A connection over which events flowed is gone. `lasted` counts from the subscription.
    case disconnected(reason: String, lasted: Duration)
    /// An attempt failed before events flowed.
    case attemptFailed(FailureKind, reason: String, retryIn: Duration, elapsed: Duration)
    /// Home Assistant refuses the token; no further attempt is made until the stored connection changes.
    case authenticationFailed(elapsed: Duration)
    /// A ping came back after this time.
    case roundTrip(Duration)
    /// Home Assistant said that it could not deliver an event of a subscription.
    case eventNotDelivered(code: String)
    /// Some event types cannot be had with this token.
    case subscriptionsRefused([String])
    /// More is waiting than memory may hold; the connection is closed until there is room.
    case overflow
}

/// Why an attempt failed: a closed set for metrics and audit rows.
package enum FailureKind: String, Sendable {
    case name = "name_resolution"
    case transport
    case tls
    /// The certificate has another public key than the pinned one.
    case pinnedKey = "pinned_key"
    case http
    case protocolViolation = "protocol"
    case timeout
    case overflow
}

/// What the bridge learned about a Home Assistant when it connected.
package struct SessionDetails: Sendable, Equatable {
    /// Home Assistant's release.
    package var version: String
    /// Whether the token belongs to an administrator.
    package var isAdministrator: Bool
    /// The answer to `get_config`, if one came.
    package var configuration: HomeAssistantConfiguration?
}

/// Deadlines of a session.
///
/// What bounds the other side's answers stays as it is when time is compressed for a test; what paces us does not.
package struct SessionTimings: Sendable {
    /// For the name server.
    package var resolve: Duration = .seconds(8)
    /// For the TCP connection, TLS and the WebSocket handshake with one address.
    package var connect: Duration = .seconds(10)
    /// For the greeting, and again for the answer to the token; Home Assistant itself allows 10 s.
    package var authenticate: Duration = .seconds(10)
    /// For the first commands and the subscriptions.
    package var command: Duration = .seconds(20)
    /// For the snapshot of all states, which may be some 20 MB.
    package var snapshot: Duration = .seconds(120)
    /// Between two questions whether Home Assistant runs.
    package var probe: Duration = .seconds(1).scaled
    /// Between two pings.
    package var ping: Duration = .seconds(15).scaled
    /// For the answer to a ping; with `ping` it bounds how long a dead peer goes unnoticed.
    package var pong: Duration = max(.seconds(20).scaled, .seconds(3))
    /// How long the socket may go unread while memory is full, before it is closed. Home Assistant drops a reader that is
    /// slower than about five seconds in any case, and an unread socket answers no ping.
    package var fullPause: Duration = max(.seconds(4).scaled, .milliseconds(500))
    /// A connection that lasted so long starts the waits afresh.
    package var stable: Duration = .seconds(30).scaled

    /// The timings of the product.
    package init() {}
}
