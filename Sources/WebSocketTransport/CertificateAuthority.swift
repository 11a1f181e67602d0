import CLibWebSockets

/// Certificates that are trusted for one connection, in place of the system's authorities.
package final class CertificateAuthority: Sendable {
    // Written only in init; OpenSSL locks a store by itself.
    private nonisolated(unsafe) let store: OpaquePointer

    /// Reads certificates in PEM; nil when there is none, or one that cannot be read.
    package init?(pem: String) {
        guard let store = X509_STORE_new() else { return nil }
        self.store = store
        // A certificate that is trusted is trusted, also where it is not the last of its chain: a server's own, for one.
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        let count = Self.forEach(in: pem) { certificate in X509_STORE_add_cert(store, certificate) == 1 }
        guard let count, count > 0 else { return nil }
    }

    deinit { X509_STORE_free(store) }

    /// The certificates of a PEM text and nothing else of it, such as a private key; nil when there is none, or one that cannot
    /// be read.
    package static func normalised(pem: String) -> String? {
        guard let output = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(output) }
        let count = forEach(in: pem) { certificate in PEM_write_bio_X509(output, certificate) == 1 }
        guard let count, count > 0 else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let read = BIO_read(output, &buffer, Int32(buffer.count))
            guard read > 0 else { break }
            bytes += buffer.prefix(Int(read))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Verifies the chain that the peer has sent, with the time and for a server; what failed, or nil.
    func failure(of chain: OpaquePointer) -> WebSocketClosure.TLSFailure? {
        guard let leaf = X509_STORE_CTX_get0_cert(chain), let context = X509_STORE_CTX_new() else { return .untrusted }
        defer {
            X509_STORE_CTX_free(context)
            // What was tried in vain must not be found by the next caller.
            ERR_clear_error()
        }
        guard X509_STORE_CTX_init(context, store, leaf, X509_STORE_CTX_get0_untrusted(chain)) == 1,
            X509_STORE_CTX_set_default(context, "ssl_server") == 1
        else { return .untrusted }
        if X509_verify_cert(context) == 1 { return nil }
        switch X509_STORE_CTX_get_error(context) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid
        default: return .untrusted
        }
    }

    /// Lends each certificate; returns how many there were, or nil when one could not be read or used.
    private static func forEach(in pem: String, _ body: (OpaquePointer) -> Bool) -> Int? {
        // OpenSSL reads from these bytes themselves, not from a copy, so they are lent until the last one is read.
        let found: Int? = Array(pem.utf8).withUnsafeBytes { bytes in
            defer { ERR_clear_error() }
            guard let input = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(input) }
            var count = 0
            while let certificate = PEM_read_bio_X509(input, nil, nil, nil) {
                defer { X509_free(certificate) }
                guard body(certificate) else { return nil }
                count += 1
            }
            return count
        }
        guard let count = found else { return nil }
        // The end of the text looks the same as a certificate that is broken.
        let announced = pem.split(separator: "\n").count { $0.hasPrefix("-----BEGIN CERTIFICATE-----") }
        return count == announced ? count : nil
    }
}

/// The public key of a certificate, as it is pinned.
enum PublicKeyPin {
    /// SHA-256 of the certificate's SubjectPublicKeyInfo in base64, 44 characters; nil when OpenSSL cannot tell.
    static func of(_ certificate: OpaquePointer) -> String? {
        guard let key = X509_get_X509_PUBKEY(certificate) else { return nil }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_PUBKEY(key, &encoded)
        guard count > 0, let encoded else { return nil }
        defer { CRYPTO_free(encoded, #file, #line) }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(encoded, Int(count), &digest, nil, EVP_sha256(), nil) == 1 else { return nil }
        var text = [UInt8](repeating: 0, count: 45)
        guard EVP_EncodeBlock(&text, digest, 32) == 44 else { return nil }
        return String(decoding: text.prefix(44), as: UTF8.self)
    }
}
