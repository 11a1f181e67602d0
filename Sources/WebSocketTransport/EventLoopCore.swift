import BridgeConcurrency
import CLibWebSockets
import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// The context, the table of connections and the timers. Made by one thread, then handed to the loop thread, which alone touches it.
final class EventLoopCore {
    let options: WebSocketEventLoopOptions
    private let mailbox: LoopMailbox
    private let logger: Logger
    let memory: LoopMemory
    private let context: OpaquePointer
    private var table: [UInt64: LoopConnection] = [:]
    /// The connection whose `lws_client_connect_via_info` is on the stack.
    private var opening: LoopConnection?
    /// When the deadline timer is set to fire; nil if it is not set.
    private var timerTarget: Int64?
    /// Made for the first request that needs it.
    private(set) lazy var tlsContext = TLSContext(authorityFile: options.certificateAuthorityFile)
    private var isShuttingDown = false
    private var isFinished = false

    /// Creates the context on the calling thread.
    init(
        mailbox: LoopMailbox, options: WebSocketEventLoopOptions, logger: Logger
    ) throws(WebSocketTransportError) {
        self.mailbox = mailbox
        self.options = options
        self.logger = logger
        LibraryLog.install
        Self.forgetProxies
        memory = LoopMemory(options: options)
        guard let context = memory.createContext(options: options) else {
            throw WebSocketTransportError(
                code: .contextCreationFailed,
                message: "The network library could not be started. Check memory and the limit on open files.")
        }
        self.context = context
    }

    /// libwebsockets connects through the proxies that these name, without asking. Once for the process, because changing the
    /// environment while another thread reads it is not safe.
    private static let forgetProxies: Void = {
        for name in ["http_proxy", "https_proxy", "all_proxy", "socks_proxy", "ws_proxy", "wss_proxy"] {
            unsetenv(name)
            unsetenv(name.uppercased())
        }
    }()

    static var now: Int64 { lws_now_usecs() }

    // MARK: The thread

    /// Runs until `shutdown`, then closes what is left, destroys the context and tells those who wait.
    func run() {
        CurrentLoop.set(self)
        nameCurrentThread("websockets")
        mailbox.attach(context)
        beat()
        while !isFinished {
            guard lws_service(context, 0) >= 0 else {
                logger.critical("The network library stopped working; every connection ends.")
                break
            }
        }
        let left = mailbox.detach()
        lws_sul_cancel(memory.beatTimer)
        lws_sul_cancel(memory.deadlineTimer)
        let closure = WebSocketClosure(kind: .local, message: "The network thread has been shut down.")
        for connection in Array(table.values) { finish(connection, closure) }
        LoopMemory.destroy(context)
        for command in left {
            switch command {
            case .open(_, _, let onEvent): onEvent(.closed(closure))
            case .exchange(_, _, _, _, let onEnd): onEnd(.failed(closure, mayHaveArrived: false))
            case .send, .setReading, .close, .shutdown: break
            }
        }
        CurrentLoop.set(nil)
        mailbox.announceEnd()
    }

    /// Shows that the thread turns, and asks for the next time.
    func beat() {
        mailbox.beat()
        lws_sul_schedule(context, 0, memory.beatTimer, beatTimerFired, 1_000_000)
    }

    /// A line of the library's log, already bounded.
    func libraryLogged(_ line: String, isProblem: Bool) {
        if isProblem { logger.debug("libwebsockets", metadata: ["line": "\(line)"]) }
    }

    /// Does what other threads asked for. May be called more often than needed.
    func drainMailbox() {
        for command in mailbox.drain() {
            switch command {
            case .open(let id, let target, let onEvent): open(id, target, onEvent)
            case .exchange(let id, let target, let request, let limit, let onEnd):
                exchange(id, target, request, limit, onEnd)
            case .send(let id, let message): send(message, on: id)
            case .setReading(let id, let isReading): setReading(isReading, on: id)
            case .close(let id, let code, let reason): close(id, code: code, reason: reason)
            case .shutdown: beginShutdown()
            }
        }
    }

    // MARK: Commands

    private func open(
        _ id: WebSocketID, _ target: WebSocketTarget, _ onEvent: @escaping @Sendable (WebSocketEvent) -> Void
    ) {
        let connection = LoopConnection(
            id: id, target: target, messageLimit: options.maximumMessageBytes, now: Self.now, onEvent: onEvent)
        start(connection, fault: target.fault)
    }

