import Cryptography

/// The keys of the audit trail. Both are asked for anew each time, so that a keyring that was rotated is followed.
package struct AuditKeys: Sendable {
    /// What signs new rows; `nil` where there is no signing key, and rows are then written unsigned.
    let signer: @Sendable () throws -> RowSigner?
    /// What verifies rows that were signed before.
    package let verifier: @Sendable () throws -> RowVerifier

    package init(
        signer: @escaping @Sendable () throws -> RowSigner?, verifier: @escaping @Sendable () throws -> RowVerifier
    ) {
        self.signer = signer
        self.verifier = verifier
    }

    /// The keys of a keyring as it is now.
    package init(_ keyring: Keyring) {
        self.init(signer: { keyring.signer }, verifier: { keyring.verifier })
    }

    /// The keys of a keyring as its file has it whenever they are asked for.
    package init(_ source: KeyringSource) {
        self.init(signer: { source.current.signer }, verifier: { source.current.verifier })
    }

    /// Those who sign now, with what judges the end of the chain that they go on from; `nil` where rows stay unsigned.
    func pair() throws -> Pair? {
        guard let signer = try signer() else { return nil }
        return Pair(signer: signer, verifier: try verifier())
    }

    struct Pair: Sendable {
        let signer: RowSigner
        let verifier: RowVerifier
    }
}
