import BridgeCore

/// The answer to a command that someone other than the session asked for.
package struct CommandAnswer: Sendable {
    /// The whole frame in which it came.
    package var frame: [UInt8]
    /// Where the value of `result` lies in it.
    package var result: Range<Int>

    /// An answer.
    package init(frame: [UInt8], result: Range<Int>) {
        self.frame = frame
        self.result = result
    }
}

/// Why a command has no answer.
package enum CommandFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Home Assistant refused it with this code and message.
    case refused(code: String, message: String)
    /// No answer came in time.
    case timedOut
    /// The connection ended, or never reached the state in which commands are sent.
    case disconnected

    package var description: String {
        switch self {
        case .refused(let code, let message): "Home Assistant refused the command (\(code)): \(message)"
        case .timedOut: "Home Assistant did not answer in time."
        case .disconnected: "The connection to Home Assistant ended before it answered."
        }
    }
}

/// Sends commands over a running session, beside its events.
package struct CommandPort: Sendable {
    private let perform: @Sendable (String, Duration) async throws(CommandFailure) -> CommandAnswer

    /// A port that `perform` serves: it gets the command's fields as JSON without the braces and without `id`, such as
    /// `"type":"get_config"`, and the time for the answer.
    package init(_ perform: @escaping @Sendable (String, Duration) async throws(CommandFailure) -> CommandAnswer) {
        self.perform = perform
    }

    /// Sends a command and waits for its answer.
    package func ask(_ fields: String, within limit: Duration = .seconds(60)) async throws(CommandFailure)
        -> CommandAnswer
    {
        try await perform(fields, limit)
    }
}
