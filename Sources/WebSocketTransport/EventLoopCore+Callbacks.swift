import CLibWebSockets

#if canImport(Glibc)
    import Glibc
#endif

/// The one callback of libwebsockets. At file scope, because a closure formed in an isolated context would trap here.
func webSocketCallback(
    _ wsi: OpaquePointer?,
    _ reason: lws_callback_reasons,
    _ user: UnsafeMutableRawPointer?,
    _ input: UnsafeMutableRawPointer?,
    _ length: Int
) -> Int32 {
    guard let loop = CurrentLoop.loop else { return 0 }
    if reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED {
        loop.drainMailbox()
        return 0
    }
    guard let wsi else { return 0 }
    if reason == LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION {
        // Here `user` is the X509_STORE_CTX, and `length` whether OpenSSL is content.
        return loop.verify(wsi, store: user, isAccepted: length != 0)
    }
    return loop.handle(reason, wsi: wsi, input: input, length: length)
}

extension EventLoopCore {
    /// Answers a callback about a connection: 0 to go on, -1 to close.
    func handle(
        _ reason: lws_callback_reasons, wsi: OpaquePointer, input: UnsafeMutableRawPointer?, length: Int
    ) -> Int32 {
        switch reason {
        case LWS_CALLBACK_CLIENT_RECEIVE: return received(wsi, input, length)
        case LWS_CALLBACK_CLIENT_WRITEABLE: return writable(wsi)
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG: connection(of: wsi)?.lastActivity = Self.now
        case LWS_CALLBACK_WSI_CREATE:
            // Comes when TCP is connected, and in newer versions also before.
            if let found = connectionOrOpening(of: wsi), Self.isConnected(wsi) { found.evidence.isConnected = true }
        case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
            guard let found = connection(of: wsi) else { return -1 }
            found.evidence.isConnected = true
            guard isTrusted(found, lws_get_ssl(wsi)) else { return -1 }
            found.evidence.isUpgradeRequested = true
        case LWS_CALLBACK_RAW_CONNECTED: return exchangeConnected(wsi)
        case LWS_CALLBACK_RAW_WRITEABLE: return exchangeWritable(wsi)
        case LWS_CALLBACK_RAW_RX: return exchangeReceived(wsi, input, length)
        case LWS_CALLBACK_RAW_CLOSE: closed(wsi)
        case LWS_CALLBACK_CLIENT_ESTABLISHED: return established(wsi)
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR: connectionError(wsi)
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: peerCloses(wsi, input, length)
        case LWS_CALLBACK_CLIENT_CLOSED: closed(wsi)
        case LWS_CALLBACK_WSI_DESTROY: destroyed(wsi)
        default: break
        }
        return 0
    }

    // MARK: The handshake

    /// Answers a step of the verification of a certificate: 0 to go on.
    fileprivate func verify(_ wsi: OpaquePointer, store: UnsafeMutableRawPointer?, isAccepted: Bool) -> Int32 {
        // Without knowing whose certificate it is, it cannot be right.
        guard let store, let found = connection(of: wsi) else { return -1 }
        return accepts(OpaquePointer(store), isAccepted: isAccepted, for: found) ? 0 : 1
    }

    /// Whether a step of the verification of a certificate is passed. `isAccepted`: what OpenSSL thinks of it.
    func accepts(_ store: OpaquePointer, isAccepted: Bool, for found: LoopConnection) -> Bool {
        found.evidence.isConnected = true
        let failure = CertificateCheck.failure(
            store: store, isAccepted: isAccepted, target: found.target, authority: found.authority)
        found.evidence.certificate = found.evidence.certificate ?? failure
        return failure == nil
    }

    /// Whether a request may be sent. Without TLS where there should be some it may not.
    func isTrusted(_ found: LoopConnection, _ ssl: OpaquePointer?) -> Bool {
        guard found.target.isSecure else { return true }
        let failure = ssl.map { CertificateCheck.finalFailure(ssl: $0, target: found.target) } ?? .other
        found.evidence.certificate = found.evidence.certificate ?? failure
        return found.evidence.certificate == nil
    }

    private func established(_ wsi: OpaquePointer) -> Int32 {
        guard let found = connection(of: wsi) else { return -1 }
        found.wsi = wsi
        found.stage = .established
        found.deadline = nil
        found.lastActivity = Self.now
        found.onEvent(.opened)
        if found.hasOutgoing { lws_callback_on_writable(wsi) }
        return 0
    }

    private func connectionError(_ wsi: OpaquePointer) {
        guard let found = connectionOrOpening(of: wsi) else { return }
        // A bare connection has no response of the library's.
        let status = found.exchange == nil ? lws_http_client_http_response(wsi) : 0
        if status > 0 { found.evidence.httpStatus = Int(status) }
        if Self.isConnected(wsi) { found.evidence.isConnected = true }
        handshakeFailed(found)
    }

