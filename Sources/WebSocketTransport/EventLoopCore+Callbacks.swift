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
    return loop.handle(reason, wsi: wsi, input: input, length: length)
}

extension EventLoopCore {
    /// Answers a callback about a connection: 0 to go on, -1 to close.
    func handle(
        _ reason: lws_callback_reasons, wsi: OpaquePointer, input: UnsafeMutableRawPointer?, length: Int
    ) -> Int32 {
        switch reason {
        case LWS_CALLBACK_WSI_CREATE:
            // Comes when TCP is connected, and in newer versions also before.
            if let found = connectionOrOpening(of: wsi), Self.isConnected(wsi) { found.evidence.isConnected = true }
        case LWS_CALLBACK_RAW_CONNECTED: return connected(wsi)
        case LWS_CALLBACK_RAW_WRITEABLE: return writable(wsi)
        case LWS_CALLBACK_RAW_RX: return received(wsi, input, length)
        case LWS_CALLBACK_RAW_CLOSE: closed(wsi)
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR: connectionError(wsi)
        case LWS_CALLBACK_WSI_DESTROY: destroyed(wsi)
        default: break
        }
        return 0
    }

    // MARK: The handshake

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

    private func connectionError(_ wsi: OpaquePointer) {
        guard let found = connectionOrOpening(of: wsi) else { return }
        if Self.isConnected(wsi) { found.evidence.isConnected = true }
        handshakeFailed(found)
    }

    // MARK: The end

    private func closed(_ wsi: OpaquePointer) {
        guard let found = connection(of: wsi) else { return }
        switch found.stage {
        case .connecting, .probing: handshakeFailed(found)
        case .closing, .lingering: finish(found, Self.localClosure(found))
        case .established:
            if let exchange = found.exchange {
                exchangeClosed(found, exchange, peerEnded: found.tls == nil && Self.peerEnded(found, wsi))
                return
            }
            found.evidence.peerEnded = Self.peerEnded(found, wsi)
            finish(
                found,
                found.evidence.disconnection(from: found.target, hangUpAfter: Int(options.hangUpAfterSeconds)))
        }
    }

    /// The handle is about to be freed. Normally the connection has ended before; if not, it ends here.
    private func destroyed(_ wsi: OpaquePointer) {
        guard let found = connection(of: wsi) else { return }
        if case .probing = found.stage { return }
        closed(wsi)
    }

    /// Whether the peer ended the connection; otherwise this side did, for a broken protocol.
    private static func peerEnded(_ found: LoopConnection, _ wsi: OpaquePointer) -> Bool {
        if let ssl = found.tls?.ssl, SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 { return true }
        var byte: UInt8 = 0
        let count = recv(lws_get_socket_fd(wsi), &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN)
    }
}
