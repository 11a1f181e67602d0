import Cryptography
import PostgresClient

/// What happened to a row that does not fit.
extension AuditChainWalk {
    /// Says what became of `rows[index]`, which does not fit after `previous`, though everything before it does.
    mutating func explain(
        _ rows: [SignedAuditRow], at index: Int, after previous: AuditPosition, over session: PostgresConnection
    ) async throws -> AuditFinding {
        let row = rows[index]
        let verdict = try row.verdict(chain, verifier)
        if row.sequence <= previous.sequence { return inserted(row) }
        if row.sequence > previous.sequence + 1 {
            return deleted(previous.sequence + 1...row.sequence - 1)
        }
        switch verdict {
        case .valid:
            return AuditFinding(
                .forked, chain, sequence: row.sequence, rowID: row.id,
                "Row \(row.sequence) of \(chain) was signed after another row \(previous.sequence) than the one that is there: the chain"
                    + " was continued from an older state, as after a restored copy.")
        case .unknownKey:
            return AuditFinding(
                .foreign, chain, sequence: row.sequence, rowID: row.id,
                "Row \(row.sequence) of \(chain) is signed by the key \(row.signature?.keyID ?? ""), which the keyring does not know, and"
                    + " does not follow the row before it.")
        case .invalid: break
        }
        // Of two rows with one number, the one whose signature fits is the genuine one.
        if index + 1 < rows.count, rows[index + 1].sequence == row.sequence { return inserted(row) }
        if let own = try await placeSignedFor(row, over: session) {
            return moved(row, from: own)
        }
        return AuditFinding(
            .edited, chain, sequence: row.sequence, rowID: row.id,
            "Row \(row.sequence) of \(chain) is not as it was signed: somebody edited it, or wrote it in the place of another."
        )
    }

    func inserted(_ row: SignedAuditRow) -> AuditFinding {
        AuditFinding(
            .inserted, chain, sequence: row.sequence, rowID: row.id,
            "A row with the number \(row.sequence) of \(chain) stands where another belongs.")
    }

    private func deleted(_ numbers: ClosedRange<Int64>) -> AuditFinding {
        let (first, last) = (numbers.lowerBound, numbers.upperBound)
        let rows = first == last ? "Row \(first)" : "Rows \(first) to \(last)"
        return AuditFinding(
            .deleted, chain, sequence: first,
            "\(rows) of \(chain) \(first == last ? "is" : "are") missing: deleted, or left out by the bridge because the head of the chain"
                + " was not as it had signed it.")
    }

    private func moved(_ row: SignedAuditRow, from own: Int64) -> AuditFinding {
        // Renumbered rows close the hole that a deletion leaves, but the head knows how many there were.
        let expected = (state.head?.position.sequence ?? 0) - report.removedRows
        if own > row.sequence, state.signedRows < expected {
            return AuditFinding(
                .deleted, chain, sequence: row.sequence,
                "Row \(row.sequence) of \(chain) is missing, and the rows after it were renumbered: what has that number now was signed"
                    + " as row \(own).")
        }
        return AuditFinding(
            .reordered, chain, sequence: row.sequence, rowID: row.id,
            "Row \(row.sequence) of \(chain) stands in the place of another: it was signed as row \(own).")
    }

    /// How far around a row its own place is looked for.
    private static let searchReach: Int64 = 2_000

    /// The number for which `row`, or what it holds beside its place, was signed; `nil` where none nearby fits.
    private func placeSignedFor(_ row: SignedAuditRow, over session: PostgresConnection) async throws -> Int64? {
        let first = max(1, row.sequence - Self.searchReach)
        let last = max(row.sequence, min(row.sequence + Self.searchReach, .max - 1))
        // The row as a whole has another number now.
        for number in first...last {
            if try isSigned(row, as: number, after: row.previousDigest, row.signature) { return number }
        }
        // The row has the place of another, with or without its signature.
        for other in try await SignedAuditRow.read(chain, first...last, over: session) where other.id != row.id {
            for signature in [row.signature, other.signature]
            where try isSigned(row, as: other.sequence, after: other.previousDigest, signature) {
                return other.sequence
            }
        }
        return nil
    }

    private func isSigned(
        _ row: SignedAuditRow, as number: Int64, after digest: ArraySlice<UInt8>, _ signature: RowSignature?
    ) throws -> Bool {
        guard let signature else { return false }
        let message = AuditMessage.row(chain, sequence: number, previousDigest: digest, fields: row.fields)
        return try verifier.verdict(signature, of: message) == .valid
    }
}
