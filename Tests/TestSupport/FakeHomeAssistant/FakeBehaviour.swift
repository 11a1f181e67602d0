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

    /// How many messages may wait for a client that reads slowly.
    package struct QueueRule: Sendable {
        /// So many waiting messages drop the client at once.
        package var limit: Int
        /// More than these may wait only for `peakTime`.
        package var peak: Int
        package var peakTime: Duration

        package init(limit: Int = 4_096, peak: Int = 1_024, peakTime: Duration = .seconds(10)) {
            self.limit = limit
            self.peak = peak
            self.peakTime = peakTime
        }

        /// As in Home Assistant 2025.
        package static let homeAssistant = QueueRule()
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
    /// With a rule, each connection has a queue and a writer of its own, and whoever sends never waits; without one, messages
    /// are written by whoever sends them. Decided when a connection sends its first message.
    package var queue: QueueRule?
    /// Whether received messages are kept for `snapshot`. Off for benchmarks.
    package var recordsReceived = true
    /// Called on the connection's thread for each command before the default.
    package var onCommand: (@Sendable (Command) -> Reply)?

    package init() {}
}
