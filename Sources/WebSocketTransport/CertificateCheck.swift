import CLibWebSockets

/// Decides on certificates inside OpenSSL's verification, where the cause of a failure is a number and not a log line.
enum CertificateCheck {
    /// Judges one step of the verification.
    ///
    /// The name is checked here once more, with the whole host: libwebsockets cuts it at the first colon and at 127 bytes, and
    /// checks nothing if what is left is empty.
    ///
    /// - Returns: nil if this step is passed. If OpenSSL had refused it only for the name, and the name is right, the error in
    ///   `store` is cleared.
    static func failure(
        store: OpaquePointer, isAccepted: Bool, host: String
    ) -> WebSocketClosure.TLSFailure? {
        if isAccepted {
            guard X509_STORE_CTX_get_error_depth(store) == 0 else { return nil }
            return names(store: store, host: host) ? nil : .wrongHost
        }
        switch X509_STORE_CTX_get_error(store) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            guard names(store: store, host: host) else { return .wrongHost }
            X509_STORE_CTX_set_error(store, X509_V_OK)
            return nil
        case X509_V_ERR_CERT_HAS_EXPIRED: return .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid
        default: return .untrusted
        }
    }

    /// Whether the certificate under scrutiny names `host`.
    private static func names(store: OpaquePointer, host: String) -> Bool {
        guard let certificate = X509_STORE_CTX_get_current_cert(store) else { return false }
        if IPAddress(host) != nil { return X509_check_ip_asc(certificate, host, 0) == 1 }
        let flags = UInt32(bitPattern: Int32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return X509_check_host(certificate, host, host.utf8.count, flags, nil) == 1
    }
}
