import CLibWebSockets

/// TLS of one connection. It touches no socket: what arrives is fed in, and what is to go out
/// is taken out. Used by the loop thread only.
///
/// libwebsockets 4.1 has no TLS for connections on which it does not speak HTTP itself.
final class TLSClient {
    enum Step: Equatable {
        /// More has to arrive first.
        case waiting
        case done
        case failed
    }

    let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// - Parameter id: the connection whose certificate is verified.
    init?(context: TLSContext, host: String, id: WebSocketID) {
        guard let ssl = SSL_new(context.pointer) else { return nil }
        guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
            SSL_free(ssl)
            return nil
        }
        self.ssl = ssl
        self.incoming = incoming
        self.outgoing = outgoing
        // Owned by `ssl` from here on.
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
        // An id and not a pointer, so that nothing can dangle.
        guard SSL_set_ex_data(ssl, 0, UnsafeMutableRawPointer(bitPattern: UInt(id.rawValue))) == 1 else { return nil }
        // Addresses are no server names.
        if IPAddress(host) == nil {
            var name = Array(host.utf8CString)
            let kind = Int(TLSEXT_NAMETYPE_host_name)
            guard SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, kind, &name) == 1 else { return nil }
        }
        let protocols = [UInt8(8)] + Array("http/1.1".utf8)
        guard SSL_set_alpn_protos(ssl, protocols, UInt32(protocols.count)) == 0 else { return nil }
    }

    deinit { SSL_free(ssl) }

    /// Takes what the peer sent.
    func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.isEmpty || BIO_write(incoming, bytes.baseAddress, Int32(clamping: bytes.count)) == bytes.count
    }

    /// Goes on with the handshake.
    func shakeHands() -> Step {
        ERR_clear_error()
        defer { ERR_clear_error() }
        let status = SSL_do_handshake(ssl)
        return status == 1 ? .done : step(status)
    }

    /// Encrypts; false if the connection is broken.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        ERR_clear_error()
        defer { ERR_clear_error() }
        return bytes.isEmpty || SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count)) == bytes.count
    }

    /// Decrypts what has arrived and hands it on in pieces until `body` says false. `done` when the peer has ended TLS.
    func read(_ body: (UnsafeRawBufferPointer) -> Bool) -> Step {
        ERR_clear_error()
        defer { ERR_clear_error() }
        return withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            while true {
                let count = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
                guard count > 0 else {
                    return SSL_get_error(ssl, count) == SSL_ERROR_ZERO_RETURN ? .done : step(count)
                }
                guard body(UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)])) else { return .waiting }
            }
        }
    }

    /// What is to go out, once.
    func takeOutgoing() -> [UInt8] {
        let waiting = BIO_ctrl_pending(outgoing)
        guard waiting > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: waiting) { buffer, count in
            count = max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(clamping: buffer.count))))
        }
    }

    private func step(_ status: Int32) -> Step {
        [SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE].contains(SSL_get_error(ssl, status)) ? .waiting : .failed
    }
}

/// What all TLS connections of a loop share: the authorities of the system, and the oldest TLS that is spoken.
final class TLSContext {
    let pointer: OpaquePointer

    /// Reads the authorities, which takes some milliseconds. `nil` when they cannot be read.
    init?(authorityFile: String?) {
        guard let pointer = SSL_CTX_new(TLS_client_method()) else { return nil }
        self.pointer = pointer
        SSL_CTX_set_options(pointer, cws_ssl_op_no_old_tls)
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, verifyCertificate)
        guard SSL_CTX_set_default_verify_paths(pointer) == 1 else { return nil }
        if let authorityFile, SSL_CTX_load_verify_locations(pointer, authorityFile, nil) != 1 { return nil }
        ERR_clear_error()
    }

    deinit { SSL_CTX_free(pointer) }
}

// At file scope: a closure formed in an isolated context would inherit that isolation and trap on the loop thread.
private func verifyCertificate(_ isAccepted: Int32, _ store: OpaquePointer?) -> Int32 {
    // Without knowing whose certificate it is, it cannot be right.
    guard let store, let loop = CurrentLoop.loop,
        let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let data = SSL_get_ex_data(OpaquePointer(ssl), 0),
        let found = loop.connection(numbered: UInt64(UInt(bitPattern: data)))
    else { return 0 }
    return loop.accepts(store, isAccepted: isAccepted != 0, for: found) ? 1 : 0
}
