import BridgeCore

/// The keys that seal tokens and sign audit rows, read from a file that only the bridge may read.
///
/// The first line of the file names its format; each further one is a key, fields separated by spaces:
/// ```
/// ha-bridge-keyring 1
/// token k5f0c2a91 2026-11-21T01:14:48.110907+00:00 <base64 of 32 bytes> primary
/// sign k77b01c3e 2026-11-21T01:14:48.110921+00:00 <base64 of 32 bytes> primary
/// verify k1a2b3c4d 2026-08-01T10:00:00.000000+00:00 <base64 of 32 bytes>
/// ```
/// that is purpose, id, time of making, key and, on one key of each purpose, `primary`. `verify` holds the public half of a
/// signing key that is retired. Blank lines and lines that begin with `#` say nothing. Keys of purposes that this version does
/// not know are passed over, so that an older version reads a newer keyring. Older token keys stay for opening until no token
/// needs them. A rotation writes the file anew, without lines that say nothing.
package struct Keyring: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What may be shown of a key.
    package struct KeySummary: Hashable, Sendable {
        /// What the key is for: `token` for sealing, `sign` for signing, `verify` for what was signed before.
        package let purpose: String
        /// The name by which sealed tokens refer to the key.
        package let id: String
        /// When the key was made.
        package let createdAt: Timestamp
        /// Whether it is the one in use for new tokens, or new rows.
        package let isPrimary: Bool
    }

    /// A key with what it protects; never leaves this module.
    struct TokenKey: Sendable {
        let id: String
        let material: Secret
    }

    /// Every key of the file in its order, also those of other purposes.
    package let summaries: [KeySummary]

    /// Signs audit rows; `nil` in a keyring from before there were signing keys.
    package let signer: RowSigner?

    /// Verifies what any key of the keyring has signed.
    package let verifier: RowVerifier

    let primary: TokenKey
    private let tokenKeys: [String: TokenKey]

    init(
        summaries: [KeySummary], primary: TokenKey, tokenKeys: [String: TokenKey], signer: RowSigner?,
        verifier: RowVerifier
    ) {
        self.summaries = summaries
        self.primary = primary
        self.tokenKeys = tokenKeys
        self.signer = signer
        self.verifier = verifier
    }

    /// The id of the key that seals new tokens.
    package var primaryKeyID: String { primary.id }

    /// Reads the keyring file at `path`.
    ///
    /// Refuses a file that is no regular file, that others than its owner may touch (mode beyond 0600), or whose
    /// owner is neither
    /// this process's user nor root. Blocks for the length of one small read. Throws a `.keyring…` code.
    package static func load(path: String) throws(CryptographyError) -> Keyring {
        let contents = try KeyringFile.read(path: path)
        return try KeyringFormat.parse(UnsafeRawBufferPointer(contents.buffer), path: path)
    }

    /// Makes a keyring file with a fresh key for tokens and one for signatures, mode 0600, whole or not at all, and on the disk
    /// when this returns.
    ///
    /// Never overwrites a file: throws `.keyringExists`.
    package static func create(path: String) throws(CryptographyError) -> Keyring {
        let contents = KeyringFormat.text(try freshPair())
        try KeyringFile.writeNew(UnsafeRawBufferPointer(contents.buffer), path: path)
        return try load(path: path)
    }

    /// A fresh key for tokens and one for signatures, both primary, with ids that neither share nor are among `taken`.
    static func freshPair(avoiding taken: Set<String> = []) throws(CryptographyError) -> [KeyringFormat.Line] {
        var pair: [KeyringFormat.Line] = []
        for purpose in [KeyringFormat.tokenPurpose, KeyringFormat.signPurpose] {
            var key = try freshKey(for: purpose)
            // Two of four random bytes are the same once in thousands of millions of times.
            while taken.contains(key.summary.id) || pair.contains(where: { $0.summary.id == key.summary.id }) {
                key = try freshKey(for: purpose)
            }
            pair.append(key)
        }
        return pair
    }

    /// A random key of 32 bytes with a random id, marked primary.
    private static func freshKey(for purpose: String) throws(CryptographyError) -> KeyringFormat.Line {
        let material = SecureBytes(count: AESGCM.keyCount)
        try fillWithRandomBytes(material.buffer)
        var identity: UInt32 = 0
        var failure: CryptographyError?
        withUnsafeMutableBytes(of: &identity) { buffer in
            do throws(CryptographyError) { try fillWithRandomBytes(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        let digits = String(identity, radix: 16)
        return KeyringFormat.Line(
            summary: KeySummary(
                purpose: purpose, id: "k" + String(repeating: "0", count: 8 - digits.count) + digits,
                createdAt: KeyringFile.now(), isPrimary: true),
            material: Secret(UnsafeRawBufferPointer(material.buffer)))
    }

    func tokenKey(_ id: String) -> TokenKey? { tokenKeys[id] }

    /// Whether it can open what was sealed with this key.
    package func holdsTokenKey(_ id: String) -> Bool { tokenKeys[id] != nil }

    /// The ids of all keys that open tokens, in alphabetical order.
    package var tokenKeyIDs: [String] { tokenKeys.keys.sorted() }

    package var description: String { "keyring of \(summaries.count) keys, primary \(primaryKeyID)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
