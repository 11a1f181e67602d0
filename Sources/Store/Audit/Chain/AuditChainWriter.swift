import BridgeCore
import Cryptography
import FoundationEssentials
import PostgresClient

/// Appends rows to an audit table: signs them and moves the heads of their chains in the same transaction.
///
/// Locks are taken in one order by everybody: heads before the table, heads in the order of their chains.
struct AuditChainWriter: Sendable {
    let table: AuditTable
    /// `nil` where nothing is signed.
    let keys: AuditKeys?

    /// Appends `rows`, those that are stored already left out, and returns how many are new. The caller retries as a whole.
    ///
    /// Throws `PostgresError`, `CryptographyError`, and what the keys throw.
    func append(_ rows: [AuditRow], over pool: PostgresPool) async throws -> Int {
        guard !rows.isEmpty else { return 0 }
        let pair = try keys?.pair()
        return try await pool.withConnection { session in
            try await session.transaction { session in try write(rows, pair, session) }
        }
    }

    /// As `append`, inside a transaction of the caller's.
    func write(_ rows: [AuditRow], _ pair: AuditKeys.Pair?, _ session: isolated PostgresConnection) throws -> Int {
        guard !rows.isEmpty else { return 0 }
        guard let pair else { return try insertUnsigned(rows, session) }
        // What PostgreSQL makes of the values is what is signed, so that it is found again when they are read.
        let canonical = try canonical(rows, session)
        let heads = try lockHeads(Set(canonical.map(\.chain)), pair, session)
        let known = try knownRows(rows.map(\.id), heads.keys.sorted(), session)
        var ends = try continuations(of: heads, known.last, pair, session)
        var links: [AuditLink] = []
        var fresh: [AuditRow] = []
        var seen = known.ids
        var hash = try SHA256Digest()
        for (row, line) in zip(rows, canonical) where seen.insert(row.id).inserted {
            guard var end = ends[line.chain] else { continue }
            let sequence = end.position.sequence + 1
            let previous = end.position.digest
            let message = AuditMessage.row(
                line.chain, sequence: sequence, previousDigest: previous.utf8, fields: line.fields)
            let signature = try pair.signer.sign(message)
            links.append(
                AuditLink(
                    chain: line.chain, sequence: sequence, previousDigest: previous, signature: signature.description))
            fresh.append(row)
            end.position = AuditPosition(
                sequence: sequence, digest: try AuditMessage.digest(of: message, signature, with: &hash).hex)
            ends[line.chain] = end
        }
        guard !fresh.isEmpty else { return 0 }
        let moved = Set(links.map(\.chain))
        let now = Timestamp.now
        let newHeads = try ends.values.filter { moved.contains($0.chain) }.sorted { $0.chain < $1.chain }.map { head in
            var head = head
            head.updatedAt = now
            return try head.signed(by: pair.signer)
        }
        try insert(fresh, links, newHeads, session)
        return fresh.count
    }

    // MARK: Steps

    /// A row as its signature covers it.
    private struct Canonical {
        let chain: AuditChain
        let fields: [ArraySlice<UInt8>]
    }

    private func insertUnsigned(_ rows: [AuditRow], _ session: isolated PostgresConnection) throws -> Int {
        try session.query(
            """
            INSERT INTO \(table.rawValue) (\(table.insertedColumns))
            SELECT \(table.insertedColumns) FROM (\(table.recordset("$1::jsonb"))) AS given ORDER BY position
            ON CONFLICT DO NOTHING
            """, [.json(try AuditRow.json(rows))], name: "append_audit"
        ).affectedRows
    }

    private func canonical(_ rows: [AuditRow], _ session: isolated PostgresConnection) throws -> [Canonical] {
        let json = try PostgresLiteral.text(AuditRow.json(rows)) + "::jsonb"
        let bytes = try session.copyOut(
            """
            COPY (
                SELECT given.connection_id, \(table.canonicalColumns(of: "given"))
                FROM (\(table.recordset(json))) AS given ORDER BY given.position
            ) TO STDOUT
            """, name: "canonical_audit")
        let lines = AuditLines(bytes)
        guard lines.count == rows.count else {
            throw PostgresError(.protocolViolation, "PostgreSQL gave back \(lines.count) of \(rows.count) audit rows")
        }
        return lines.map { fields in
            Canonical(
                chain: AuditChain(table, AuditLines.text(fields[0]).flatMap { ConnectionID($0) }),
                fields: Array(fields.dropFirst()))
        }
    }

    /// Locks the heads of `chains` until the transaction ends, and begins the chains that have none.
    func lockHeads(
        _ chains: Set<AuditChain>, _ pair: AuditKeys.Pair, _ session: isolated PostgresConnection
    ) throws -> [AuditChain: AuditChainHead] {
        var heads = try lockedHeads(chains, session)
        let missing = chains.filter { heads[$0] == nil }.sorted()
        guard !missing.isEmpty else { return heads }
        for chain in missing {
            let now = Timestamp.now
            let head = try AuditChainHead(
                chain, .start, unsignedRows: unsignedRows(of: chain, session), startedAt: now, updatedAt: now
            ).signed(by: pair.signer)
            _ = try session.query(
                """
                INSERT INTO audit_chain_heads
                    (table_name, connection_id, sequence, digest, unsigned_rows, started_at, updated_at, cryptographic_signature)
                \(AuditChainHead.recordset("$1::jsonb"))
                ON CONFLICT DO NOTHING
                """, [.json(try JSONValue.array([head.storedValue]).text(indented: false))], name: "begin_audit_chain")
        }
        heads = try lockedHeads(chains, session)
        return heads
    }

