import BridgeCore
import Cryptography
import PostgresClient

/// One walk along one chain.
struct AuditChainWalk {
    let state: AuditChainState
    let verifier: RowVerifier
    /// Where the walk has come to.
    var end = AuditPosition.start
    var report: AuditChainReport
    /// What checkpoints saw, by number.
    fileprivate let known: [Int64: AuditCheckpoint.Sight]
    private var lastKeyID: String?
    fileprivate var foreignKeys: Set<String> = []
    private let ownKeys: Set<String>
    /// The longest range that was taken out from each number on.
    private let removed: [Int64: AuditAnchor]

    var chain: AuditChain { state.chain }

    static let pageSize: Int64 = 4_096

    init(_ state: AuditChainState, _ known: [Int64: AuditCheckpoint.Sight], _ verifier: RowVerifier) {
        self.state = state
        self.known = known
        self.verifier = verifier
        ownKeys = Set(verifier.keyIDs)
        removed = Dictionary(state.anchors.map { ($0.range.lowerBound, $0) }) { longest, _ in longest }
        report = AuditChainReport(chain: state.chain)
        report.signedRows = state.signedRows
        report.unsignedRows = state.unsignedRows
    }

    /// What is wrong: keys that are not known, and the first row that is not as it should be.
    mutating func run(over session: PostgresConnection, _ progress: (Int64) -> Void) async throws -> AuditChainReport {
        report.removedRows = state.anchors.reduce(0) { $0 + $1.removedRows }
        let head = try headFinding()
        if let broken = try await walk(over: session, progress) {
            report.findings.append(broken)
        } else if let head {
            report.findings.append(head)
        } else {
            report.findings += endFindings()
        }
        if let unsigned = try await unsignedFinding(over: session) { report.findings.append(unsigned) }
        return report
    }

    // MARK: Rows

    private mutating func walk(
        over session: PostgresConnection, _ progress: (Int64) -> Void
    ) async throws -> AuditFinding? {
        if let broken = try skipRemoved() { return broken }
        if let first = state.first, let last = state.last, first <= end.sequence {
            // Numbers below the first one that may be there.
            let rows = try await SignedAuditRow.read(
                chain, first...min(last, end.sequence, first + Self.pageSize), over: session)
            if let row = rows.first { return inserted(row) }
        }
        var done: Int64 = 0
        while let last = state.last, end.sequence < last {
            try Task.checkCancellation()
            let from = end.sequence + 1
            let through = min(last, from + Self.pageSize - 1)
            var rows = try await SignedAuditRow.read(chain, from...through, over: session)
            if rows.isEmpty { rows = try await nextRows(after: through, over: session) }
            if rows.isEmpty { break }
            switch try check(rows) {
            case nil: break
            case .finding(let finding): return finding
            case .row(let index, let previous):
                return try await explain(rows, at: index, after: previous, over: session)
            }
            if let broken = try skipRemoved() { return broken }
            done += Int64(rows.count)
            progress(done)
        }
        return done < state.signedRows ? try await reappeared(over: session) : nil
    }

    /// A row that is there although its number was taken out.
    private func reappeared(over session: PostgresConnection) async throws -> AuditFinding? {
        for anchor in state.anchors {
            let next = try await nextRows(after: anchor.range.lowerBound - 1, over: session)
            if let row = next.first, anchor.range.contains(row.sequence) { return inserted(row) }
        }
        return nil
    }

    /// The row after a hole that is longer than a page.
    private func nextRows(after number: Int64, over session: PostgresConnection) async throws -> [SignedAuditRow] {
        let next = try await session.query(
            """
            SELECT min(stored.chain_sequence) AS next FROM \(chain.table.rawValue) AS stored
            WHERE \(chain.condition(on: "stored")) AND stored.chain_sequence > $1::bigint
            """, [.int(number)], name: "next_audit_row")
        guard let found = try next.first?.optionalInt("next").map({ Int64($0) }) else { return [] }
        return try await SignedAuditRow.read(chain, found...found, over: session)
    }

