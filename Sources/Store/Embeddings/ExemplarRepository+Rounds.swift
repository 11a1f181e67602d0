import BridgeCore
import PostgresClient

/// One vector for each document, in their order; 1536 finite numbers each.
package typealias DocumentEmbedder = @Sendable ([StoredDocument]) async throws -> [[Float]]

/// Rounds of work. Several bridges may run them at once: a key is held by an advisory lock of the session while its vector is made,
/// which ends with the session however that ends, and what is stored is checked again inside the transaction.
extension ExemplarRepository {
    /// How many keys a round locks at most: the server has room for some thousand locks in all.
    private static let lockedKeys = 512

    /// Gives vectors to the newest events that wait: looks at `rows` of them and makes vectors for `keys` of their keys.
    ///
    /// A key that has a vector of this version already, here or in another month, needs no other. `embed` is called once at most,
    /// with the documents of the other keys. What it throws is thrown on; nothing is stored then.
    package func embedPending(
        version: String, rows: Int = 2_000, keys: Int = 64, embed: DocumentEmbedder
    ) async throws -> EmbeddingRound {
        try await pool.withConnection { session in
            try await holdingLocks(of: session) {
                let result = try await session.query(
                    EmbeddingSQL.claimPending, [.int(Int64(rows)), .int(Int64(Self.lockedKeys))],
                    name: "claim_pending_events")
                let claimed = try result.map(ClaimedRow.init(row:))
                guard !claimed.isEmpty else { return EmbeddingRound() }
                return try await work(on: claimed, of: claimed.map(\.key), limit: keys, version, session, embed)
            }
        }
    }

    /// Makes vectors anew that another version made, those of the newest events first; takes on `keys` of their keys.
    package func renewOutdated(
        version: String, keys: Int = 256, embed: DocumentEmbedder
    ) async throws -> EmbeddingRound {
        try await pool.withConnection { session in
            try await holdingLocks(of: session) {
                let result = try await session.query(
                    EmbeddingSQL.claimOutdated, [.text(version), .int(Int64(keys))], name: "claim_outdated_exemplars",
                    deadline: .seconds(120))
                let claimed = try result.map(EventKey.init(row:))
                guard !claimed.isEmpty else { return EmbeddingRound() }
                return try await work(on: [], of: claimed, limit: keys, version, session, embed)
            }
        }
    }

    /// How much there is and how much waits. Reads every exemplar: not for every second.
    package func progress(version: String) async throws -> EmbeddingProgress {
        try await pool.withConnection { session in
            let result = try await session.query(
                EmbeddingSQL.progress, [.text(version)], name: "embedding_progress", deadline: .seconds(120))
            return try result.one { row throws(PostgresError) in
                EmbeddingProgress(
                    pendingRows: try row.int("pending_rows"), pendingKeys: try row.int("pending_keys"),
                    exemplars: try row.int("exemplars"), outdated: try row.int("outdated"))
            }
        }
    }

    /// Lets events wait again that point to a row without their vector, and returns how many those were.
    ///
    /// A writer that remembers an exemplar while it is deleted leaves such events; searches find them even so, since they go by the
    /// key. Reads every partition once: for once a day.
    package func repair() async throws -> Int {
        let partitions = try await EmbeddingPartition.list(pool)
        var repaired = 0
        for partition in partitions {
            repaired += try await pool.withConnection { session in
                try await session.query(
                    EmbeddingSQL.repair(partition.table), [], name: "repair_exemplars", deadline: .seconds(600)
                ).affectedRows
            }
        }
        return repaired
    }

    // MARK: A round

    private func holdingLocks(
        of session: PostgresConnection, _ body: () async throws -> EmbeddingRound
    ) async throws -> EmbeddingRound {
        do {
            let round = try await body()
            try await session.execute("SELECT pg_advisory_unlock_all()", name: "release_embedding_keys")
            return round
        } catch {
            // In a task of its own: that of a cancelled worker sends nothing more. A session that is lost has lost its locks.
            await Task { try? await session.execute("SELECT pg_advisory_unlock_all()") }.value
            throw error
        }
    }

