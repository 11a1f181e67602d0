import BridgeCore

/// Seals Home Assistant tokens for the database and opens them again.
///
/// A sealed token reads `v1.<key id>.<nonce>.<ciphertext>.<tag>`, the last three in base64url without padding. Safe
/// to use from
/// any thread.
package struct TokenSealer: Sendable {
    /// Long-lived tokens of Home Assistant have about 180 bytes.
    private static let maximumTokenCount = 8_192

    private let source: KeyringSource

    /// Seals with the primary key and opens with any key of the keyring that never changes.
    package init(keyring: Keyring) { source = KeyringSource(keyring) }

    /// Seals with the primary key and opens with any key that the source has at that moment.
    package init(_ source: KeyringSource) { self.source = source }

    /// The id of the key that it seals with now.
    package var primaryKeyID: String { source.current.primaryKeyID }

    /// Seals `token` with the primary key and a fresh random nonce.
    ///
    /// Throws `.malformed` for an empty or oversized token, else `.libraryFailure` only.
    package func seal(_ token: Secret, for binding: TokenBinding) throws(CryptographyError) -> String {
        guard (1...Self.maximumTokenCount).contains(token.count) else {
            throw .init(
                .malformed,
                "The token has \(token.count) bytes. Give one of 1 to \(Self.maximumTokenCount) bytes, as Home "
                    + "Assistant shows it."
            )
        }
        let key = source.current.primary
        // One buffer for the three parts: nonce, ciphertext, tag.
        let whole = SecureBytes(count: AESGCM.nonceCount + token.count + AESGCM.tagCount)
        let nonce = UnsafeMutableRawBufferPointer(rebasing: whole.buffer[..<AESGCM.nonceCount])
        let ciphertext = UnsafeMutableRawBufferPointer(
            rebasing: whole.buffer[AESGCM.nonceCount...].dropLast(AESGCM.tagCount))
        let tag = UnsafeMutableRawBufferPointer(rebasing: whole.buffer.suffix(AESGCM.tagCount))
        try fillWithRandomBytes(nonce)
        try key.material.withBytes { keyBytes in
            token.withBytes { tokenBytes in
                Result { () throws(CryptographyError) in
                    try AESGCM.seal(
                        tokenBytes, key: keyBytes, nonce: UnsafeRawBufferPointer(nonce),
                        associatedData: binding.associatedData(keyID: key.id), ciphertext: ciphertext, tag: tag)
                }
            }
        }.get()
        var text = Array("v1.\(key.id)".utf8)
        for part in [nonce, ciphertext, tag] {
            text.append(UInt8(ascii: "."))
            Base64.encode(UnsafeRawBufferPointer(part), .url, into: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Opens what `seal` made for the same binding.
    ///
    /// Throws `.malformed` when `sealed` is no sealed token, `.unknownKey` when its key is not in the keyring,
    /// `.tampered` when it
    /// was edited or belongs to another binding. There is no way to open it all the same.
    package func open(_ sealed: String, for binding: TokenBinding) throws(CryptographyError) -> Secret {
        let (keyID, parts) = try Self.parse(sealed)
        guard let key = source.keyring(holding: keyID).tokenKey(keyID) else {
            throw .init(
                .unknownKey(keyID),
                "The token was sealed with key \"\(keyID)\", which is not in the keyring. Restore that key, or "
                    + "store the token anew."
            )
        }
        let nonce = try Self.decode(parts[0])
        let ciphertext = try Self.decode(parts[1])
        let tag = try Self.decode(parts[2])
        let plaintext = SecureBytes(count: ciphertext.count)
        let isGenuine = try key.material.withBytes { keyBytes in
            Result { () throws(CryptographyError) in
                try Self.open(
                    nonce: nonce, ciphertext: ciphertext, tag: tag, key: keyBytes,
                    associatedData: binding.associatedData(keyID: keyID), plaintext: plaintext.buffer)
            }
        }.get()
        guard isGenuine else {
            throw .init(
                .tampered,
                "The sealed token was edited or belongs to another connection, user or URL. Store the token anew.")
        }
        return Secret(UnsafeRawBufferPointer(plaintext.buffer))
    }

    /// Whether `sealed` was made with the primary key; if not, `key rotate` has it sealed again. Throws `.malformed`.
    package func isSealedWithPrimaryKey(_ sealed: String) throws(CryptographyError) -> Bool {
        try Self.parse(sealed).keyID == source.current.primary.id
    }

    /// The id of the key that `sealed` was made with. Throws `.malformed`.
    package static func keyID(of sealed: String) throws(CryptographyError) -> String { try parse(sealed).keyID }

    /// Opens what was sealed with any key and seals it with the primary one, for the same binding. Throws what `open` throws.
    package func reseal(_ sealed: String, for binding: TokenBinding) throws(CryptographyError) -> String {
        try seal(try open(sealed, for: binding), for: binding)
    }

    private static func open(
        nonce: [UInt8], ciphertext: [UInt8], tag: [UInt8], key: UnsafeRawBufferPointer, associatedData: [UInt8],
        plaintext: UnsafeMutableRawBufferPointer
    ) throws(CryptographyError) -> Bool {
        try nonce.withUnsafeBytes { nonceBytes in
            ciphertext.withUnsafeBytes { ciphertextBytes in
                tag.withUnsafeBytes { tagBytes in
                    Result { () throws(CryptographyError) in
                        try AESGCM.open(
                            ciphertextBytes, key: key, nonce: nonceBytes, tag: tagBytes,
                            associatedData: associatedData, plaintext: plaintext)
                    }
                }
            }
        }.get()
    }

    /// Splits into the key id and the three encoded parts, and checks their sizes.
    private static func parse(_ sealed: String) throws(CryptographyError) -> (keyID: String, parts: [Substring]) {
        let fields = sealed.split(separator: ".", omittingEmptySubsequences: false)
        // Base64 takes four characters for three bytes, rounded up without padding.
        let nonceLength = (AESGCM.nonceCount * 4 + 2) / 3
        let tagLength = (AESGCM.tagCount * 4 + 2) / 3
        guard fields.count == 5, fields[0] == "v1", KeyringFormat.isKeyID(fields[1].utf8),
            fields[2].utf8.count == nonceLength, !fields[3].isEmpty,
            fields[3].utf8.count <= (maximumTokenCount * 4 + 2) / 3, fields[4].utf8.count == tagLength
        else { throw malformed }
        return (String(fields[1]), Array(fields[2...]))
    }

    private static func decode(_ text: Substring) throws(CryptographyError) -> [UInt8] {
        let encoded = Array(text.utf8)
        let decoded = encoded.withUnsafeBytes { source -> [UInt8]? in
            guard let count = Base64.decodedCount(source, .url) else { return nil }
            var target = [UInt8](repeating: 0, count: count)
            return target.withUnsafeMutableBytes { Base64.decode(source, .url, into: $0) } ? target : nil
        }
        guard let decoded, !decoded.isEmpty else { throw malformed }
        return decoded
    }

    private static var malformed: CryptographyError {
        .init(
            .malformed,
            "The stored token is not of the form v1.<key id>.<nonce>.<ciphertext>.<tag>. Store the token anew.")
    }
}
