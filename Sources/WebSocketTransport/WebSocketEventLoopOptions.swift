/// The limits and times of a `WebSocketEventLoop`. The defaults are those of production.
package struct WebSocketEventLoopOptions: Sendable {
    /// A message that grows past this many bytes closes its connection with code 1009.
    package var maximumMessageBytes = 64 << 20

    /// A response to a request with a body of more bytes than this is given up.
    package var maximumResponseBytes = 16 << 20

    /// A connection whose unsent messages grow past this many bytes is closed: its peer has stopped reading.
    package var maximumQueuedBytes = 16 << 20

    /// The bytes that one read takes from a socket at most.
    package var receiveBufferBytes = 64 << 10

    /// A WebSocket ping goes out after this many seconds without a sign of the peer.
    package var pingAfterSeconds: UInt16 = 20

    /// The connection is given up after this many seconds without a sign of the peer.
    package var hangUpAfterSeconds: UInt16 = 35

    /// The sockets that the loop may hold. Explicit, because libwebsockets would size its tables by the process's limit.
    package var descriptorLimit: UInt32 = 4096

    /// A PEM file with authorities to trust besides those of the system. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the
    /// system's own, as everywhere with OpenSSL.
    package var certificateAuthorityFile: String?

    /// How long `shutdown` waits for the peers to answer the close frame.
    package var shutdownTimeout: Duration = .seconds(2)

    package init() {}
}
