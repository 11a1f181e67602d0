import BridgeCore

/// Signs rows of the audit tables with the primary signing key of a keyring. Safe to use from any thread.
package struct RowSigner: Sendable {
    /// The id by which signatures refer to the key.
    package let keyID: String
    private let key: Ed25519.PrivateKey

    init(keyID: String, key: Ed25519.PrivateKey) {
        self.keyID = keyID
        self.key = key
    }

    /// The signature of `message`, `v1.<key id>.<base64 of 64 bytes>`. Throws `.libraryFailure` only.
    package func sign(_ message: [UInt8]) throws(CryptographyError) -> RowSignature {
        let bytes = try message.withUnsafeBytes { buffer in
            Result { () throws(CryptographyError) in try key.sign(buffer) }
        }.get()
        return RowSignature(keyID: keyID, bytes: bytes)
    }
}

/// A signature with the name of the key that made it; as text `v1.<key id>.<base64>`, at most 125 characters.
package struct RowSignature: Hashable, Sendable, CustomStringConvertible {
    package let keyID: String
    /// 64 bytes.
    package let bytes: [UInt8]

    init(keyID: String, bytes: [UInt8]) {
        self.keyID = keyID
        self.bytes = bytes
    }

    /// Reads the text of a signature; `nil` when it is none.
    package init?(_ text: String) {
        let fields = text.split(separator: ".", omittingEmptySubsequences: false)
        guard fields.count == 3, fields[0] == "v1", KeyringFormat.isKeyID(fields[1].utf8) else { return nil }
        let encoded = Array(fields[2].utf8)
        var decoded = [UInt8](repeating: 0, count: Ed25519.signatureCount)
        let isDecoded = encoded.withUnsafeBytes { source in
            decoded.withUnsafeMutableBytes { target in
                Base64.decodedCount(source, .standard) == target.count && Base64.decode(source, .standard, into: target)
            }
        }
        guard isDecoded else { return nil }
        self.init(keyID: String(fields[1]), bytes: decoded)
    }

    /// Standard base64 with padding, 88 characters.
    package var base64: String {
        var text: [UInt8] = []
        bytes.withUnsafeBytes { Base64.encode($0, .standard, into: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    package var description: String { "v1.\(keyID).\(base64)" }
}

/// Verifies what any signing key of a keyring has signed, also those that are retired. Safe to use from any thread.
package struct RowVerifier: Sendable {
    /// How a signature stands to a message.
    package enum Verdict: Hashable, Sendable {
        case valid
        /// The message or the signature was changed, or another key made it.
        case invalid
        /// The keyring does not know the key.
        case unknownKey
    }

    private let keys: [String: Ed25519.PublicKey]

    init(keys: [String: Ed25519.PublicKey]) { self.keys = keys }

    /// Throws `.libraryFailure` only.
    package func verdict(_ signature: RowSignature, of message: [UInt8]) throws(CryptographyError) -> Verdict {
        guard let key = keys[signature.keyID] else { return .unknownKey }
        let isValid = try message.withUnsafeBytes { message in
            signature.bytes.withUnsafeBytes { bytes in
                Result { () throws(CryptographyError) in try key.isValid(bytes, of: message) }
            }
        }.get()
        return isValid ? .valid : .invalid
    }

    /// The public key as `openssl pkey -pubin` reads it; `nil` for an unknown id.
    package func publicKeyPEM(_ keyID: String) -> String? { keys[keyID]?.pem }

    /// The ids of all keys, in alphabetical order.
    package var keyIDs: [String] { keys.keys.sorted() }
}

/// `bytes` as standard base64 with padding.
package func base64Text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 4 / 3 + 4)
    bytes.withUnsafeBytes { Base64.encode($0, .standard, into: &text) }
    return String(decoding: text, as: UTF8.self)
}
