import BridgeCore
import PostgresClient

/// Reads `home_assistant_events`. Methods throw `PostgresError`.
package struct EventRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The newest events that pass the filter, newest first.
    package func recent(_ filter: EventFilter = EventFilter(), limit: Int = 100) async throws -> [StoredEvent] {
        guard let connection = filter.connection, filter.entity == nil, filter.type == nil else {
            let (conditions, parameters) = filter.conditions
            return try await read(
                "\(conditions) ORDER BY event.timestamp DESC, event.id DESC", parameters, limit: limit,
                name: "recent_events")
        }
        var rest = filter
        rest.connection = nil
        let parameters: [PostgresValue] = [
            .id(connection), .optional(filter.since, PostgresValue.timestamp),
            .optional(filter.until, PostgresValue.timestamp),
        ]
        let (conditions, others) = rest.conditions(from: parameters.count + 1)
        let own = HouseOrder.rows(
            of: "$1::uuid", from: "coalesce($2::timestamptz, '-infinity')", to: "coalesce($3::timestamptz, 'infinity')")
        return try await read(
            "\(own) AND \(conditions) ORDER BY \(HouseOrder.newestFirst), event.id DESC", parameters + others,
            limit: limit, name: "recent_events_of_connection")
    }

    /// The events that came since `cursor`, oldest first, and moves the cursor behind them. Ask again at once while as many as
    /// `limit` come.
    ///
    /// What is stored more than `EventCursor.overlap` seconds after its own time, as a backfill is, is not given out.
    package func newer(
        than cursor: inout EventCursor, _ filter: EventFilter = EventFilter(), limit: Int = 1_000
    ) async throws -> [StoredEvent] {
        var filter = filter
        filter.since = max(filter.since ?? cursor.floor, cursor.floor)
        var (conditions, parameters) = filter.conditions
        parameters.append(.textArray(cursor.seenIDs.map(\.description)))
        conditions += " AND NOT (event.id = ANY($\(parameters.count)::uuid[]))"
        let events = try await read(
            "\(conditions) ORDER BY event.timestamp, event.id", parameters, limit: limit, name: "newer_events")
        cursor.advance(over: events)
        return events
    }

    /// How many events pass the filter. It counts them one by one.
    package func count(_ filter: EventFilter = EventFilter()) async throws -> Int {
        let (conditions, parameters) = filter.conditions
        return try await pool.withConnection { session in
            let result = try await session.query(
                "SELECT count(*) AS count FROM home_assistant_events AS event WHERE \(conditions)", parameters,
                name: "count_events")
            return try result.one { row throws(PostgresError) in try row.int("count") }
        }
    }

    private func read(
        _ conditionsAndOrder: String, _ parameters: [PostgresValue], limit: Int, name: String
    ) async throws -> [StoredEvent] {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT \(StoredEvent.columns)
                FROM home_assistant_events AS event
                LEFT JOIN home_assistant_connections AS connection ON connection.id = event.connection_id
                WHERE \(conditionsAndOrder)
                LIMIT $\(parameters.count + 1)
                """, parameters + [.int(Int64(max(0, limit)))], name: name)
            return try result.map(StoredEvent.init(row:))
        }
    }
}