    /// Puts a connection into the table and starts it, or ends it with the reason `fault`.
    func start(_ connection: LoopConnection, fault: String?) {
        let target = connection.target
        let authority = target.isSecure ? target.trust.authority.map { CertificateAuthority(pem: $0) } : nil
        connection.authority = authority ?? nil
        table[connection.id.rawValue] = connection
        if isShuttingDown {
            finish(connection, WebSocketClosure(kind: .local, message: "The network thread is being shut down."))
            return
        }
        if let fault {
            finish(connection, WebSocketClosure(kind: .local, message: fault))
            return
        }
        if case .some(.none) = authority {
            let message = """
                The certificates that are stored to be trusted for \(target.display) cannot be read. Store them anew: \
                ha-bridge connection set-tls
                """
            finish(connection, WebSocketClosure(kind: .tlsFailed(.untrusted), message: message))
            return
        }
        guard DescriptorReserve.allowsOne else {
            finish(connection, FailureEvidence.unconnected(target.display, errno: EMFILE))
            return
        }
        connection.deadline = Self.now + Self.microseconds(target.handshakeTimeout)
        scheduleTimer(at: connection.deadline)
        opening = connection
        let wsi = memory.connect(context: context, to: target, id: connection.id)
        opening = nil
        // A nil and a connection error are one event; either may come, or both. Whoever is first takes the connection out of
        // the table or on to the probe.
        guard table[connection.id.rawValue] === connection, case .connecting = connection.stage else { return }
        guard let wsi else { return handshakeFailed(connection) }
        connection.wsi = wsi
    }

    private func send(_ message: WebSocketMessage, on id: WebSocketID) {
        guard let connection = table[id.rawValue], connection.closeRequest == nil, !connection.isEnded,
            connection.exchange == nil
        else { return }
        connection.enqueue(message)
        if connection.queuedBytes > options.maximumQueuedBytes {
            kill(connection)
            let message = "\(connection.target.display) does not take what is sent to it; the connection was given up."
            finish(connection, WebSocketClosure(kind: .timeout, message: message))
            return
        }
        if case .established = connection.stage, let wsi = connection.wsi { lws_callback_on_writable(wsi) }
    }

    private func setReading(_ isReading: Bool, on id: WebSocketID) {
        guard let connection = table[id.rawValue], case .established = connection.stage, let wsi = connection.wsi else {
            return
        }
        connection.isReading = isReading
        connection.lastActivity = Self.now
        lws_rx_flow_control(wsi, isReading ? 1 : 0)
    }

    private func close(_ id: WebSocketID, code: UInt16, reason: String) {
        guard let connection = table[id.rawValue], connection.closeRequest == nil else { return }
        guard case .established = connection.stage, let wsi = connection.wsi, connection.exchange == nil else {
            kill(connection)
            finish(connection, Self.localClosure(connection))
            return
        }
        connection.closeRequest = (code, reason)
        connection.deadline = Self.now + Self.microseconds(options.shutdownTimeout)
        scheduleTimer(at: connection.deadline)
        lws_callback_on_writable(wsi)
    }

    private func beginShutdown() {
        isShuttingDown = true
        for connection in Array(table.values) { close(connection.id, code: 1001, reason: "") }
        if table.isEmpty { isFinished = true }
    }

    // MARK: Timers

    static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    func scheduleTimer(at target: Int64?) {
        guard let target, target < timerTarget ?? .max else { return }
        timerTarget = target
        lws_sul_schedule(context, 0, memory.deadlineTimer, deadlineTimerFired, max(target - Self.now, 1))
    }

    /// Ends what has run out of time, and looks at the probes.
    func checkDeadlines() {
        timerTarget = nil
        let now = Self.now
        var next: Int64?
        for connection in Array(table.values) {
            if case .probing(let probe) = connection.stage {
                if case .known(let code) = probe.check() {
                    finishProbe(connection, errno: code)
                    continue
                }
                next = min(next ?? .max, now + 20_000)
            }
            guard let deadline = connection.deadline else { continue }
            guard deadline <= now else {
                next = min(next ?? .max, deadline)
                continue
            }
            deadlinePassed(connection)
        }
        scheduleTimer(at: next)
    }

    private func deadlinePassed(_ connection: LoopConnection) {
        switch connection.stage {
        case .probing: finishProbe(connection, errno: ETIMEDOUT)
        case .connecting:
            if let wsi = connection.wsi, Self.isConnected(wsi) { connection.evidence.isConnected = true }
            kill(connection)
            finish(connection, connection.evidence.handshakeTimeout(of: connection.target))
        case .established where connection.exchange == nil && connection.closeRequest == nil:
            if let wsi = connection.wsi { lookForSilence(connection, wsi) }
        case .established, .closing, .lingering:
            kill(connection)
            if let exchange = connection.exchange { return exchangeTimedOut(connection, exchange) }
            finish(connection, Self.localClosure(connection))
        }
    }