    /// Goes on after the ranges that were taken out right here.
    private mutating func skipRemoved() throws -> AuditFinding? {
        while let anchor = removed[end.sequence + 1] {
            switch try anchor.verdict(verifier) {
            case .valid: break
            case .unknownKey:
                noteForeign(
                    RowSignature(anchor.signature)?.keyID ?? "", sequence: anchor.range.lowerBound, rowID: nil,
                    "The anchor in place of the rows \(anchor.range.lowerBound) to \(anchor.range.upperBound)")
            case .invalid:
                return AuditFinding(
                    .anchorEdited, chain, sequence: anchor.range.lowerBound,
                    "The anchor in place of the rows \(anchor.range.lowerBound) to \(anchor.range.upperBound) of \(chain) is not as"
                        + " it was signed.")
            }
            guard anchor.previousDigest == end.digest else {
                return AuditFinding(
                    .forked, chain, sequence: anchor.range.lowerBound,
                    "The rows \(anchor.range.lowerBound) to \(anchor.range.upperBound) that were taken out of \(chain) followed another"
                        + " row \(end.sequence) than the one that is there.")
            }
            end = anchor.end
            lastKeyID = nil
            if let finding = checkpointFinding() { return finding }
        }
        return nil
    }

    /// Why a page does not fit.
    private enum Trouble {
        case finding(AuditFinding)
        /// A row by its index, and where the chain had come to before it.
        case row(Int, after: AuditPosition)
    }

    /// Takes the rows of a page into the walk; `nil` when all fit.
    private mutating func check(_ rows: [SignedAuditRow]) throws -> Trouble? {
        var hash = try SHA256Digest()
        // Rows before this index are proven by a signature after them.
        var unproven = 0
        var positions: [AuditPosition] = []
        positions.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            // A range may have been taken out in the middle of a page.
            if removed[end.sequence + 1] != nil {
                if let broken = try prove(rows, positions, through: index - 1, from: &unproven) { return broken }
                if let finding = try skipRemoved() { return .finding(finding) }
            }
            positions.append(end)
            guard let signature = row.signature, row.sequence == end.sequence + 1,
                row.previousDigest.elementsEqual(end.digest.utf8)
            else {
                if let broken = try prove(rows, positions, through: index - 1, from: &unproven) { return broken }
                return .row(index, after: end)
            }
            if let lastKeyID, lastKeyID != signature.keyID, index > 0 {
                if let broken = try prove(rows, positions, through: index - 1, from: &unproven) { return broken }
            }
            lastKeyID = signature.keyID
            if !ownKeys.contains(signature.keyID) {
                noteForeign(signature.keyID, sequence: row.sequence, rowID: row.id, "Row \(row.sequence)")
            }
            let digest = try AuditMessage.digest(of: row.message(of: chain), signature, with: &hash)
            end = AuditPosition(sequence: row.sequence, digest: digest.hex)
            if known[row.sequence] != nil {
                if let broken = try prove(rows, positions, through: index, from: &unproven) { return broken }
                if let finding = checkpointFinding() { return .finding(finding) }
            }
        }
        return try prove(rows, positions, through: rows.count - 1, from: &unproven)
    }

    /// Verifies the signature of the row at `last`, which proves those before it; where it does not fit, finds the first that does not.
    private mutating func prove(
        _ rows: [SignedAuditRow], _ positions: [AuditPosition], through last: Int, from unproven: inout Int
    ) throws -> Trouble? {
        guard last >= unproven else { return nil }
        switch try rows[last].verdict(chain, verifier) {
        case .valid: report.verifiedThrough = rows[last].sequence
        case .unknownKey: break
        case .invalid:
            for index in unproven...last where try rows[index].verdict(chain, verifier) == .invalid {
                return .row(index, after: positions[index])
            }
        }
        unproven = last + 1
        return nil
    }
}

// MARK: What is not about single rows

extension AuditChainWalk {
    /// Notes rows of a key that the keyring does not know, once for each key, and goes on.
    mutating func noteForeign(_ keyID: String, sequence: Int64?, rowID: String?, _ subject: String) {
        guard foreignKeys.insert(keyID).inserted else { return }
        report.findings.append(
            AuditFinding(
                .foreign, chain, sequence: sequence, rowID: rowID,
                "\(subject) of \(chain) is signed by the key \(keyID), which the keyring does not know."))
    }

