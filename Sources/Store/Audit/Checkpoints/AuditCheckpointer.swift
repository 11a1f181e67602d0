import BridgeCore
import Cryptography
import PostgresClient

/// Makes signed statements of where the chains have come to.
package struct AuditCheckpointer: Sendable {
    private let pool: PostgresPool
    private let keys: AuditKeys

    /// Uses a connection of `pool` at a time.
    package init(_ pool: PostgresPool, keys: AuditKeys) {
        self.pool = pool
        self.keys = keys
    }

    /// The ends of all chains, by chain.
    package typealias Positions = [AuditChain: AuditPosition]

    /// A look at the heads.
    package struct Look: Sendable {
        /// Where the chains stand.
        package let positions: Positions
        /// Sentences about heads that are not as they should be: not signed by a known key, or behind where they were before.
        package let warnings: [String]
    }

    /// Reads the heads, and holds them against what they were at an earlier look. Throws `PostgresError`, `CryptographyError`, and
    /// what the keys throw.
    package func look(after earlier: Positions = [:]) async throws -> Look {
        let verifier = try keys.verifier()
        let heads = try await pool.withConnection { session in
            let rows = try await session.query(
                "SELECT \(AuditChainHead.columns) FROM audit_chain_heads AS head", name: "audit_heads")
            return try rows.compactMap { row throws(PostgresError) in try AuditChainHead(row: row) }
        }
        var positions: Positions = [:]
        var warnings: [String] = []
        for head in heads {
            guard try head.verdict(verifier) == .valid else {
                warnings.append("The head of \(head.chain) is not signed by a key of the keyring.")
                continue
            }
            positions[head.chain] = head.position
        }
        for (chain, before) in earlier.sorted(by: { $0.key < $1.key }) {
            if let now = positions[chain] {
                if now.sequence < before.sequence || now.sequence == before.sequence && now.digest != before.digest {
                    warnings.append("The head of \(chain) went back from row \(before.sequence) to \(now.sequence).")
                }
            } else if !heads.contains(where: { $0.chain == chain }) {
                warnings.append("The head of \(chain) is gone.")
            }
        }
        return Look(positions: positions, warnings: warnings)
    }

    /// Signs what a look has seen; only what moved since `earlier`, where that is given. `nil` when there is nothing to say.
    ///
    /// Throws `.noSigningKey`, and what the keys throw.
    package func statement(
        of positions: Positions, since earlier: Positions? = nil, at time: Timestamp
    ) throws -> AuditCheckpoint? {
        guard let signer = try keys.signer() else {
            throw StoreError(
                .noSigningKey,
                "The keyring holds no signing key, so that nothing can be signed. Run: ha-bridge key rotate")
        }
        let news = earlier.map { earlier in positions.filter { earlier[$0.key] != $0.value } } ?? positions
        guard !news.isEmpty else { return nil }
        return try AuditCheckpoint(createdAt: time, isComplete: earlier == nil, positions: news, signer: signer)
    }
}
