import CLibWebSockets

// Requests: a bare connection on the same loop, on which this side writes a request and reads one response.
extension EventLoopCore {
    /// Starts a request.
    func exchange(
        _ id: WebSocketID, _ target: WebSocketTarget, _ request: HTTPRequest, _ limit: Duration,
        _ onEnd: @escaping @Sendable (HTTPOutcome) -> Void
    ) {
        let limit = min(max(limit, .milliseconds(1)), .seconds(3_600))
        var target = target
        target.handshakeTimeout = min(target.handshakeTimeout, limit)
        let exchange = HTTPExchange(
            bodyLimit: options.maximumResponseBytes, limit: limit, deadline: Self.now + Self.microseconds(limit),
            onEnd: onEnd)
        let connection = LoopConnection(
            id: id, target: target, messageLimit: 0, now: Self.now, exchange: exchange,
            onEvent: { _ in })
        for message in request.messages(to: target) { connection.enqueue(message) }
        start(connection, fault: request.fault ?? target.fault)
    }

    /// TCP, and TLS where there should be some, are made: the first moment at which a byte of the request may leave.
    func exchangeConnected(_ wsi: OpaquePointer) -> Int32 {
        guard let found = connection(of: wsi), let exchange = found.exchange else { return -1 }
        found.evidence.isConnected = true
        guard isTrusted(found, wsi) else { return -1 }
        found.evidence.isUpgradeRequested = true
        found.wsi = wsi
        found.stage = .established
        found.deadline = exchange.deadline
        scheduleTimer(at: exchange.deadline)
        lws_callback_on_writable(wsi)
        return 0
    }

    /// Writes what is left of the request.
    func exchangeWritable(_ wsi: OpaquePointer) -> Int32 {
        guard let found = connection(of: wsi), let exchange = found.exchange else { return -1 }
        guard case .established = found.stage else { return 0 }
        while lws_send_pipe_choked(wsi) == 0, let message = found.dequeue() {
            exchange.isWritten = true
            guard write(message, to: wsi) else { return -1 }
        }
        if found.hasOutgoing { lws_callback_on_writable(wsi) }
        return 0
    }

    /// Takes bytes of the response.
    func exchangeReceived(_ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int) -> Int32 {
        guard let found = connection(of: wsi), let exchange = found.exchange, !found.isEnded else { return -1 }
        found.lastActivity = Self.now
        let outcome = exchange.reader.append(UnsafeRawBufferPointer(start: input, count: length))
        if outcome == .incomplete { return 0 }
        settle(found, exchange, outcome)
        return -1
    }

    /// The connection has ended.
    func exchangeClosed(_ found: LoopConnection, _ exchange: HTTPExchange, peerEnded: Bool) {
        settle(found, exchange, peerEnded ? exchange.reader.end() : .invalid, isOver: true)
    }

    /// The time for the whole of a request that was being carried out is over.
    func exchangeTimedOut(_ found: LoopConnection, _ exchange: HTTPExchange) {
        let message =
            "\(found.target.display) took the request but did not answer within \(exchange.limit.components.seconds) s."
        finish(found, WebSocketClosure(kind: .timeout, message: message))
    }

    private func settle(
        _ found: LoopConnection, _ exchange: HTTPExchange, _ outcome: HTTPResponseReader.Outcome, isOver: Bool = false
    ) {
        let place = found.target.display
        switch outcome {
        case .response(let response): finish(found, answering: response)
        case .tooBig:
            let size = options.maximumResponseBytes >> 20
            let message = "\(place) answered with more than \(size) MiB; the connection was closed."
            finish(found, WebSocketClosure(kind: .messageTooBig, message: message))
        case .incomplete, .invalid:
            if isOver {
                let message = "\(place) closed the connection before it had answered the request."
                finish(found, WebSocketClosure(kind: .reset, message: message))
            } else {
                let message =
                    "\(place) answered with something that is no HTTP. Check that Home Assistant listens there."
                finish(found, WebSocketClosure(kind: .invalidFrame, message: message))
            }
        }
    }
}