    private func lockedHeads(
        _ chains: Set<AuditChain>, _ session: isolated PostgresConnection
    ) throws -> [AuditChain: AuditChainHead] {
        let result = try session.query(
            """
            SELECT \(AuditChainHead.columns) FROM audit_chain_heads AS head
            WHERE head.table_name = $1
                AND (head.connection_id = ANY ($2::uuid[]) OR ($3::boolean AND head.connection_id IS NULL))
            ORDER BY head.connection_id NULLS FIRST
            FOR UPDATE
            """,
            [
                .text(table.rawValue), .textArray(chains.compactMap { $0.connection?.description }),
                .bool(chains.contains { $0.connection == nil }),
            ], name: "lock_audit_heads")
        var heads: [AuditChain: AuditChainHead] = [:]
        for row in result {
            guard let head = try AuditChainHead(row: row) else { continue }
            heads[head.chain] = head
        }
        return heads
    }

    private func unsignedRows(of chain: AuditChain, _ session: isolated PostgresConnection) throws -> Int64 {
        // An index knows = and IS NULL, but not IS NOT DISTINCT FROM.
        let condition = chain.connection == nil ? "$1::uuid IS NULL AND connection_id IS NULL" : "connection_id = $1"
        return try session.query(
            "SELECT count(*) AS count FROM \(table.rawValue) WHERE \(condition) AND chain_sequence IS NULL",
            [.optional(chain.connection) { .id($0) }], name: "count_unsigned_audit"
        ).one { row throws(PostgresError) in Int64(try row.int("count")) }
    }

    /// Which of `ids` are stored, and the highest number in each chain. In a statement of its own after the locks: a snapshot from
    /// before would not show what their last holder wrote.
    private func knownRows(
        _ ids: [UUID], _ chains: [AuditChain], _ session: isolated PostgresConnection
    ) throws -> (ids: Set<UUID>, last: [AuditChain: Int64]) {
        let last = { (condition: String) in
            """
            (SELECT stored.chain_sequence FROM \(table.rawValue) AS stored
            WHERE \(condition) AND stored.chain_sequence IS NOT NULL ORDER BY stored.chain_sequence DESC LIMIT 1)
            """
        }
        let result = try session.query(
            """
            SELECT id, NULL::uuid AS connection_id, NULL::bigint AS last FROM \(table.rawValue) WHERE id = ANY ($1::uuid[])
            UNION ALL
            SELECT NULL, chain.connection_id, \(last("stored.connection_id = chain.connection_id"))
            FROM unnest($2::uuid[]) AS chain (connection_id)
            UNION ALL
            SELECT NULL, NULL, \(last("stored.connection_id IS NULL")) WHERE $3::boolean
            """,
            [
                .textArray(ids.map(\.uuidString)), .textArray(chains.compactMap { $0.connection?.description }),
                .bool(chains.contains { $0.connection == nil }),
            ], name: "known_audit_rows")
        var known: Set<UUID> = []
        var numbers: [AuditChain: Int64] = [:]
        for row in result {
            if let id = try row.optionalUUID("id") {
                known.insert(id)
            } else if let number = try row.optionalInt("last") {
                numbers[AuditChain(table, try row.optionalID("connection_id"))] = Int64(number)
            }
        }
        return (known, numbers)
    }

    /// Where each chain goes on.
    ///
    /// After a head that no key of the keyring has signed, or that is behind its rows, a number is left out: to go on as if nothing
    /// had happened would sign what somebody else made of the trail. Verification finds the hole.
    private func continuations(
        of heads: [AuditChain: AuditChainHead], _ last: [AuditChain: Int64], _ pair: AuditKeys.Pair,
        _ session: isolated PostgresConnection
    ) throws -> [AuditChain: AuditChainHead] {
        var ends = heads
        for (chain, head) in heads {
            let highest = max(last[chain] ?? 0, head.position.sequence)
            let verdict = try head.verdict(pair.verifier)
            guard highest > head.position.sequence || verdict != .valid else { continue }
            guard highest < Int64.max - 1_000_000_000 else {
                throw PostgresError(
                    .server,
                    "The audit chain \(chain) holds a row with the number \(highest), which the bridge did not write;"
                        + " see: ha-bridge audit verify", sqlState: "22003")
            }
            ends[chain] = AuditChainHead(
                chain, AuditPosition(sequence: highest + 1, digest: AuditPosition.start.digest),
                unsignedRows: try unsignedRows(of: chain, session), startedAt: .now, updatedAt: .now)
        }
        return ends
    }

    private func insert(
        _ rows: [AuditRow], _ links: [AuditLink], _ heads: [AuditChainHead], _ session: isolated PostgresConnection
    ) throws {
        let moved = try session.query(
            """
            WITH inserted AS (
                INSERT INTO \(table.rawValue) (\(table.insertedColumns))
                SELECT \(table.insertedColumns) FROM (\(table.recordset("$1::jsonb"))) AS given ORDER BY position
            )
            UPDATE audit_chain_heads AS head
            SET sequence = new.sequence, digest = new.digest, unsigned_rows = new.unsigned_rows, started_at = new.started_at,
                updated_at = new.updated_at, cryptographic_signature = new.cryptographic_signature
            FROM (\(AuditChainHead.recordset("$2::jsonb"))) AS new
            WHERE head.table_name = new.table_name AND head.connection_id IS NOT DISTINCT FROM new.connection_id
            """,
            [
                .json(try AuditRow.json(rows, links: links)),
                .json(try JSONValue.array(heads.map(\.storedValue)).text(indented: false)),
            ], name: "append_signed_audit"
        ).affectedRows
        guard moved == heads.count else {
            throw PostgresError(.protocolViolation, "Moved \(moved) of \(heads.count) heads of audit chains")
        }
    }
}
