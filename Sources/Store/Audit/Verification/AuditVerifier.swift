import BridgeCore
import Cryptography
import PostgresClient

/// Walks the chains of the audit tables and says where they were changed, and how.
///
/// Each row's digest is calculated and held against the next row; signatures are verified at the ends of pages, where the key
/// changes, at the head, and around a link that does not fit: each proves all rows before it.
package struct AuditVerifier: Sendable {
    let pool: PostgresPool
    private let keys: @Sendable () throws -> RowVerifier

    /// Uses a connection of `pool` at a time.
    package init(_ pool: PostgresPool, keys: @escaping @Sendable () throws -> RowVerifier) {
        self.pool = pool
        self.keys = keys
    }

    /// Verifies all chains, or those of one connection alone. `progress` gets the number of rows done, and of all.
    ///
    /// Bridges may write meanwhile. Rows that came after the beginning are left out. Throws `PostgresError`, `CryptographyError`,
    /// `CancellationError`, and what the keys throw.
    package func verify(
        connection: ConnectionID? = nil, against checkpoints: [AuditCheckpoint] = [],
        progress: (Int64, Int64) -> Void = { _, _ in }
    ) async throws -> AuditReport {
        let verifier = try keys()
        var report = AuditReport()
        let known = try Self.known(checkpoints, connection, verifier, &report)
        try await pool.withConnection { session in
            var states: [AuditChain: AuditChainState] = [:]
            for table in AuditTable.allCases {
                let found = try await AuditChainState.read(table, connection: connection, over: session)
                states.merge(found) { first, _ in first }
            }
            let total = states.values.reduce(0) { $0 + $1.signedRows }
            var done: Int64 = 0
            for chain in Set(states.keys).union(known.keys).sorted() {
                let state = states[chain] ?? AuditChainState(chain: chain)
                let result = try await verify(state, known[chain] ?? [:], verifier, session) { rows in
                    progress(min(done + rows, total), total)
                }
                done += state.signedRows
                report.chains.append(result)
            }
        }
        return report
    }

    /// Verifies one chain alone, without checkpoints.
    func verify(chain: AuditChain) async throws -> AuditChainReport {
        let verifier = try keys()
        return try await pool.withConnection { session in
            let states = try await AuditChainState.read(chain.table, connection: chain.connection, over: session)
            return try await verify(
                states[chain] ?? AuditChainState(chain: chain), [:], verifier, session, progress: { _ in })
        }
    }

    /// Verifies one chain; where something is wrong, looks once more whether rows were taken out of it in the meantime.
    private func verify(
        _ first: AuditChainState, _ known: [Int64: AuditCheckpoint.Sight], _ verifier: RowVerifier,
        _ session: PostgresConnection, progress: (Int64) -> Void
    ) async throws -> AuditChainReport {
        var state = first
        for _ in 0..<5 {
            var walk = AuditChainWalk(state, known, verifier)
            let report = try await walk.run(over: session, progress)
            if report.findings.isEmpty { return report }
            let later = try await AuditChainState.read(
                state.chain.table, connection: state.chain.connection, over: session)
            let again = later[state.chain] ?? AuditChainState(chain: state.chain)
            guard again.hasMoved(since: state) else { return report }
            state = again
        }
        var walk = AuditChainWalk(state, known, verifier)
        return try await walk.run(over: session, progress)
    }

    /// What the checkpoints say of each chain, by number. Those that are not signed as they stand say nothing, and are reported.
    private static func known(
        _ checkpoints: [AuditCheckpoint], _ connection: ConnectionID?, _ verifier: RowVerifier,
        _ report: inout AuditReport
    ) throws -> [AuditChain: [Int64: AuditCheckpoint.Sight]] {
        var known: [AuditChain: [Int64: AuditCheckpoint.Sight]] = [:]
        var unknownKeys: Set<String> = []
        for checkpoint in checkpoints {
            switch try checkpoint.verdict(verifier) {
            case .valid: break
            case .invalid:
                report.otherFindings.append(
                    AuditFinding(
                        .checkpointEdited, nil,
                        "The checkpoint of \(checkpoint.createdAt.iso8601) is not as it was signed; it was left out."))
                continue
            case .unknownKey:
                if unknownKeys.insert(checkpoint.keyID).inserted {
                    report.otherFindings.append(
                        AuditFinding(
                            .foreign, nil,
                            "Checkpoints from \(checkpoint.createdAt.iso8601) on are signed by the key \(checkpoint.keyID), which"
                                + " the keyring does not know; they were left out."))
                }
                continue
            }
            report.checkpoints += 1
            for (chain, position) in checkpoint.positions where position.sequence > 0 {
                if let connection, chain.connection != connection { continue }
                let sight = AuditCheckpoint.Sight(digest: position.digest, time: checkpoint.createdAt)
                // The earliest sight counts; a later one that differs cannot be in the chain either way.
                let earlier = known[chain]?[position.sequence]
                if earlier == nil || earlier?.digest == position.digest {
                    known[chain, default: [:]][position.sequence] = earlier ?? sight
                } else {
                    report.otherFindings.append(
                        AuditFinding(
                            .rewritten, chain, sequence: position.sequence,
                            "Two checkpoints saw different rows \(position.sequence) in \(chain): the chain was continued from an"
                                + " older state."))
                }
            }
        }
        return known
    }
}