    private func work(
        on claimed: [ClaimedRow], of keys: [EventKey], limit: Int, _ version: String,
        _ session: PostgresConnection, _ embed: DocumentEmbedder
    ) async throws -> EmbeddingRound {
        let all = Set(keys)
        let ready = Set(
            try await session.query(
                EmbeddingSQL.readyKeys, all.parameters + [.text(version)], name: "keys_with_vectors"
            ).map(EventKey.init(row:)))
        // The first ones of the others: the keys are given newest first, and again for each row.
        var chosen: Set<EventKey> = []
        for key in keys where chosen.count < limit && !ready.contains(key) { chosen.insert(key) }
        let taken = chosen
        let documents = try await EmbeddingDocumentRepository.documents(of: Array(taken), on: session)
        let vectors = documents.isEmpty ? [] : try await embed(documents)
        try Self.check(vectors, count: documents.count)
        let undocumented = taken.subtracting(documents.map(\.key))
        // In the order of ids, like every writer.
        let waiting = claimed.filter { ready.contains($0.key) || taken.contains($0.key) }
            .map { (id: $0.id.description, timestamp: $0.timestamp.iso8601) }.sorted { $0.id < $1.id }
        let staged = Self.copyStream(documents, vectors)
        let hasStaging = try await session.query(EmbeddingSQL.findStaging, name: "find_vector_staging")
            .one { row throws(PostgresError) in try row.optionalString("name") != nil }
        let tables = (ready: Array(ready), undocumented: Array(undocumented))
        let (rows, copied, renewed, cleared) = try await session.transaction(deadline: .seconds(120)) { session in
            if !hasStaging { try session.execute(EmbeddingSQL.createStaging, name: "create_vector_staging") }
            // Nothing here is estimated well: the lists are parameters, and the tables are found by their keys.
            try session.execute(EmbeddingSQL.settings, name: "embedding_settings")
            let ids: [PostgresValue] = [.textArray(waiting.map(\.id)), .textArray(waiting.map(\.timestamp))]
            // Most rows find the exemplar of their key in their own month. A vector is copied for the others alone.
            var pointed = try session.query(EmbeddingSQL.point, ids, name: "point_to_exemplars").affectedRows
            var copies = tables.ready
            if !claimed.isEmpty {
                let left = try session.query(EmbeddingSQL.stillWaiting, ids, name: "keys_that_wait")
                copies = try left.map(EventKey.init(row:)).filter { !taken.contains($0) }
            }
            _ = try session.copyIn(EmbeddingSQL.stage, chunks: [staged], name: "stage_vectors")
            let copied = try session.query(
                EmbeddingSQL.stageCopies, copies.parameters + [.text(version)], name: "copy_vectors"
            ).affectedRows
            let renewed = try session.query(EmbeddingSQL.renew, [.text(version)], name: "renew_vectors").affectedRows
            pointed += try session.query(EmbeddingSQL.choose, ids + [.text(version)], name: "choose_exemplars")
                .affectedRows
            pointed += try session.query(EmbeddingSQL.point, ids, name: "point_to_exemplars").affectedRows
            var cleared = 0
            if !tables.undocumented.isEmpty {
                cleared = try session.query(
                    EmbeddingSQL.forget, tables.undocumented.parameters + ids, name: "forget_keys"
                ).affectedRows
                cleared += try session.query(
                    EmbeddingSQL.discard, tables.undocumented.parameters + [.text(version)], name: "discard_vectors"
                ).affectedRows
            }
            return (pointed, copied, renewed, cleared)
        }
        var round = EmbeddingRound()
        round.embedded = documents.count
        round.copied = copied
        round.rows = rows
        round.renewed = renewed
        round.undocumented = cleared
        return round
    }

    /// A vector that PostgreSQL refuses would come back for ever and hold up all others.
    private static func check(_ vectors: [[Float]], count: Int) throws(StoreError) {
        guard vectors.count == count, vectors.allSatisfy({ $0.count == 1_536 && $0.allSatisfy(\.isFinite) }) else {
            throw StoreError(
                .invalidValue,
                "The embedder gave \(vectors.count) vectors for \(count) texts, or one that is not 1536 finite numbers;"
                    + " nothing was stored. Check the model with `ha-bridge model verify`.")
        }
    }

    private static func copyStream(_ documents: [StoredDocument], _ vectors: [[Float]]) -> [UInt8] {
        // A row is a key, 18 bytes of lengths, and a vector: megabytes, which a buffer that grows would hold twice.
        let rows = vectors.reduce(0) { $0 + 64 + $1.count * 4 }
        var encoder = BinaryCopyEncoder(reservingCapacity: rows + 64)
        encoder.header()
        for (document, vector) in zip(documents, vectors) {
            encoder.beginRow(columns: 3)
            encoder.uuid(document.key.connection.uuid)
            encoder.bytea(document.key.bytes)
            encoder.vector(vector)
        }
        encoder.trailer()
        return encoder.bytes
    }
}

/// An event that waits, as it was claimed.
private struct ClaimedRow: Sendable {
    let id: EventID
    let timestamp: Timestamp
    let key: EventKey

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        timestamp = try row.timestamp("timestamp")
        key = try EventKey(row: row)
    }
}
