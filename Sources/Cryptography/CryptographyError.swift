/// Why something could not be sealed, opened, digested, or read from a keyring.
///
/// The message is a sentence for a person. It names files, modes and key ids, never a key, a token or a ciphertext.
package struct CryptographyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed set of causes.
    package enum Code: Hashable, Sendable {
        /// There is no keyring file; `key new` makes one.
        case keyringMissing
        /// The keyring file or its directory cannot be read.
        case keyringUnreadable
        /// Others than the owner may read or write the keyring file.
        case keyringTooOpen
        /// The keyring file belongs to another user than this process or root.
        case keyringForeignOwner
        /// The text of the keyring file is not as `Keyring` describes.
        case keyringMalformed
        /// A keyring file is there already, and it is never overwritten.
        case keyringExists
        /// The keyring file cannot be written.
        case keyringUnwritable
        /// Another process is changing the keyring file.
        case keyringBusy
        /// The token was sealed with a key that the keyring does not hold; the payload is the key's id.
        case unknownKey(String)
        /// The sealed token was edited, or belongs to another connection, user or origin.
        case tampered
        /// The text is no sealed token, or what is to be sealed is no token.
        case malformed
        /// OpenSSL refused a call that cannot fail on a sound machine.
        case libraryFailure

        /// The bounded text for metrics.
        package var label: String {
            switch self {
            case .keyringMissing: "keyring_missing"
            case .keyringUnreadable: "keyring_unreadable"
            case .keyringTooOpen: "keyring_too_open"
            case .keyringForeignOwner: "keyring_foreign_owner"
            case .keyringMalformed: "keyring_malformed"
            case .keyringExists: "keyring_exists"
            case .keyringUnwritable: "keyring_unwritable"
            case .keyringBusy: "keyring_busy"
            case .unknownKey: "unknown_key"
            case .tampered: "tampered"
            case .malformed: "malformed"
            case .libraryFailure: "library_failure"
            }
        }
    }

    /// The cause.
    package let code: Code

    /// What happened and what to do next.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    static func library(_ call: StaticString) -> CryptographyError {
        .init(.libraryFailure, "OpenSSL failed in \(call). Check the installation of libssl and its configuration.")
    }
}
