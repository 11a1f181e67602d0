import BridgeCore
import Cryptography
import FoundationEssentials
import PostgresClient

/// A row of `audit_chain_anchors`: a range of rows that was taken out of a chain, signed.
package struct AuditAnchor: Sendable, Hashable {
    package let chain: AuditChain
    /// The numbers that are gone.
    package let range: ClosedRange<Int64>
    /// `previous_digest` of the first row that is gone.
    package let previousDigest: String
    /// Of the last row that is gone: `previous_digest` of the row after it.
    package let digest: String
    /// How many rows went with it.
    package let removedRows: Int64
    package let reason: String
    package let createdAt: Timestamp
    /// As it is stored.
    package var signature = ""

    /// What the signature covers.
    package var message: [UInt8] {
        AuditMessage.statement(
            "ha-bridge audit anchor v1", chain,
            [
                ("first_sequence", String(range.lowerBound)), ("last_sequence", String(range.upperBound)),
                ("previous_digest", previousDigest), ("digest", digest), ("removed_rows", String(removedRows)),
                ("reason", reason), ("created_at", createdAt.iso8601),
            ])
    }

    /// Where the chain goes on after it.
    var end: AuditPosition { AuditPosition(sequence: range.upperBound, digest: digest) }

    func verdict(_ verifier: RowVerifier) throws(CryptographyError) -> RowVerifier.Verdict {
        guard let signature = RowSignature(signature) else { return .invalid }
        return try verifier.verdict(signature, of: message)
    }
}

extension AuditAnchor {
    /// The columns of a row of `audit_chain_anchors`, which is called `anchor`.
    static let columns = """
        anchor.table_name, anchor.connection_id, anchor.first_sequence, anchor.last_sequence,
        encode(anchor.previous_digest, 'hex') AS previous_digest, encode(anchor.digest, 'hex') AS digest, anchor.removed_rows,
        anchor.reason, anchor.created_at, anchor.cryptographic_signature
        """

    /// `nil` for a row that this program never writes: of another table, or of a range that runs backwards.
    init?(row: PostgresRow) throws(PostgresError) {
        let first = Int64(try row.int("first_sequence"))
        let last = Int64(try row.int("last_sequence"))
        guard let table = AuditTable(rawValue: try row.string("table_name")), first <= last, last < .max else {
            return nil
        }
        chain = AuditChain(table, try row.optionalID("connection_id"))
        range = first...last
        previousDigest = try row.string("previous_digest")
        digest = try row.string("digest")
        removedRows = Int64(try row.int("removed_rows"))
        reason = try row.string("reason")
        createdAt = try row.timestamp("created_at")
        signature = try row.string("cryptographic_signature")
    }

    init(
        _ chain: AuditChain, _ range: ClosedRange<Int64>, previousDigest: String, digest: String, removedRows: Int64,
        reason: String, createdAt: Timestamp, signer: RowSigner
    ) throws(CryptographyError) {
        self.chain = chain
        self.range = range
        self.previousDigest = previousDigest
        self.digest = digest
        self.removedRows = removedRows
        self.reason = reason
        self.createdAt = createdAt
        signature = try signer.sign(message).description
    }
}
