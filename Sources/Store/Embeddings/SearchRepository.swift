import BridgeCore
import PostgresClient

/// Finds events by their vectors. Methods throw `PostgresError`.
///
/// A search goes over exemplars, one vector for each key and month, and from the best of them to the events of their keys. It knows
/// the events whose keys have no vector yet by the vector that the same key has in another month, else not at all.
package struct SearchRepository: Sendable {
    /// How a key with many events is shown.
    package enum Expansion: Sendable {
        /// The newest event of each key.
        case newest
        /// Every event, the newest ones of the best key first.
        case each
    }

    /// A period with fewer events than this is searched by its events, a wider one by the exemplars of its months.
    private static let narrow = 5_000
    /// How many events of an entity are looked at for those of a key.
    private static let reach = 20_000

    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The events nearest to `vector` (1536 numbers, not all 0), best first, the newer first among equals; at most `limit`.
    ///
    /// Exact, except in months with an index for vectors, where some of the farther ones may be missing. `excluding` leaves an
    /// event out.
    package func search(
        vector: [Float], filter: SearchFilter = SearchFilter(), limit: Int = 10, expansion: Expansion = .newest,
        excluding: EventID? = nil
    ) async throws -> [SearchHit] {
        guard limit > 0, !filter.isEmptyPeriod else { return [] }
        let text = Self.text(of: vector)
        return try await pool.withConnection { session in
            let plan = try await Self.plan(session, filter)
            let excluded = excluding
            return try await session.transaction(deadline: .seconds(60)) { session in
                try session.execute(SearchSQL.settings, name: "search_settings")
                if plan.hasVectorIndex {
                    _ = try session.query(SearchSQL.indexSettings, name: "search_index_settings")
                }
                var hits: [SearchHit] = []
                var seen: Set<EventKey> = []
                var count = max(64, limit * 4)
                while true {
                    let nearest = try Self.candidates(session, plan, filter, text, count: count)
                    var rest = nearest.filter { seen.insert($0.key).inserted }[...]
                    while !rest.isEmpty {
                        let batch = Self.batch(&rest, size: max(limit, 16))
                        hits += try Self.expand(session, batch, filter, limit: limit, expansion, excluding: excluded)
                        if hits.count >= limit { return Array(hits.sorted(by: SearchHit.isBefore).prefix(limit)) }
                    }
                    // All that there are, if fewer came than were asked for.
                    if plan.isNarrow || nearest.count < count { return hits.sorted(by: SearchHit.isBefore) }
                    count *= 8
                }
            }
        }
    }

    /// The vector of an event, by way of its exemplar, and its connection; `nil` where there is no such event, or none of its key is
    /// embedded yet.
    package func vector(of event: EventID) async throws -> (vector: [Float], connection: ConnectionID)? {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT event.connection_id, exemplar.embedding_vector
                FROM home_assistant_events AS event
                JOIN home_assistant_events AS exemplar
                    ON exemplar.connection_id = event.connection_id AND exemplar.embedding_key = event.embedding_key
                    AND exemplar.embedding_vector IS NOT NULL
                WHERE event.id = $1
                ORDER BY exemplar.tableoid = event.tableoid DESC
                LIMIT 1
                """, [.id(event)], name: "vector_of_event")
            guard let row = result.first else { return nil }
            return (Self.vector(from: try row.string("embedding_vector")), try row.id("connection_id"))
        }
    }

    /// The events nearest to an event of the same connection, without it; `nil` where it has no vector.
    package func similar(
        to event: EventID, filter: SearchFilter = SearchFilter(), limit: Int = 10, expansion: Expansion = .each
    ) async throws -> [SearchHit]? {
        guard let (vector, connection) = try await vector(of: event) else { return nil }
        var filter = filter
        filter.connection = connection
        return try await search(vector: vector, filter: filter, limit: limit, expansion: expansion, excluding: event)
    }

    /// The newest events of a hit's key in the period of `filter`, newest first.
    package func occurrences(
        of hit: SearchHit, filter: SearchFilter = SearchFilter(), limit: Int = 10
    ) async throws -> [(id: EventID, timestamp: Timestamp)] {
        let events = SearchFilter(
            connection: hit.key.connection, entity: hit.entityID, since: filter.since, until: filter.until,
            weekdays: filter.weekdays)
        let (conditions, parameters) = events.conditions(from: 1)
        let entity = hit.entityID == nil ? " AND event.entity_id IS NULL" : ""
        return try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT event.id, event.timestamp FROM home_assistant_events AS event
                WHERE \(conditions)\(entity) AND event.embedding_key = $\(parameters.count + 1)
                    AND event.event_type = $\(parameters.count + 2)
                ORDER BY event.timestamp DESC, event.id
                LIMIT $\(parameters.count + 3)
                """, parameters + [.bytes(hit.key.bytes), .text(hit.eventType), .int(Int64(max(0, limit)))],
                name: "occurrences")
            return try result.map { row in (try row.id("id"), try row.timestamp("timestamp")) }
        }
    }

    // MARK: Candidates

    /// How a search goes.
    private struct Plan: Sendable {
        let partitions: [EmbeddingPartition]
        /// By the events of the period rather than by the exemplars of its months.
        let isNarrow: Bool

        var hasVectorIndex: Bool { !isNarrow && partitions.contains(where: \.hasVectorIndex) }
    }

    /// A key that may have events to show.
    private struct Candidate: Sendable {
        let key: EventKey
        let entityID: String?
        let eventType: String
        let timestamp: Timestamp
        let distance: Double

        init(row: PostgresRow) throws(PostgresError) {
            key = try EventKey(row: row)
            entityID = try row.optionalString("entity_id")
            eventType = try row.string("event_type")
            timestamp = try row.timestamp("timestamp")
            distance = try row.double("distance")
        }
    }

    private static func plan(_ session: PostgresConnection, _ filter: SearchFilter) async throws -> Plan {
        let partitions = try await session.query(EmbeddingPartition.listing, name: "list_embedding_partitions")
            .map(EmbeddingPartition.init(row:))
            .filter { $0.mayHold(since: filter.since, until: filter.until) }
        guard filter.since != nil || filter.until != nil else { return Plan(partitions: partitions, isNarrow: false) }
        // Without the entity: its pattern would make the count slower than what it is to save.
        let period = EventFilter(connection: filter.connection, since: filter.since, until: filter.until)
        let (conditions, parameters) = period.conditions(from: 2)
        let count = try await session.query(
            SearchSQL.countInside(conditions), [.int(Int64(narrow))] + parameters, name: "count_inside"
        ).one { row throws(PostgresError) in try row.int("count") }
        return Plan(partitions: partitions, isNarrow: count < narrow)
    }

    /// The nearest keys, each once.
    private static func candidates(
        _ session: isolated PostgresConnection, _ plan: Plan, _ filter: SearchFilter, _ vector: String, count: Int
    ) throws -> [Candidate] {
        if plan.isNarrow {
            let (conditions, parameters) = filter.conditions(from: 2)
            let months = Self.months(of: plan.partitions)
            let next = parameters.count + 2
            let bounds = "exemplar.timestamp >= $\(next) AND exemplar.timestamp < $\(next + 1)"
            let result = try session.query(
                SearchSQL.inside(conditions, months: bounds), [.text(vector)] + parameters + months,
                name: "search_inside", deadline: .seconds(60))
            return try result.map(Candidate.init(row:))
        }
        let (conditions, parameters) = filter.conditions(from: 3, isTimed: false)
        let result = try session.query(
            SearchSQL.nearest(in: plan.partitions, conditions),
            [.text(vector), .int(Int64(count))] + parameters, name: "search_nearest", deadline: .seconds(60))
        return try result.map(Candidate.init(row:))
    }

    /// From the first moment of the earliest month to the last of the latest.
    private static func months(of partitions: [EmbeddingPartition]) -> [PostgresValue] {
        let from = partitions.compactMap(\.from).min()
        let to = partitions.compactMap(\.to).max()
        return [from.map { .timestamp($0) } ?? .text("-infinity"), to.map { .timestamp($0) } ?? .text("-infinity")]
    }

    /// The next ones, and those that are as near as the last of them: among equals the newest counts.
    private static func batch(_ rest: inout ArraySlice<Candidate>, size: Int) -> [Candidate] {
        var batch = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
        while let last = batch.last, let next = rest.first, next.distance == last.distance {
            batch.append(next)
            rest = rest.dropFirst()
        }
        return batch
    }

    // MARK: Events

    private static func expand(
        _ session: isolated PostgresConnection, _ candidates: [Candidate], _ filter: SearchFilter, limit: Int,
        _ expansion: Expansion, excluding excluded: EventID?
    ) throws -> [SearchHit] {
        let period = filter.timeConditions(from: 8)
        let perKey = (expansion == .newest ? 1 : limit) + (excluded == nil ? 0 : 1)
        let parameters: [PostgresValue] = [
            .textArray(candidates.map(\.key.connection.description)), .textArray(candidates.map(\.key.hexadecimal)),
            .textArray(candidates.map { $0.entityID ?? "" }), .textArray(candidates.map(\.eventType)),
            .textArray(candidates.map(\.timestamp.iso8601)), .int(Int64(perKey)), .int(Int64(reach)),
        ]
        let result = try session.query(
            SearchSQL.expand(period.sql, isTimed: filter.isTimed), parameters + period.parameters, name: "expand_keys",
            deadline: .seconds(60))
        let distances = Dictionary(candidates.map { ($0.key, $0.distance) }, uniquingKeysWith: min)
        var shown: Set<EventKey> = []
        let hits = try result.map { row in
            try SearchHit(row: row, score: 1 - (distances[try EventKey(row: row)] ?? 2))
        }
        return hits.sorted(by: SearchHit.isBefore).filter { hit in
            hit.eventID != excluded && (expansion == .each || shown.insert(hit.key).inserted)
        }
    }

    // MARK: Vectors as text

    private static func text(of vector: [Float]) -> String {
        "[" + vector.map { "\($0)" }.joined(separator: ",") + "]"
    }

    private static func vector(from text: String) -> [Float] {
        text.dropFirst().dropLast().split(separator: ",").compactMap { Float($0) }
    }
}
