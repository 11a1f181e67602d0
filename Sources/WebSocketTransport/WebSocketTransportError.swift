/// The event loop could not be started.
package struct WebSocketTransportError: Error, Sendable, CustomStringConvertible {
    /// The cause; a closed set.
    package enum Code: String, Sendable {
        case contextCreationFailed
        case threadCreationFailed
    }

    package let code: Code

    /// A sentence for a person.
    package let message: String

    package var description: String { message }
}
