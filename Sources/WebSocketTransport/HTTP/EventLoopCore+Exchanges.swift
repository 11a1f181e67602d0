import CLibWebSockets

// Requests: a connection on which this side writes a request and reads one response.
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
            id: id, target: target, messageLimit: 0, now: Self.now, exchange: exchange, onEvent: { _ in })
        for message in request.messages(to: target) { connection.enqueue(message) }
        start(connection, fault: request.fault ?? target.fault)
    }

    // MARK: Bytes

    /// Nothing stands between the request and the peer any more.
    func beginRequest(_ found: LoopConnection, _ exchange: HTTPExchange, _ wsi: OpaquePointer) -> Int32 {
        found.stage = .established
        found.deadline = exchange.deadline
        scheduleTimer(at: exchange.deadline)
        lws_callback_on_writable(wsi)
        return 0
    }

    /// Writes what is left of the request.
    func writeRequest(_ found: LoopConnection, _ exchange: HTTPExchange, _ wsi: OpaquePointer) -> Int32 {
        guard case .established = found.stage else { return 0 }
        while lws_send_pipe_choked(wsi) == 0, let message = found.dequeue() {
            exchange.isWritten = true
            guard put(message, on: found, wsi) else { return -1 }
        }
        if found.hasOutgoing { lws_callback_on_writable(wsi) }
        return 0
    }

    /// Takes a piece of the response; false when there is nothing more to take.
    func takeResponse(
        _ bytes: UnsafeRawBufferPointer, of found: LoopConnection, _ exchange: HTTPExchange
    ) -> Bool {
        let outcome = exchange.reader.append(bytes)
        if outcome != .incomplete { settle(found, exchange, outcome) }
        return outcome == .incomplete
    }

    // MARK: Ends

    /// The connection has ended. With TLS only TLS itself can say that this was the peer's wish.
    func exchangeClosed(_ found: LoopConnection, _ exchange: HTTPExchange, peerEnded: Bool) {
        settle(found, exchange, peerEnded ? exchange.reader.end() : .invalid, isOver: true)
    }

    /// The time for the whole of a request that was being carried out is over.
    func exchangeTimedOut(_ found: LoopConnection, _ exchange: HTTPExchange) {
        let message =
            "\(found.target.display) took the request but did not answer within \(FailureEvidence.text(exchange.limit))."
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
