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
            id: id, target: target, messageLimit: 0, now: Self.now, exchange: exchange, onEvent: { _ in })
        for message in request.messages(to: target) { connection.enqueue(message) }
        start(connection, fault: request.fault ?? target.fault)
    }

    // MARK: The way to the first byte

    /// TCP is connected.
    func exchangeConnected(_ wsi: OpaquePointer) -> Int32 {
        guard let found = connection(of: wsi), let exchange = found.exchange else { return -1 }
        found.evidence.isConnected = true
        found.wsi = wsi
        guard found.target.isSecure else { return beginRequest(found, exchange, wsi) }
        exchange.tls = tlsContext.flatMap { TLSClient(context: $0, host: found.target.host, id: found.id) }
        return shakeHands(found, exchange, wsi)
    }

    private func shakeHands(_ found: LoopConnection, _ exchange: HTTPExchange, _ wsi: OpaquePointer) -> Int32 {
        // Ends as a handshake that failed, with the evidence that was found on the way.
        guard let tls = exchange.tls else { return -1 }
        let step = tls.shakeHands()
        // Also what tells the peer why this side does not go on.
        let isOut = flush(tls, wsi)
        switch step {
        case .waiting: return isOut ? 0 : -1
        case .failed: return -1
        case .done:
            guard isOut, isTrusted(found, tls.ssl) else { return -1 }
            return beginRequest(found, exchange, wsi)
        }
    }

    /// The first moment at which a byte of the request may leave: the certificate and its key are the right ones.
    private func beginRequest(_ found: LoopConnection, _ exchange: HTTPExchange, _ wsi: OpaquePointer) -> Int32 {
        found.evidence.isUpgradeRequested = true
        found.stage = .established
        found.deadline = exchange.deadline
        scheduleTimer(at: exchange.deadline)
        lws_callback_on_writable(wsi)
        return 0
    }

    // MARK: Bytes

    /// Writes what is left of the request.
    func exchangeWritable(_ wsi: OpaquePointer) -> Int32 {
        guard let found = connection(of: wsi), let exchange = found.exchange else { return -1 }
        guard case .established = found.stage else { return 0 }
        while lws_send_pipe_choked(wsi) == 0, let message = found.dequeue() {
            exchange.isWritten = true
            if let tls = exchange.tls {
                guard withBytes(of: message, tls.write), flush(tls, wsi) else { return -1 }
            } else {
                guard write(message, to: wsi) else { return -1 }
            }
        }
        if found.hasOutgoing { lws_callback_on_writable(wsi) }
        return 0
    }

    private func flush(_ tls: TLSClient, _ wsi: OpaquePointer) -> Bool {
        let bytes = tls.takeOutgoing()
        return bytes.isEmpty || write(.text(bytes), to: wsi)
    }

    /// Takes bytes of the handshake or of the response.
    func exchangeReceived(_ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int) -> Int32 {
        guard let found = connection(of: wsi), let exchange = found.exchange, !found.isEnded else { return -1 }
        let bytes = UnsafeRawBufferPointer(start: input, count: length)
        guard let tls = exchange.tls else { return take(bytes, of: found, exchange) ? 0 : -1 }
        guard tls.feed(bytes) else { return -1 }
        if case .connecting = found.stage {
            let answer = shakeHands(found, exchange, wsi)
            guard answer == 0, case .established = found.stage else { return answer }
        }
        let step = tls.read { take($0, of: found, exchange) }
        if found.isEnded { return -1 }
        guard flush(tls, wsi) else { return -1 }
        switch step {
        case .waiting: return 0
        case .failed: return -1
        case .done:
            exchangeClosed(found, exchange, peerEnded: true)
            return -1
        }
    }

    /// Takes a piece of the response; false when there is nothing more to take.
    private func take(_ bytes: UnsafeRawBufferPointer, of found: LoopConnection, _ exchange: HTTPExchange) -> Bool {
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
