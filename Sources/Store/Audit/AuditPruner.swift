import BridgeCore
import Cryptography
import PostgresClient

/// Takes rows out of the chains and leaves signed anchors, from which verification goes on.
///
/// It acts as the owner of the tables: the login must be a member of that role. Row security, which hides the rows from the owner as
/// well, is lifted within each transaction.
package struct AuditPruner: Sendable {
    private let pool: PostgresPool
    private let keys: AuditKeys

    /// Uses a connection of `pool` at a time.
    package init(_ pool: PostgresPool, keys: AuditKeys) {
        self.pool = pool
        self.keys = keys
    }

    /// What a retention rule takes out of a chain.
    package struct Plan: Sendable, Hashable {
        package let chain: AuditChain
        /// Rows up to this number; 0 for none.
        package let through: Int64
        /// How many signed rows that is.
        package let signedRows: Int64
        /// How many rows without a signature are from before the moment.
        package let unsignedRows: Int64
    }

    /// What is from before `moment` in each chain, or in those of one connection. Only the beginning of a chain goes: rows after the
    /// first one that stays are kept, whatever their times.
    package func plans(before moment: Timestamp, connection: ConnectionID? = nil) async throws -> [Plan] {
        try await pool.withConnection { session in
            var plans: [Plan] = []
            for table in AuditTable.allCases {
                let rows = try await session.query(
                    """
                    WITH boundary AS (
                        SELECT connection_id,
                            coalesce(
                                min(chain_sequence) FILTER (WHERE \(table.timeColumn) >= $1::timestamptz) - 1,
                                max(chain_sequence), 0) AS through
                        FROM \(table.rawValue) WHERE $2::uuid IS NULL OR connection_id = $2::uuid
                        GROUP BY connection_id
                    )
                    SELECT boundary.connection_id, boundary.through,
                        count(*) FILTER (WHERE stored.chain_sequence <= boundary.through) AS signed_rows,
                        count(*) FILTER (WHERE stored.chain_sequence IS NULL AND stored.\(table.timeColumn) < $1::timestamptz)
                            AS unsigned_row_count
                    FROM boundary JOIN \(table.rawValue) AS stored
                        ON coalesce(stored.connection_id::text, '') = coalesce(boundary.connection_id::text, '')
                    GROUP BY boundary.connection_id, boundary.through
                    """, [.timestamp(moment), .optional(connection) { .id($0) }], name: "plan_audit_pruning",
                    deadline: .seconds(300))
                plans += try rows.map { row throws(PostgresError) in
                    Plan(
                        chain: AuditChain(table, try row.optionalID("connection_id")),
                        through: Int64(try row.int("through")), signedRows: Int64(try row.int("signed_rows")),
                        unsignedRows: Int64(try row.int("unsigned_row_count")))
                }
            }
            return plans.filter { $0.signedRows + $0.unsignedRows > 0 }.sorted { $0.chain < $1.chain }
        }
    }

    /// Takes out the beginning of `chain` through the row of that number, in transactions of about `step` rows, and with
    /// `unsignedBefore` the rows without a signature from before that moment. Returns how many rows went.
    ///
    /// The chain is verified first: an anchor on a chain that was tampered with would hide it. With `acceptsFindings` it goes on all
    /// the same, and the reason in the anchor tells what was found. May be interrupted anywhere and run again. Throws `StoreError`
    /// (`.auditUnsound`, `.noSigningKey`), `PostgresError`, `CryptographyError`.
    package func prune(
        _ chain: AuditChain, through last: Int64, unsignedBefore moment: Timestamp? = nil, reason: String,
        acceptsFindings: Bool = false, step: Int = 20_000, progress: (Int64) -> Void = { _ in }
    ) async throws -> Int64 {
        let start = try await startOfRows(in: chain)
        return try await prune(
            chain, from: start, through: last, unsignedBefore: moment, reason: reason, acceptsFindings: acceptsFindings,
            step: step, progress: progress)
    }

    /// Takes rows out of the middle of `chain`, which must begin with one that is there: what an erasure does to a chain that belongs
    /// to others as well. As `prune(_:through:…)` otherwise.
    package func prune(
        _ chain: AuditChain, rows: ClosedRange<Int64>, reason: String, acceptsFindings: Bool = false
    ) async throws -> Int64 {
        let first = try await pool.withConnection { session in
            try await SignedAuditRow.read(chain, rows.lowerBound...rows.lowerBound, over: session).first
        }
        guard let first else {
            throw StoreError(.notFound, "There is no row \(rows.lowerBound) in \(chain). Nothing was taken out.")
        }
        let start = AuditPosition(
            sequence: rows.lowerBound - 1, digest: String(decoding: first.previousDigest, as: UTF8.self))
        return try await prune(
            chain, from: start, through: rows.upperBound, unsignedBefore: nil, reason: reason,
            acceptsFindings: acceptsFindings, step: 20_000, progress: { _ in })
    }

    // MARK: Steps

    private func prune(
        _ chain: AuditChain, from start: AuditPosition, through last: Int64, unsignedBefore moment: Timestamp?,
        reason: String, acceptsFindings: Bool, step: Int, progress: (Int64) -> Void
    ) async throws -> Int64 {
        guard let pair = try keys.pair() else {
            throw StoreError(
                .noSigningKey,
                "The keyring holds no signing key, so that no anchor can be left. Nothing was taken out. Run: ha-bridge key rotate"
            )
        }
        let reason = try await reasonForAnchor(reason, chain, acceptsFindings)
        var total: Int64 = 0
        var anchor: AuditAnchor?
        while true {
            try Task.checkCancellation()
            let previous = anchor
            let next = try await pool.withConnection { session in
                try await session.transaction(deadline: .seconds(120)) { session in
                    try OwnerAct.perform(on: [.heads, .anchors, .table(chain.table)], session) { session in
                        try Self.removeStep(
                            chain, from: start, through: last, after: previous, reason: reason, step: step, pair,
                            session)
                    }
                }
            }
            guard let next else { break }
            total += next.removedRows - (anchor?.removedRows ?? 0)
            anchor = next
            progress(total)
        }
        if let moment { total += try await removeUnsigned(chain, before: moment, pair) }
        return total
    }

    /// Deletes the next rows in the order of their numbers and leaves one anchor for what this call and those before it took out;
    /// `nil` when no row is left.
    private static func removeStep(
        _ chain: AuditChain, from start: AuditPosition, through last: Int64, after previous: AuditAnchor?,
        reason: String,
        step: Int, _ pair: AuditKeys.Pair, _ session: isolated PostgresConnection
    ) throws -> AuditAnchor? {
        let from = previous.map { $0.range.upperBound + 1 } ?? start.sequence + 1
        guard from <= last else { return nil }
        let table = chain.table.rawValue
        let bounds: [PostgresValue] = [.int(from), .int(last)]
        let numbered = "\(chain.condition(on: "stored")) AND stored.chain_sequence BETWEEN $1::bigint AND $2::bigint"
        let end = try session.query(
            """
            SELECT max(chosen.chain_sequence) AS last FROM (
                SELECT stored.chain_sequence FROM \(table) AS stored WHERE \(numbered)
                ORDER BY stored.chain_sequence LIMIT \(max(1, step))
            ) AS chosen
            """, bounds, name: "end_of_audit_step"
        ).one { row throws(PostgresError) in try row.optionalInt("last") }
        guard let end = end.map({ Int64($0) }) else { return nil }
        let rows = try SignedAuditRow.read(chain, end...end, in: session)
        guard let row = rows.first, let signature = row.signature else {
            throw StoreError(
                .auditUnsound, "Row \(end) of \(chain) has no signature that can be read. Nothing was taken out.")
        }
        var hash = try SHA256Digest()
        let digest = try AuditMessage.digest(of: row.message(of: chain), signature, with: &hash)
        let removed = try session.query(
            "DELETE FROM \(table) AS stored WHERE \(numbered)", [.int(from), .int(end)], name: "remove_audit_rows",
            deadline: .seconds(120)
        ).affectedRows
        let anchor = try AuditAnchor(
            chain, start.sequence + 1...end, previousDigest: start.digest, digest: digest.hex,
            removedRows: Int64(removed) + (previous?.removedRows ?? 0), reason: reason, createdAt: .now,
            signer: pair.signer)
        if let previous {
            _ = try session.query(
                "DELETE FROM audit_chain_anchors WHERE cryptographic_signature = $1", [.text(previous.signature)],
                name: "replace_audit_anchor")
        }
        _ = try session.query(
            """
            INSERT INTO audit_chain_anchors
                (table_name, connection_id, first_sequence, last_sequence, previous_digest, digest, removed_rows, reason, created_at,
                    cryptographic_signature)
            VALUES ($1, $2, $3, $4, decode($5, 'hex'), decode($6, 'hex'), $7, $8, $9, $10)
            """,
            [
                .text(table), .optional(chain.connection) { .id($0) }, .int(anchor.range.lowerBound), .int(end),
                .text(anchor.previousDigest), .text(anchor.digest), .int(anchor.removedRows), .text(reason),
                .timestamp(anchor.createdAt), .text(anchor.signature),
            ], name: "leave_audit_anchor")
        return anchor
    }

    /// Deletes old rows without a signature, and lets the head say how many are left.
    private func removeUnsigned(_ chain: AuditChain, before moment: Timestamp, _ pair: AuditKeys.Pair) async throws
        -> Int64
    {
        try await pool.withConnection { session in
            try await session.transaction(deadline: .seconds(120)) { session in
                try OwnerAct.perform(on: [.heads, .table(chain.table)], session) { session in
                    let table = chain.table
                    let unsigned = "\(chain.condition(on: "stored")) AND stored.chain_sequence IS NULL"
                    let removed = try session.query(
                        "DELETE FROM \(table.rawValue) AS stored WHERE \(unsigned) AND stored.\(table.timeColumn) < $1::timestamptz",
                        [.timestamp(moment)], name: "remove_unsigned_audit_rows", deadline: .seconds(120)
                    ).affectedRows
                    let left = try session.query(
                        "SELECT count(*) AS count FROM \(table.rawValue) AS stored WHERE \(unsigned)",
                        name: "count_unsigned_audit_rows"
                    ).one { row throws(PostgresError) in Int64(try row.int("count")) }
                    let rows = try session.query(
                        """
                        SELECT \(AuditChainHead.columns) FROM audit_chain_heads AS head
                        WHERE head.table_name = $1 AND \(chain.condition(on: "head"))
                        """, [.text(table.rawValue)], name: "audit_head")
                    // A head that somebody else wrote is evidence, and stays as it is.
                    guard let row = rows.first, var head = try AuditChainHead(row: row), head.unsignedRows != left,
                        try head.verdict(pair.verifier) == .valid
                    else { return Int64(removed) }
                    head.unsignedRows = left
                    head.updatedAt = .now
                    head = try head.signed(by: pair.signer)
                    _ = try session.query(
                        """
                        UPDATE audit_chain_heads AS head SET unsigned_rows = $2, updated_at = $3, cryptographic_signature = $4
                        WHERE head.table_name = $1 AND \(chain.condition(on: "head"))
                        """,
                        [.text(table.rawValue), .int(left), .timestamp(head.updatedAt), .text(head.signature)],
                        name: "sign_audit_head")
                    return Int64(removed)
                }
            }
        }
    }

    /// The reason with what verification finds in the chain. Throws `.auditUnsound` where that is something, and is not accepted.
    private func reasonForAnchor(_ reason: String, _ chain: AuditChain, _ acceptsFindings: Bool) async throws -> String
    {
        let findings = try await AuditVerifier(pool, keys: keys.verifier).verify(chain: chain).findings
        guard let first = findings.first else { return reason }
        guard acceptsFindings else {
            throw StoreError(
                .auditUnsound,
                "\(first.message) Nothing was taken out of this chain, because that would hide it. See: ha-bridge audit verify"
            )
        }
        return "\(reason) (accepted: " + findings.map(\.message).joined(separator: " ") + ")"
    }

    /// The place before the first row that was never taken out.
    private func startOfRows(in chain: AuditChain) async throws -> AuditPosition {
        let state = try await pool.withConnection { session in
            try await AuditChainState.read(chain.table, connection: chain.connection, over: session)[chain]
        }
        var start = AuditPosition.start
        while let anchor = state?.anchors.first(where: { $0.range.lowerBound == start.sequence + 1 }) {
            start = anchor.end
        }
        return start
    }
}
