/// What a connection demands of Home Assistant's certificate besides a right name and a right time.
package struct TLSTrust: Hashable, Sendable {
    /// Certificates in PEM to trust in place of the system's authorities; `nil` for the system's.
    package var authority: String?

    /// SHA-256 of the SubjectPublicKeyInfo that the certificate must have, 44 characters of base64; `nil` for any.
    package var publicKey: String?

    package init(authority: String? = nil, publicKey: String? = nil) {
        self.authority = authority
        self.publicKey = publicKey
    }

    /// The authorities of the system, and any key.
    package static let system = TLSTrust()
}
