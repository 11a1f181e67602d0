/// What happens to a connection, in this order: `opened` at most once, then frames, then `closed` exactly once.
package enum WebSocketEvent: Sendable {
    /// The handshake succeeded; nothing of the application has been sent yet.
    case opened

    /// One whole text message. The receiver owns the array. The bytes are what the peer sent: they may be invalid UTF-8.
    case frame([UInt8])

    /// The end, whatever the cause; nothing follows.
    case closed(WebSocketClosure)
}