    /// What a checkpoint saw at the place that the walk has come to, where it was something else.
    fileprivate func checkpointFinding() -> AuditFinding? {
        guard let sight = known[end.sequence], sight.digest != end.digest else { return nil }
        return AuditFinding(
            .rewritten, chain, sequence: end.sequence,
            "Row \(end.sequence) of \(chain) is another one than the checkpoint of \(sight.time.iso8601) saw, though it is signed:"
                + " the chain was written anew up to there by somebody who has the key, or continued from an older state."
        )
    }

    /// What is wrong with the head itself; unknown keys are noted.
    fileprivate mutating func headFinding() throws -> AuditFinding? {
        guard let head = state.head else {
            guard state.signedRows > 0 || !state.anchors.isEmpty else { return nil }
            return AuditFinding(
                .headMissing, chain,
                "The head of \(chain) is gone from audit_chain_heads: whether rows are missing at the end cannot be told."
            )
        }
        switch try head.verdict(verifier) {
        case .valid: return nil
        case .unknownKey:
            noteForeign(RowSignature(head.signature)?.keyID ?? "", sequence: nil, rowID: nil, "The head")
            return nil
        case .invalid:
            return AuditFinding(
                .headEdited, chain, "The head of \(chain) in audit_chain_heads is not as it was signed.")
        }
    }

    /// What the head and the checkpoints say about the end, after a walk in which everything fitted.
    fileprivate func endFindings() -> [AuditFinding] {
        var findings: [AuditFinding] = []
        if let head = state.head {
            if head.position.sequence > end.sequence {
                findings.append(missing(through: head.position.sequence, says: "its signed head"))
            } else if head.position.sequence < end.sequence {
                findings.append(
                    AuditFinding(
                        .headBehind, chain, sequence: head.position.sequence + 1,
                        "The head of \(chain) ends at row \(head.position.sequence), but there are rows up to \(end.sequence): an older"
                            + " head was put back."))
            } else if head.position.digest != end.digest {
                findings.append(
                    AuditFinding(
                        .forked, chain, sequence: end.sequence,
                        "The head of \(chain) is signed for another row \(end.sequence) than the one that is there."))
            }
        }
        if findings.isEmpty, let latest = known.keys.max(), latest > end.sequence, let sight = known[latest] {
            findings.append(missing(through: latest, says: "the checkpoint of \(sight.time.iso8601)"))
        }
        return findings
    }

    private func missing(through last: Int64, says witness: String) -> AuditFinding {
        let first = end.sequence + 1
        let rows = first == last ? "Row \(first)" : "Rows \(first) to \(last)"
        let extent =
            end.sequence == 0
            ? "\(rows) of \(chain), which is all of it, \(first == last ? "is" : "are") missing"
            : "\(rows) at the end of \(chain) \(first == last ? "is" : "are") missing"
        return AuditFinding(.truncated, chain, sequence: first, "\(extent), as \(witness) tells.")
    }

    fileprivate func unsignedFinding(over session: PostgresConnection) async throws -> AuditFinding? {
        guard let head = state.head, head.unsignedRows != state.unsignedRows else { return nil }
        let table = chain.table
        if state.unsignedRows < head.unsignedRows {
            return AuditFinding(
                .deleted, chain,
                "\(head.unsignedRows - state.unsignedRows) of the \(head.unsignedRows) rows without a signature that \(chain) had when"
                    + " signing began are missing.")
        }
        let rows = try await session.query(
            """
            SELECT stored.id::text AS id FROM \(table.rawValue) AS stored
            WHERE \(chain.condition(on: "stored")) AND stored.chain_sequence IS NULL
            ORDER BY stored.\(table.timeColumn) >= $1::timestamptz DESC,
                CASE WHEN stored.\(table.timeColumn) >= $1::timestamptz THEN stored.\(table.timeColumn) END,
                stored.\(table.timeColumn) DESC, stored.id
            LIMIT 1
            """, [.timestamp(head.startedAt)], name: "first_unsigned_audit_row")
        let count = state.unsignedRows - head.unsignedRows
        return AuditFinding(
            .unsigned, chain, rowID: try rows.first?.string("id"),
            "\(count == 1 ? "A row" : "\(count) rows") of \(chain) \(count == 1 ? "has" : "have") no signature, though the chain was"
                + " signed since \(head.startedAt.iso8601): written by somebody else, or by a bridge or command without the signing key."
        )
    }
}
