import BridgeCore
import HummingbirdCore
import Store

/// `GET /events` and `GET /events/{id}`.
enum EventEndpoints {
    /// Where events come from.
    enum Source: String, CaseIterable {
        case live, snapshot, backfill
        case imported = "import"
    }

    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        endpoints.add(.get, "events", scope: .read) { call in try await list(call) }
        endpoints.add(.get, "events/:id", scope: .read) { call in
            _ = try call.query()
            guard let event = try await EventRepository(call.reader).find(try call.id()) else {
                throw Problem.notFound("event")
            }
            return .jsonText(event.json)
        }
    }

    private static func list(_ call: Call) async throws -> Response {
        let query = try call.query(
            "connection", "entity", "type", "source", "since", "until", "limit", "cursor")
        let limit = try query.integer("limit", in: 1...200, or: 50)
        let filter = EventFilter(
            connection: try query.id("connection"), entity: try query.text("entity"),
            type: try query.text("type", limit: 100), source: try query.word("source", as: Source.self)?.rawValue,
            since: try query.time("since"), until: try query.time("until"))
        let place = try query.cursor().map { cursor throws(Problem) in try Self.place(cursor) }
        let houses = try await Houses(call).chosen(filter.connection)
        let page = try await EventRepository(call.reader).page(
            filter, houses: houses.map(\.id), after: place, limit: limit)
        // The text of each event as the database holds it: no number is rounded on the way.
        let next = page.next.map { PageCursor(after: String($0.timestamp.microseconds), $0.id.description).text }
        let items = page.events.map(\.json).joined(separator: ",")
        return .jsonText("{\"items\":[\(items)],\"next_cursor\":\(next.map { "\"\($0)\"" } ?? "null")}")
    }

    /// The moments that the database can hold and an answer can show.
    private static let moments = Int64(-62_135_596_800_000_000)...Int64(253_402_300_799_999_999)

    /// The place that a cursor of a time and an id means.
    static func place(_ cursor: PageCursor) throws(Problem) -> EventPlace {
        let parts = try cursor.parts(2)
        guard let time = Int64(parts[0]), moments.contains(time), let id = EventID(parts[1]) else {
            throw PageCursor.foreign
        }
        return EventPlace(timestamp: Timestamp(microseconds: time), id: id)
    }
}
