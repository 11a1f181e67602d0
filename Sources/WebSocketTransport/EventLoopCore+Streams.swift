import CLibWebSockets

// The bytes of a connection: TCP by the library, TLS by OpenSSL where it is wanted, and above them a WebSocket or a request.
extension EventLoopCore {
    // MARK: The way to the first byte

    /// TCP is connected.
    func connected(_ wsi: OpaquePointer) -> Int32 {
        guard let found = connection(of: wsi) else { return -1 }
        found.evidence.isConnected = true
        found.wsi = wsi
        guard found.target.isSecure else { return begin(found, wsi) }
        found.tls = tlsContext.flatMap { TLSClient(context: $0, host: found.target.host, id: found.id) }
        return shakeHands(found, wsi)
    }

    private func shakeHands(_ found: LoopConnection, _ wsi: OpaquePointer) -> Int32 {
        // Ends as a handshake that failed, with the evidence that was found on the way.
        guard let tls = found.tls else { return -1 }
        let step = tls.shakeHands()
        // Also what tells the peer why this side does not go on.
        let isOut = flush(tls, wsi)
        switch step {
        case .waiting: return isOut ? 0 : -1
        case .failed: return -1
        case .done:
            guard isOut, isTrusted(found, tls.ssl) else { return -1 }
            return begin(found, wsi)
        }
    }

    /// The first moment at which a byte of a request may leave: the certificate and its key are the right ones.
    private func begin(_ found: LoopConnection, _ wsi: OpaquePointer) -> Int32 {
        found.evidence.isUpgradeRequested = true
        if let exchange = found.exchange { return beginRequest(found, exchange, wsi) }
        return put(.text(found.upgrade.request(to: found.target)), on: found, wsi) ? 0 : -1
    }

    // MARK: Bytes

    func writable(_ wsi: OpaquePointer) -> Int32 {
        guard let found = connection(of: wsi) else { return -1 }
        if let exchange = found.exchange { return writeRequest(found, exchange, wsi) }
        return writeFrames(found, wsi)
    }

    /// Takes bytes of the handshake, of frames, or of a response.
    func received(_ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int) -> Int32 {
        guard let found = connection(of: wsi) else { return -1 }
        found.lastActivity = Self.now
        // A socket that is closed with bytes unread loses the close frame that is on its way to the peer.
        if case .lingering = found.stage { return 0 }
        guard !found.isEnded else { return -1 }
        let bytes = UnsafeRawBufferPointer(start: input, count: length)
        guard let tls = found.tls else {
            if take(bytes, of: found) { return 0 }
            // The peer is still to be told why.
            if case .lingering = found.stage { return 0 }
            return -1
        }
        guard tls.feed(bytes) else { return -1 }
        if !found.evidence.isUpgradeRequested {
            let answer = shakeHands(found, wsi)
            guard answer == 0, found.evidence.isUpgradeRequested else { return answer }
        }
        var wantsMore = true
        let step = tls.read { piece in
            wantsMore = take(piece, of: found)
            return wantsMore
        }
        if case .lingering = found.stage { return 0 }
        guard wantsMore, !found.isEnded else { return -1 }
        guard flush(tls, wsi) else { return -1 }
        switch step {
        case .waiting: return 0
        case .failed: return -1
        case .done:
            if let exchange = found.exchange { exchangeClosed(found, exchange, peerEnded: true) }
            return -1
        }
    }

    /// False when there is nothing more to take.
    private func take(_ bytes: UnsafeRawBufferPointer, of found: LoopConnection) -> Bool {
        if let exchange = found.exchange { return takeResponse(bytes, of: found, exchange) }
        return takeFrames(bytes, of: found)
    }

    /// Writes the bytes of `message`, as a frame where `opcode` says of which kind; false if the connection is broken.
    func put(
        _ message: WebSocketMessage, opcode: FrameOpcode? = nil, on found: LoopConnection, _ wsi: OpaquePointer
    ) -> Bool {
        memory.withBytes(of: message, opcode: opcode) { bytes in
            guard let tls = found.tls else { return LoopMemory.write(bytes, to: wsi) }
            return tls.write(bytes) && flush(tls, wsi)
        }
    }

    private func flush(_ tls: TLSClient, _ wsi: OpaquePointer) -> Bool {
        let bytes = tls.takeOutgoing()
        return bytes.isEmpty || bytes.withUnsafeBytes { LoopMemory.write($0, to: wsi) }
    }
}
