import Cryptography
import PostgresClient

/// A stored row of a chain, as far as it takes to verify it.
struct SignedAuditRow: Sendable {
    /// `chain_sequence`.
    let sequence: Int64
    /// `previous_digest` in hexadecimal digits, empty for NULL.
    let previousDigest: ArraySlice<UInt8>
    /// `nil` for a text that is no signature.
    let signature: RowSignature?
    /// The columns of `AuditTable.columns`, escaped; the id is the first.
    let fields: [ArraySlice<UInt8>]

    var id: String { fields.first.map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// What the signature covers, as the row stands.
    func message(of chain: AuditChain) -> [UInt8] {
        AuditMessage.row(chain, sequence: sequence, previousDigest: previousDigest, fields: fields)
    }

    /// How the signature stands to the row as it is.
    func verdict(_ chain: AuditChain, _ verifier: RowVerifier) throws(CryptographyError) -> RowVerifier.Verdict {
        guard let signature else { return .invalid }
        return try verifier.verdict(signature, of: message(of: chain))
    }
}

extension SignedAuditRow {
    /// Reads the rows of `chain` whose numbers are in `range`, in their order; several of one number, too.
    static func read(
        _ chain: AuditChain, _ range: ClosedRange<Int64>, over session: PostgresConnection
    ) async throws -> [SignedAuditRow] {
        try rows(
            of: try await session.copyOut(copy(chain, range), name: "read_audit_chain", deadline: .seconds(60)), chain)
    }

    /// As `read(_:_:over:)`, inside a transaction.
    static func read(
        _ chain: AuditChain, _ range: ClosedRange<Int64>, in session: isolated PostgresConnection
    ) throws -> [SignedAuditRow] {
        try rows(of: try session.copyOut(copy(chain, range), name: "read_audit_chain"), chain)
    }

    private static func rows(of bytes: [UInt8], _ chain: AuditChain) throws(PostgresError) -> [SignedAuditRow] {
        try AuditLines(bytes).map { fields throws(PostgresError) in
            guard fields.count > 3, let sequence = AuditLines.text(fields[0]).flatMap({ Int64($0) }) else {
                throw PostgresError(.decoding, "A row of \(chain.table.rawValue) cannot be read")
            }
            return SignedAuditRow(
                sequence: sequence, previousDigest: AuditLines.isNull(fields[1]) ? [] : fields[1],
                signature: AuditLines.text(fields[2]).flatMap { RowSignature($0) }, fields: Array(fields.dropFirst(3)))
        }
    }

    private static func copy(_ chain: AuditChain, _ range: ClosedRange<Int64>) -> String {
        let table = chain.table
        return """
            COPY (
                SELECT stored.chain_sequence, pg_catalog.encode(stored.previous_digest, 'hex'), stored.cryptographic_signature,
                    \(table.canonicalColumns(of: "stored"))
                FROM \(table.rawValue) AS stored
                WHERE \(chain.condition(on: "stored"))
                    AND stored.chain_sequence BETWEEN \(PostgresLiteral.int(range.lowerBound))
                        AND \(PostgresLiteral.int(range.upperBound))
                ORDER BY stored.chain_sequence, stored.id
            ) TO STDOUT
            """
    }
}

extension AuditChain {
    /// That `row` belongs to the chain's connection, in the words that an index knows.
    func condition(on row: String) -> String {
        guard let connection else { return "\(row).connection_id IS NULL" }
        return "\(row).connection_id = \(PostgresLiteral.id(connection))"
    }
}
