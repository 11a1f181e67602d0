import BridgeConcurrency
import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// One libwebsockets context on one thread, which carries all WebSocket connections of the process.
///
/// libwebsockets resolves nothing and speaks nothing here: it connects, waits for sockets, and reads and writes bytes. TLS is OpenSSL's,
/// the frames are our own: the library looks at each byte of a frame by itself, which took half of the bridge's processor time.
///
/// There should be one loop in a process and it should live as long. Events are delivered on the loop thread; a handler must never
/// block, for it holds up every connection.
package final class WebSocketEventLoop: Sendable {
    private let mailbox: LoopMailbox
    private let thread: LockedBox<pthread_t?>

    /// Creates the context and starts the thread. Unsets the proxy variables of the environment, which libwebsockets would follow
    /// with the token in hand; make the first loop before other threads look at the environment.
    package init(
        logger: Logger, options: WebSocketEventLoopOptions = WebSocketEventLoopOptions()
    ) throws(WebSocketTransportError) {
        let mailbox = LoopMailbox()
        self.mailbox = mailbox
        let core = try EventLoopCore(mailbox: mailbox, options: options, logger: logger)
        thread = LockedBox(try LoopThread.start(core))
    }

    deinit {
        _ = mailbox.post(.shutdown)
        if let left = thread.withLock({ $0 }) { pthread_detach(left) }
    }

    /// Beats once a second while the loop thread turns; two equal readings some seconds apart mean that it is stuck.
    package var heartbeat: UInt64 { mailbox.beatCount }

    /// Starts a connection and returns at once.
    ///
    /// - Parameter onEvent: called on the loop thread. After `shutdown` it is called with `closed` on the caller's thread.
    package func open(
        _ target: WebSocketTarget, onEvent: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> WebSocketID {
        let id = mailbox.makeID()
        if !mailbox.post(.open(id, target, onEvent)) {
            onEvent(.closed(WebSocketClosure(kind: .local, message: "The network thread has been shut down.")))
        }
        return id
    }

    /// See `exchange`.
    func start(
        _ request: HTTPRequest, _ target: WebSocketTarget, _ limit: Duration,
        _ onEnd: @escaping @Sendable (HTTPOutcome) -> Void
    ) -> WebSocketID {
        let id = mailbox.makeID()
        if !mailbox.post(.exchange(id, target, request, limit, onEnd)) {
            let closure = WebSocketClosure(kind: .local, message: "The network thread has been shut down.")
            onEnd(.failed(closure, mayHaveArrived: false))
        }
        return id
    }

    /// Queues a message; it goes out in order, as soon as the connection is established and its socket takes it. Without effect
    /// on a connection that has ended.
    package func send(_ message: WebSocketMessage, on id: WebSocketID) { _ = mailbox.post(.send(id, message)) }

    /// Stops or resumes reading from the socket, so that the peer has to wait. For a few seconds only: pings go unanswered
    /// meanwhile, and Home Assistant drops a client that does not keep up. Frames that were already read still arrive. Without
    /// effect on a connection that has ended.
    package func setReading(_ isReading: Bool, on id: WebSocketID) { _ = mailbox.post(.setReading(id, isReading)) }

    /// Sends what is queued, then a close frame, and waits 2 s for the peer's. `closed` follows in any case. Without effect on a
    /// connection that has ended.
    ///
    /// - Parameter reason: at most 123 bytes of UTF-8 are sent.
    package func close(_ id: WebSocketID, code: UInt16 = 1000, reason: String = "") {
        _ = mailbox.post(.close(id, code: code, reason: reason))
    }

    /// Closes every connection with code 1001, ends the thread and waits for it: two seconds at most, as the options say. May be
    /// called more than once.
    package func shutdown() async {
        _ = mailbox.post(.shutdown)
        await mailbox.waitForEnd()
        let ended = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        // The thread has nothing left to do but return, so this does not wait.
        if let ended { pthread_join(ended, nil) }
    }
}
