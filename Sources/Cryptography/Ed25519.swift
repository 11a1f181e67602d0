import BridgeCore
import COpenSSL

/// Ed25519 of RFC 8032 over raw keys: what signs is known to the bridge alone, what verifies may be given to anyone.
enum Ed25519 {
    /// Bytes of a private key (its seed) and of a public key.
    static let keyCount = 32
    static let signatureCount = 64

    /// A private key that OpenSSL holds, with its public half.
    final class PrivateKey: Sendable {
        // Written only in init; OpenSSL reads a key from any thread.
        private nonisolated(unsafe) let key: OpaquePointer
        let publicKey: PublicKey

        /// `seed` has `keyCount` bytes.
        init(seed: Secret) throws(CryptographyError) {
            guard seed.count == keyCount else { throw .library("EVP_PKEY_new_raw_private_key") }
            let made = seed.withBytes { bytes in
                EVP_PKEY_new_raw_private_key(cossl_ed25519(), nil, Ed25519.bytes(bytes), bytes.count)
            }
            guard let made else { throw .library("EVP_PKEY_new_raw_private_key") }
            var half = [UInt8](repeating: 0, count: keyCount)
            var count = half.count
            guard EVP_PKEY_get_raw_public_key(made, &half, &count) == 1, count == keyCount else {
                EVP_PKEY_free(made)
                throw .library("EVP_PKEY_get_raw_public_key")
            }
            do {
                publicKey = try PublicKey(half)
            } catch {
                EVP_PKEY_free(made)
                throw error
            }
            key = made
        }

        deinit { EVP_PKEY_free(key) }

        /// 64 bytes.
        func sign(_ message: UnsafeRawBufferPointer) throws(CryptographyError) -> [UInt8] {
            guard let context = EVP_MD_CTX_new() else { throw .library("EVP_MD_CTX_new") }
            defer { EVP_MD_CTX_free(context) }
            var signature = [UInt8](repeating: 0, count: signatureCount)
            var count = signature.count
            guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
                EVP_DigestSign(context, &signature, &count, Ed25519.bytes(message), message.count) == 1,
                count == signatureCount
            else { throw .library("EVP_DigestSign") }
            return signature
        }
    }

    /// A public key that OpenSSL holds.
    final class PublicKey: Sendable {
        private nonisolated(unsafe) let key: OpaquePointer
        /// `keyCount` bytes.
        let raw: [UInt8]

        init(_ raw: [UInt8]) throws(CryptographyError) {
            guard raw.count == keyCount,
                let made = EVP_PKEY_new_raw_public_key(cossl_ed25519(), nil, raw, raw.count)
            else { throw .library("EVP_PKEY_new_raw_public_key") }
            self.raw = raw
            key = made
        }

        deinit { EVP_PKEY_free(key) }

        func isValid(_ signature: UnsafeRawBufferPointer, of message: UnsafeRawBufferPointer) throws(CryptographyError)
            -> Bool
        {
            guard signature.count == signatureCount else { return false }
            guard let context = EVP_MD_CTX_new() else { throw .library("EVP_MD_CTX_new") }
            defer { EVP_MD_CTX_free(context) }
            guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { throw .library("EVP_DigestVerifyInit") }
            let isValid =
                EVP_DigestVerify(
                    context, Ed25519.bytes(signature), signature.count, Ed25519.bytes(message), message.count) == 1
            // A signature that does not fit may leave its reason behind for the next caller.
            if !isValid { ERR_clear_error() }
            return isValid
        }

        /// What `openssl pkey -pubin` reads: SubjectPublicKeyInfo in PEM, with a line break at the end.
        var pem: String {
            // The DER of every Ed25519 public key begins alike (RFC 8410).
            let der: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00] + raw
            var text: [UInt8] = []
            der.withUnsafeBytes { Base64.encode($0, .standard, into: &text) }
            return """
                -----BEGIN PUBLIC KEY-----
                \(String(decoding: text, as: UTF8.self))
                -----END PUBLIC KEY-----

                """
        }
    }

    private static func bytes(_ buffer: UnsafeRawBufferPointer) -> UnsafePointer<UInt8>? {
        buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}
