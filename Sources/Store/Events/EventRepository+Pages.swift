import BridgeCore
import FoundationEssentials
import PostgresClient

/// Pages of events, each in a bounded time however many events are stored: every question is one that an index answers in the
/// order of time, or looks at a bounded number of events.
extension EventRepository {
    /// Entity ids of a pattern up to which each is asked for by itself.
    private static let entityLimit = 64
    /// Events looked at in a first window; each further one is twice as large.
    private static let firstWindow = 10_000
    /// No further window is begun after this long.
    private static let patience = Duration.milliseconds(60)

    /// The event of this id, or `nil`. One probe of each month.
    package func find(_ id: EventID) async throws -> StoredEvent? {
        try await events(
            """
            SELECT \(StoredEvent.columns)
            FROM home_assistant_events AS event
            LEFT JOIN home_assistant_connections AS connection ON connection.id = event.connection_id
            WHERE event.id = $1 LIMIT 1
            """, [.id(id)], name: "find_event"
        ).first
    }

    /// The newest events of `houses` that pass the filter, newest first, from behind `place` on.
    package func page(
        _ filter: EventFilter, houses: [ConnectionID], after place: EventPlace? = nil, limit: Int
    ) async throws -> EventPage {
        guard !houses.isEmpty, limit > 0 else { return EventPage(events: [], next: nil) }
        var rest = filter
        rest.connection = nil
        let question = Question(filter: rest, houses: houses, place: place, limit: limit + 1)
        if filter.source == nil, filter.type.map({ $0 == "state_changed" }) ?? true, let entity = filter.entity {
            if let ids = try await entities(like: entity, in: houses) {
                return Self.page(try await newest(question, of: ids), limit: limit)
            }
        } else if filter.source == nil, filter.entity == nil, filter.type != "state_changed" {
            return Self.page(try await newest(question, of: nil), limit: limit)
        }
        return try await searched(question, limit: limit)
    }

    private struct Question {
        var filter: EventFilter
        var houses: [ConnectionID]
        var place: EventPlace?
        var limit: Int
    }

    private static func page(_ events: [StoredEvent], limit: Int) -> EventPage {
        let shown = Array(events.prefix(limit))
        let last = shown.last.map { EventPlace(timestamp: $0.timestamp, id: $0.id) }
        return EventPage(events: shown, next: events.count > limit ? last : nil)
    }

    /// The entities that a pattern means; `nil` where they are many, or not known.
    private func entities(like pattern: String, in houses: [ConnectionID]) async throws -> [String]? {
        guard pattern.contains("*") || pattern.contains("?") else { return [StorableText.fitting(pattern)] }
        var found: Set<String> = []
        for house in houses {
            let ids = try await EntityRepository(pool).ids(
                of: house, like: EventFilter.like(StorableText.fitting(pattern)), limit: Self.entityLimit + 1)
            guard let ids else { return nil }
            found.formUnion(ids)
            if found.count > Self.entityLimit { return nil }
        }
        return found.sorted()
    }

    // MARK: Questions that an index answers

    /// The newest of each house, of each entity where `entities` are given, merged.
    private func newest(_ question: Question, of entities: [String]?) async throws -> [StoredEvent] {
        var filter = question.filter
        if entities != nil { filter.entity = nil }
        var builder = ConditionBuilder(filter, place: question.place)
        let houses = builder.add(.textArray(question.houses.map(\.description)))
        var sources = "unnest(\(houses)::uuid[]) AS house (id)"
        // Entities and rare types have indexes of their own.
        var own = "event.connection_id = house.id"
        var order = "event.timestamp DESC"
        if let entities {
            sources += " CROSS JOIN unnest(\(builder.add(.textArray(entities)))::text[]) AS wanted (entity_id)"
            own += " AND event.entity_id = wanted.entity_id"
        } else if question.filter.type.map({ $0 == "state_changed" }) ?? true {
            own = builder.rows(of: "house.id")
            order = HouseOrder.newestFirst
        }
        let limit = builder.add(.int(Int64(question.limit)))
        return try await events(
            """
            SELECT \(StoredEvent.columns)
            FROM \(sources)
            CROSS JOIN LATERAL (
                SELECT \(Self.innerColumns)
                FROM home_assistant_events AS event
                WHERE \(own) AND \(builder.conditions)
                ORDER BY \(order), event.id DESC
                LIMIT \(limit)
            ) AS event
            LEFT JOIN home_assistant_connections AS connection ON connection.id = event.connection_id
            ORDER BY event.timestamp DESC, event.id DESC
            LIMIT \(limit)
            """, builder.parameters, name: "page_events")
    }

