/// What a `FakeHomeAssistant` is and does. Changes take effect at once, also for open connections where that makes sense.
package struct FakeBehaviour: Sendable {
    /// Where it goes silent.
    package enum Stall: Sendable, Equatable {
        case tlsHandshake
        case upgrade
        case authRequired
        case authAnswer
    }

    /// An answer to the upgrade that is none.
    package struct HTTPAnswer: Sendable {
        package var status: Int
        package var headers: [String]
        package var body: String

        package init(status: Int, headers: [String] = [], body: String = "") {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// A redirect to another place.
        package static func redirect(to location: String) -> HTTPAnswer {
            HTTPAnswer(status: 302, headers: ["Location: \(location)"])
        }
    }

    /// What a test answers to a command in place of the default.
    package enum Reply: Sendable {
        case byDefault
        case silence
        /// The value of `result`, as JSON.
        case result(String)
        /// A whole message, or several.
        case messages([String])
    }

    /// A command of a client.
    package struct Command: Sendable {
        package let connection: Int
        package let id: Int
        package let type: String
        /// The whole message.
        package let json: String
    }

    package var validTokens: Set<String> = ["fake-token"]
    package var version = "2025.4.4"
    /// `get_config.state`: RUNNING or NOT_RUNNING.
    package var state = "RUNNING"
    package var timeZone = "Europe/Berlin"
    package var isAdmin = true
    /// What `get_states` returns, each a JSON object.
    package var states: [String] = []
    package var stall: Stall?
    package var httpAnswer: HTTPAnswer?
    /// Sent in place of `auth_required`, if set: anything that is not what a Home Assistant says.
    package var greeting: String?
    /// Whether the command `ping` is answered.
    package var answersPings = true
    /// Whether WebSocket pings are answered.
    package var answersWebSocketPings = true
    /// Whether received messages are kept for `snapshot`. Off for benchmarks.
    package var recordsReceived = true
    /// Called on the connection's thread for each command before the default.
    package var onCommand: (@Sendable (Command) -> Reply)?

    package init() {}
}
