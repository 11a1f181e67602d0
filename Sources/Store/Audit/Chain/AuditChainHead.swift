import BridgeCore
import Cryptography
import FoundationEssentials
import PostgresClient

/// A row of `audit_chain_heads`: the end of a chain, signed.
package struct AuditChainHead: Sendable, Hashable {
    package let chain: AuditChain
    /// The newest row.
    package var position: AuditPosition
    /// How many rows without a signature there were when the chain began.
    package var unsignedRows: Int64
    package var startedAt: Timestamp
    package var updatedAt: Timestamp
    /// As it is stored.
    package var signature: String

    init(
        _ chain: AuditChain, _ position: AuditPosition, unsignedRows: Int64, startedAt: Timestamp, updatedAt: Timestamp,
        signature: String = ""
    ) {
        self.chain = chain
        self.position = position
        self.unsignedRows = unsignedRows
        self.startedAt = startedAt
        self.updatedAt = updatedAt
        self.signature = signature
    }

    /// What the signature covers.
    package var message: [UInt8] {
        AuditMessage.statement(
            "ha-bridge audit head v1", chain,
            [
                ("sequence", String(position.sequence)), ("digest", position.digest),
                ("unsigned_rows", String(unsignedRows)), ("started_at", startedAt.iso8601),
                ("updated_at", updatedAt.iso8601),
            ])
    }

    func signed(by signer: RowSigner) throws(CryptographyError) -> AuditChainHead {
        var copy = self
        copy.signature = try signer.sign(message).description
        return copy
    }

    /// How the signature stands to what is stored; a text that is no signature is an invalid one.
    func verdict(_ verifier: RowVerifier) throws(CryptographyError) -> RowVerifier.Verdict {
        guard let signature = RowSignature(signature) else { return .invalid }
        return try verifier.verdict(signature, of: message)
    }
}

extension AuditChainHead {
    /// The columns of a row of `audit_chain_heads`, which is called `head`.
    static let columns = """
        head.table_name, head.connection_id, head.sequence, encode(head.digest, 'hex') AS digest, head.unsigned_rows,
        head.started_at, head.updated_at, head.cryptographic_signature
        """

    /// `nil` for a table that this program does not know.
    init?(row: PostgresRow) throws(PostgresError) {
        guard let table = AuditTable(rawValue: try row.string("table_name")) else { return nil }
        self.init(
            AuditChain(table, try row.optionalID("connection_id")),
            AuditPosition(sequence: Int64(try row.int("sequence")), digest: try row.string("digest")),
            unsignedRows: Int64(try row.int("unsigned_rows")), startedAt: try row.timestamp("started_at"),
            updatedAt: try row.timestamp("updated_at"), signature: try row.string("cryptographic_signature"))
    }

    /// Values for the INSERT or UPDATE of the head.
    var storedValue: JSONValue {
        .object([
            "table_name": .string(chain.table.rawValue), "connection_id": .optional(chain.connection?.description),
            "sequence": .integer(position.sequence), "digest": .string(position.digest),
            "unsigned_rows": .integer(unsignedRows), "started_at": .string(startedAt.iso8601),
            "updated_at": .string(updatedAt.iso8601), "cryptographic_signature": .string(signature),
        ])
    }

    /// Rows that were sent as `storedValue`; `source` is an expression of type `jsonb`.
    static func recordset(_ source: String) -> String {
        """
        SELECT sent.table_name, sent.connection_id, sent.sequence, decode(sent.digest, 'hex') AS digest, sent.unsigned_rows,
            sent.started_at, sent.updated_at, sent.cryptographic_signature
        FROM jsonb_to_recordset(\(source)) AS sent (
            table_name text, connection_id uuid, sequence bigint, digest text, unsigned_rows bigint, started_at timestamptz,
            updated_at timestamptz, cryptographic_signature text)
        """
    }
}
