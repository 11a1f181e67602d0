import CLibWebSockets

/// Decides on certificates inside OpenSSL's verification, where the cause of a failure is a number and not a log line.
enum CertificateCheck {
    /// Judges one step of the verification.
    ///
    /// The name is checked here once more, with the whole host: libwebsockets cuts it at the first colon and at 127 bytes, and
    /// checks nothing if what is left is empty. Where the connection has an authority of its own, that decides, and what OpenSSL
    /// thinks of the system's authorities does not count.
    ///
    /// - Returns: nil if this step is passed. If OpenSSL had refused it for something that is right, the error in `store` is
    ///   cleared.
    static func failure(
        store: OpaquePointer, isAccepted: Bool, target: WebSocketTarget, authority: CertificateAuthority?
    ) -> WebSocketClosure.TLSFailure? {
        if let authority {
            guard let leaf = X509_STORE_CTX_get0_cert(store) else { return .untrusted }
            if let failure = authority.failure(of: store) { return failure }
            guard isIssued(leaf, for: target.host) else { return .wrongHost }
            guard hasPinnedKey(leaf, target) else { return .wrongKey }
            X509_STORE_CTX_set_error(store, X509_V_OK)
            return nil
        }
        if isAccepted {
            guard X509_STORE_CTX_get_error_depth(store) == 0 else { return nil }
            guard let leaf = X509_STORE_CTX_get_current_cert(store), isIssued(leaf, for: target.host) else {
                return .wrongHost
            }
            return hasPinnedKey(leaf, target) ? nil : .wrongKey
        }
        switch X509_STORE_CTX_get_error(store) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            guard let leaf = X509_STORE_CTX_get_current_cert(store), isIssued(leaf, for: target.host) else {
                return .wrongHost
            }
            X509_STORE_CTX_set_error(store, X509_V_OK)
            return nil
        case X509_V_ERR_CERT_HAS_EXPIRED: return .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid
        default: return .untrusted
        }
    }

    /// Judges the connection as a whole, when TLS is agreed and before the first byte inside it is sent: that there is a
    /// certificate, that its verification ended well, and that it has the name and the key. The steps above say the same; this
    /// holds also where none of them was taken.
    static func finalFailure(ssl: OpaquePointer, target: WebSocketTarget) -> WebSocketClosure.TLSFailure? {
        guard SSL_get_verify_result(ssl) == Int(X509_V_OK), let leaf = SSL_get1_peer_certificate(ssl) else {
            return .untrusted
        }
        defer { X509_free(leaf) }
        guard isIssued(leaf, for: target.host) else { return .wrongHost }
        return hasPinnedKey(leaf, target) ? nil : .wrongKey
    }

    private static func isIssued(_ certificate: OpaquePointer, for host: String) -> Bool {
        if IPAddress(host) != nil { return X509_check_ip_asc(certificate, host, 0) == 1 }
        let flags = UInt32(bitPattern: Int32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return X509_check_host(certificate, host, host.utf8.count, flags, nil) == 1
    }

    private static func hasPinnedKey(_ certificate: OpaquePointer, _ target: WebSocketTarget) -> Bool {
        guard let pin = target.trust.publicKey else { return true }
        return PublicKeyPin.of(certificate) == pin
    }
}