    // MARK: Questions that none answers

    /// Looks through the events of the houses, window by window from the newest on, until there are enough or it took long enough.
    private func searched(_ question: Question, limit: Int) async throws -> EventPage {
        let start = ContinuousClock.now
        var found: [StoredEvent] = []
        var question = question
        var window = Self.firstWindow
        while true {
            let edge = try await self.edge(question, size: window)
            var part = question
            part.filter.since = [question.filter.since, edge].compactMap { $0 }.max()
            part.limit = limit + 1 - found.count
            found += try await newest(part, of: nil)
            if found.count > limit || edge == nil { return Self.page(found, limit: limit) }
            guard let edge else { break }
            // Behind every event of that moment: no id is smaller.
            question.place = EventPlace(timestamp: edge, id: Self.leastID)
            if ContinuousClock.now - start > Self.patience { break }
            window *= 2
        }
        return EventPage(events: found, next: question.place)
    }

    private static let leastID = EventID(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))

    /// The time of the event that ends a window of `size` events, whatever they are; `nil` where there are fewer.
    private func edge(_ question: Question, size: Int) async throws -> Timestamp? {
        var builder = ConditionBuilder(
            EventFilter(since: question.filter.since, until: question.filter.until), place: question.place)
        let houses = builder.add(.textArray(question.houses.map(\.description)))
        let each = builder.add(.int(Int64(max(1, size / question.houses.count))))
        let own = builder.rows(of: "house.id")
        let sql = """
            SELECT max(edge.timestamp) AS edge
            FROM unnest(\(houses)::uuid[]) AS house (id)
            CROSS JOIN LATERAL (
                SELECT event.timestamp
                FROM home_assistant_events AS event
                WHERE \(own) AND \(builder.conditions)
                ORDER BY \(HouseOrder.newestFirst)
                OFFSET \(each)::bigint - 1 LIMIT 1
            ) AS edge
            """
        let parameters = builder.parameters
        return try await pool.withConnection { session in
            try await session.query(sql, parameters, name: "event_window").first?.optionalTimestamp("edge")
        }
    }

    private func events(_ sql: String, _ parameters: [PostgresValue], name: String) async throws -> [StoredEvent] {
        try await pool.withConnection { session in
            try await session.query(sql, parameters, name: name).map(StoredEvent.init(row:))
        }
    }

    /// What `StoredEvent.columns` takes of the events, without their vectors.
    private static let innerColumns = """
        event.id, event.connection_id, event.event_type, event.entity_id, event.old_state, event.new_state, event.attributes,
        event.timestamp, event.created_at, event.value, event.source, event.context_id, event.context_parent_id,
        event.context_user_id
        """
}

/// The conditions of a filter and a place with their parameters, to which others can be added.
private struct ConditionBuilder {
    private(set) var conditions: String
    private(set) var parameters: [PostgresValue]
    /// The times between which all rows lie, both included.
    private let first: Timestamp?
    private let last: Timestamp?

    init(_ filter: EventFilter, place: EventPlace?) {
        (conditions, parameters) = filter.conditions
        first = filter.since
        last = place?.timestamp ?? filter.until
        guard let place else { return }
        let time = add(.timestamp(place.timestamp))
        // The first of the two leaves out months, which comparing rows does not.
        conditions +=
            " AND event.timestamp <= \(time)::timestamptz"
            + " AND (event.timestamp, event.id) < (\(time)::timestamptz, \(add(.id(place.id)))::uuid)"
    }

    /// The rows of one house, as `HouseOrder` says them. PostgreSQL refuses parameters that nothing uses, so these are added here.
    mutating func rows(of house: String) -> String {
        HouseOrder.rows(
            of: house, from: first.map { add(.timestamp($0)) } ?? "'-infinity'",
            to: last.map { add(.timestamp($0)) } ?? "'infinity'")
    }

    /// Adds a parameter and returns its `$number`.
    mutating func add(_ value: PostgresValue) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }
}