    // MARK: Ends

    /// A failure before the connection was established.
    func handshakeFailed(_ connection: LoopConnection) {
        guard case .connecting = connection.stage else { return }
        connection.wsi = nil
        guard !connection.evidence.isConnected, let ip = IPAddress(connection.target.address) else {
            finish(connection, connection.evidence.handshakeFailure(of: connection.target))
            return
        }
        let probe = ConnectProbe(ip, port: connection.target.port)
        if case .known(let code) = probe.check() {
            finishProbe(connection, errno: code)
            return
        }
        connection.stage = .probing(probe)
        connection.deadline = min(connection.deadline ?? .max, Self.now + 1_000_000)
        scheduleTimer(at: Self.now + 5_000)
    }

    private func finishProbe(_ connection: LoopConnection, errno code: Int32) {
        // The second attempt went through: the port was opened just now. What failed the first time was a refusal.
        connection.evidence.connectError = code == 0 ? ECONNREFUSED : code
        finish(connection, connection.evidence.handshakeFailure(of: connection.target))
    }

    static func localClosure(_ connection: LoopConnection) -> WebSocketClosure {
        WebSocketClosure(
            kind: .local, message: "The connection to \(connection.target.display) was closed by this side.")
    }

    /// Lets the library drop the socket on its next turn. Its callbacks will find no connection any more.
    func kill(_ connection: LoopConnection) {
        guard let wsi = connection.wsi else { return }
        connection.wsi = nil
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC)
    }

    /// Takes the connection out of the table and tells its owner, unless it knows.
    func finish(_ connection: LoopConnection, _ closure: WebSocketClosure) {
        guard table.removeValue(forKey: connection.id.rawValue) != nil else { return }
        connection.wsi = nil
        end(connection, closure)
        if isShuttingDown && table.isEmpty { isFinished = true }
    }

    /// Ends a request that was answered.
    func finish(_ connection: LoopConnection, answering response: HTTPResponse) {
        guard table.removeValue(forKey: connection.id.rawValue) != nil else { return }
        connection.wsi = nil
        connection.isEnded = true
        connection.exchange?.onEnd(.answered(response))
        if isShuttingDown && table.isEmpty { isFinished = true }
    }

    /// Tells the owner of the end at once, and lets the peer be told with a close frame, for which it gets a second.
    func finish(_ connection: LoopConnection, _ closure: WebSocketClosure, tellingPeer code: UInt16) {
        guard let wsi = connection.wsi else { return finish(connection, closure) }
        connection.stage = .lingering(code)
        connection.deadline = Self.now + 1_000_000
        scheduleTimer(at: connection.deadline)
        lws_callback_on_writable(wsi)
        end(connection, closure)
    }

    /// The only place that delivers `closed`, so that it comes once.
    private func end(_ connection: LoopConnection, _ closure: WebSocketClosure) {
        guard !connection.isEnded else { return }
        connection.isEnded = true
        connection.onEvent(.closed(closure))
        if let exchange = connection.exchange {
            exchange.onEnd(.failed(closure, mayHaveArrived: exchange.isWritten))
        }
    }

    // MARK: Lookups of the callbacks

    /// The connection of a handle of the library, if it is still of interest.
    func connection(of wsi: OpaquePointer) -> LoopConnection? {
        if let data = lws_get_opaque_user_data(wsi) { return table[UInt64(UInt(bitPattern: data))] }
        return nil
    }

    func connection(numbered number: UInt64) -> LoopConnection? { table[number] }

    /// The same, for callbacks that may come before the handle knows whose it is.
    func connectionOrOpening(of wsi: OpaquePointer) -> LoopConnection? { connection(of: wsi) ?? opening }

    static func isConnected(_ wsi: OpaquePointer) -> Bool {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getpeername(lws_get_socket_fd(wsi), $0, &size) == 0
            }
        }
    }
}

// At file scope: closures formed in an isolated context would inherit that isolation and trap on the loop thread.
private func beatTimerFired(_ timer: UnsafeMutablePointer<lws_sorted_usec_list_t>?) { CurrentLoop.loop?.beat() }

private func deadlineTimerFired(_ timer: UnsafeMutablePointer<lws_sorted_usec_list_t>?) {
    CurrentLoop.loop?.checkDeadlines()
}