    // MARK: Messages

    /// Always answers 0. After any other answer libwebsockets 4.1 does not empty its buffer, and if the connection is closed with
    /// a close frame, what the peer sends meanwhile is written past the buffer's end.
    private func received(_ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int) -> Int32 {
        guard let found = connection(of: wsi), !found.isEnded else { return 0 }
        let now = Self.now
        found.lastActivity = now
        // Data is as good as a pong, so that a long message over a slow line is not taken for silence. Once a second is enough.
        if now - found.lastConfirmation > 1_000_000 {
            found.lastConfirmation = now
            lws_validity_confirmed(wsi)
        }
        let chunk = UnsafeRawBufferPointer(start: input, count: length)
        let outcome = found.assembler.append(
            chunk, remaining: Int(clamping: lws_remaining_packet_payload(wsi)), isFinal: lws_is_final_fragment(wsi) != 0
        )
        switch outcome {
        case .incomplete: return 0
        case .message(let bytes):
            // Home Assistant sends no binary messages; they would not be events.
            if lws_frame_is_binary(wsi) == 0 { found.onEvent(.frame(bytes)) }
            return 0
        case .tooBig:
            let message =
                "\(found.target.display) sent a message of more than \(options.maximumMessageBytes >> 20) MiB; "
                + "the connection was closed."
            finish(found, WebSocketClosure(kind: .messageTooBig, message: message), tellingPeer: 1009)
            return 0
        }
    }

    private func writable(_ wsi: OpaquePointer) -> Int32 {
        guard let found = connection(of: wsi) else { return -1 }
        if case .lingering(let code) = found.stage {
            lws_close_reason(wsi, lws_close_status(rawValue: UInt32(code)), nil, 0)
            return -1
        }
        guard case .established = found.stage else { return 0 }
        while lws_send_pipe_choked(wsi) == 0, let message = found.dequeue() {
            guard write(message, to: wsi) else { return -1 }
        }
        if found.hasOutgoing {
            lws_callback_on_writable(wsi)
        } else if let (code, reason) = found.closeRequest {
            // The library hands on nothing more once the close frame is out, so what has arrived is read before.
            if found.isReading, Self.now < found.readsOnUntil, Self.hasUnread(found, wsi) {
                lws_callback_on_writable(wsi)
                return 0
            }
            found.stage = .closing
            var text = Array(reason.utf8.prefix(123))
            // A character cut in two would not be UTF-8.
            while String(validating: text, as: UTF8.self) == nil { text.removeLast() }
            lws_close_reason(wsi, lws_close_status(rawValue: UInt32(code)), &text, text.count)
            return -1
        }
        return 0
    }

    // MARK: The end

    private func peerCloses(_ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int) {
        guard let found = connection(of: wsi) else { return }
        var code: UInt16 = 1005
        if let input, length >= 2 { code = input.loadUnaligned(as: UInt16.self).bigEndian }
        found.evidence.peerCloseCode = code
        guard case .established = found.stage else { return }
        // The library answers the close frame by itself; nothing can follow.
        finish(found, found.evidence.disconnection(from: found.target, hangUpAfter: Int(options.hangUpAfterSeconds)))
    }

    private func closed(_ wsi: OpaquePointer) {
        guard let found = connection(of: wsi) else { return }
        switch found.stage {
        case .connecting, .probing: handshakeFailed(found)
        case .closing, .lingering: finish(found, Self.localClosure(found))
        case .established:
            if let exchange = found.exchange {
                exchangeClosed(found, exchange, peerEnded: exchange.tls == nil && Self.peerEnded(wsi))
                return
            }
            found.evidence.peerEnded = Self.peerEnded(wsi)
            found.evidence.silentSeconds = Int((Self.now - found.lastActivity + 500_000) / 1_000_000)
            let hangUpAfter = Int(options.hangUpAfterSeconds)
            finish(found, found.evidence.disconnection(from: found.target, hangUpAfter: hangUpAfter))
        }
    }

    /// The handle is about to be freed. Normally the connection has ended before; if not, it ends here.
    private func destroyed(_ wsi: OpaquePointer) {
        guard let found = connection(of: wsi) else { return }
        if case .probing = found.stage { return }
        closed(wsi)
    }

    /// Whether the peer ended the connection; otherwise the library did, for silence or for a broken protocol.
    private static func peerEnded(_ wsi: OpaquePointer) -> Bool {
        if let ssl = lws_get_ssl(wsi), SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 { return true }
        var byte: UInt8 = 0
        let count = recv(lws_get_socket_fd(wsi), &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN)
    }
}
