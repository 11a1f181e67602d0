import BridgeCore
import Embedding
import PostgresClient
import Store

/// Searches what happened by its meaning.
///
/// Methods throw `PostgresError`, and `SearchError` for what a person can mend.
package struct SearchService: Sendable {
    private let events: SearchRepository
    private let connections: ConnectionRepository
    private let vectors: QueryVectors

    /// More hits than results are asked for first, because several may be one result.
    private static let hitsPerResult = 4
    /// So many hits are looked at in the end, if they do not make enough results before.
    private static let hitLimit = 4_000

    /// A service over `pool`; without an encoder words alone are compared.
    package init(pool: PostgresPool, encoder: (any SentenceEncoder)?) {
        events = SearchRepository(pool)
        connections = ConnectionRepository(pool)
        vectors = QueryVectors(encoder: encoder)
    }

    /// The events that answer a question best. `now` is the moment of the question, for "last night".
    ///
    /// A period that the question names narrows the search by the clock of the house: that of the connection asked for, else
    /// that of the first one by name; so does a kind of day ("at the weekend"). A time of day is a weight. Throws `.emptyQuestion`.
    package func search(_ request: SearchRequest, now: Timestamp = .now) async throws -> SearchAnswer {
        let houses = try await Houses(connections)
        let clock = houses.clock(of: request.scope.connection)
        let query = QueryParser(clock: clock, now: now).parse(request.text)
        guard request.text.contains(where: { $0.isLetter || $0.isNumber }), let vector = await vectors.vector(of: query)
        else { throw SearchError(.emptyQuestion) }
        let isExplicit = request.scope.since != nil || request.scope.until != nil
        let filter = SearchFilter(
            connection: request.scope.connection, entity: request.scope.entity,
            since: isExplicit ? request.scope.since : query.period?.lowerBound,
            until: isExplicit ? request.scope.until : query.period?.upperBound,
            weekdays: query.isWeekend.map { WeekdayFilter(isWeekend: $0, zone: clock.zone) })
        let results = try await collect(request.scope, filter, houses) { limit, expansion in
            try await events.search(vector: vector, filter: filter, limit: limit, expansion: expansion)
        }
        var answer = try await answer(results, filter, clock)
        answer.isWeekend = query.isWeekend
        answer.periodIsFromQuestion = !isExplicit && query.period != nil
        return answer
    }

    /// The events of the same connection that are most like one, without it. Throws `.unknownEvent` and `.notEmbedded`.
    package func similar(to event: EventID, scope: SearchScope = SearchScope()) async throws -> SearchAnswer {
        let houses = try await Houses(connections)
        guard let subject = try await events.subject(event) else { throw SearchError(.unknownEvent(event)) }
        guard let (vector, connection) = try await events.vector(of: event) else {
            throw SearchError(subject.hasKey ? .notEmbedded(event) : .saysNothing(event))
        }
        let filter = SearchFilter(
            connection: connection, entity: scope.entity,
            excludedEntity: scope.leavesOutSameEntity ? subject.entityID : nil,
            since: scope.since, until: scope.until)
        let results = try await collect(scope, filter, houses) { limit, expansion in
            try await events.search(
                vector: vector, filter: filter, limit: limit, expansion: expansion, excluding: event)
        }
        return try await answer(results, filter, houses.clock(of: connection))
    }

    // MARK: Results

    private func answer(
        _ results: [SearchResult], _ filter: SearchFilter, _ clock: HouseClock
    ) async throws -> SearchAnswer {
        SearchAnswer(
            results: results, since: filter.since, until: filter.until,
            sinceSecondsFromUTC: filter.since.map(clock.secondsFromUTC) ?? 0,
            untilSecondsFromUTC: filter.until.map(clock.secondsFromUTC) ?? 0,
            pendingEvents: try await events.pendingEvents(of: filter.connection))
    }

    /// As many results as the scope asks for, of as many hits as that takes.
    private func collect(
        _ scope: SearchScope, _ filter: SearchFilter, _ houses: Houses,
        _ hits: (_ limit: Int, _ expansion: SearchRepository.Expansion) async throws -> [SearchHit]
    ) async throws -> [SearchResult] {
        guard scope.limit > 0 else { return [] }
        if scope.listsEachEvent {
            return try await hits(scope.limit, .each).map { houses.result($0, isOne: true) }
        }
        var limit = scope.limit * Self.hitsPerResult
        while true {
            let found = try await hits(limit, .newest)
            var groups = HappeningGroups()
            for hit in found { groups.add(houses.result(hit, isOne: false)) }
            if groups.results.count >= scope.limit || found.count < limit || limit >= Self.hitLimit {
                let results = Array(groups.results.prefix(scope.limit))
                return try await withOtherTimes(results, found, filter)
            }
            limit = min(limit * 4, Self.hitLimit)
        }
    }

    /// Adds the times at which the same happened, from the keys that make up each result.
    private func withOtherTimes(
        _ results: [SearchResult], _ hits: [SearchHit], _ filter: SearchFilter
    ) async throws -> [SearchResult] {
        var results = results
        for index in results.indices where results[index].occurrences > results[index].otherTimes.count + 1 {
            let result = results[index]
            var times = Set(result.otherTimes)
            for hit in hits where HappeningGroups.belongs(hit, to: result) && hit.occurrences > 1 {
                let found = try await events.occurrences(
                    of: hit, filter: filter, limit: HappeningGroups.otherTimesLimit + 1)
                times.formUnion(found.map(\.timestamp))
            }
            times.remove(result.timestamp)
            results[index].otherTimes = Array(times.sorted(by: >).prefix(HappeningGroups.otherTimesLimit))
        }
        return results
    }
}

/// The connections with their clocks.
private struct Houses {
    private var names: [ConnectionID: String] = [:]
    private var clocks: [ConnectionID: HouseClock] = [:]
    private var first: HouseClock?

    init(_ repository: ConnectionRepository) async throws {
        for connection in try await repository.houses() {
            let clock = HouseClock(zone: connection.timeZone)
            names[connection.id] = connection.name
            clocks[connection.id] = clock
            if first == nil, connection.timeZone != nil { first = clock }
        }
    }

    func clock(of connection: ConnectionID?) -> HouseClock {
        connection.flatMap { clocks[$0] } ?? first ?? HouseClock(zone: nil)
    }

    func result(_ hit: SearchHit, isOne: Bool) -> SearchResult {
        let connection = hit.key.connection
        return SearchResult(
            eventID: hit.eventID, connection: connection, connectionName: names[connection],
            timestamp: hit.timestamp, secondsFromUTC: clock(of: connection).secondsFromUTC(at: hit.timestamp),
            eventType: hit.eventType, entityID: hit.entityID, area: hit.area, text: hit.text ?? "",
            oldState: hit.oldState, newState: hit.newState, score: hit.score,
            occurrences: isOne ? 1 : hit.occurrences)
    }
}
