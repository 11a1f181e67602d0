import BridgeCore

/// One text message to send.
package enum WebSocketMessage: Sendable {
    /// UTF-8 text.
    case text([UInt8])

    /// A text that holds a secret, such as the auth message. It is put together only on the loop thread, in a buffer that is
    /// overwritten as soon as it has been handed to the socket.
    case secret(prefix: [UInt8], Secret, suffix: [UInt8])

    /// UTF-8 text.
    package static func text(_ text: String) -> WebSocketMessage { .text(Array(text.utf8)) }

    /// The bytes of payload.
    package var count: Int {
        switch self {
        case .text(let bytes): bytes.count
        case .secret(let prefix, let secret, let suffix): prefix.count + secret.count + suffix.count
        }
    }
}
