/// One connection as the loop thread sees it. Touched by that thread only.
final class LoopConnection {
    /// How far it has come.
    enum Stage {
        /// TCP, TLS or the upgrade are under way; the evidence tells which. Goes to `established`, `probing`, or ends.
        case connecting
        /// TCP failed; the reason is being found out. Ends.
        case probing(ConnectProbe)
        /// Messages flow. Goes to `closing`, `lingering`, or ends.
        case established
        /// A close frame was sent, and the peer's is awaited. Ends.
        case closing
        /// Its owner was told of the end, and the peer is still to be told why, with this code. What arrives is dropped.
        case lingering(UInt16)
    }

    let id: WebSocketID
    let target: WebSocketTarget
    /// Trusted for this connection in place of the system's authorities; set before it starts.
    var authority: CertificateAuthority?
    /// The request that it carries; nil for a WebSocket.
    let exchange: HTTPExchange?
    let onEvent: @Sendable (WebSocketEvent) -> Void
    var stage = Stage.connecting
    /// The library's handle; nil before it exists and after it is gone.
    var wsi: OpaquePointer?
    /// Nil without TLS, and before TCP is connected.
    var tls: TLSClient?
    /// Of a WebSocket: the upgrade, and then its frames.
    var upgrade = UpgradeReader()
    var frames: FrameReader
    /// What the peer's last ping held, as long as it is not answered.
    var pong: [UInt8]?
    var isCloseSent = false
    var evidence = FailureEvidence()
    /// Messages not yet written, from `nextOutgoing` on.
    private var outgoing: [WebSocketMessage] = []
    private var nextOutgoing = 0
    private(set) var queuedBytes = 0
    /// Whether `closed` was delivered.
    var isEnded = false
    /// A wish to close, fulfilled when all is sent.
    var closeRequest: (code: UInt16, reason: String)?
    /// Whether its socket is read.
    var isReading = true
    /// When, in microseconds of the loop's clock, to give up on what is under way.
    var deadline: Int64?
    /// When the peer last gave a sign of life.
    var lastActivity: Int64

    init(
        id: WebSocketID,
        target: WebSocketTarget,
        messageLimit: Int,
        now: Int64,
        exchange: HTTPExchange? = nil,
        onEvent: @escaping @Sendable (WebSocketEvent) -> Void
    ) {
        self.id = id
        self.target = target
        self.exchange = exchange
        self.onEvent = onEvent
        frames = FrameReader(limit: messageLimit)
        lastActivity = now
    }

    var hasOutgoing: Bool { nextOutgoing < outgoing.count }

    func enqueue(_ message: WebSocketMessage) {
        outgoing.append(message)
        queuedBytes += message.count
    }

    func dequeue() -> WebSocketMessage? {
        guard hasOutgoing else { return nil }
        let message = outgoing[nextOutgoing]
        // Not kept until the array is emptied: it may hold a secret.
        outgoing[nextOutgoing] = .text([])
        nextOutgoing += 1
        queuedBytes -= message.count
        if nextOutgoing == outgoing.count {
            outgoing.removeAll(keepingCapacity: outgoing.capacity <= 64)
            nextOutgoing = 0
        }
        return message
    }
}
