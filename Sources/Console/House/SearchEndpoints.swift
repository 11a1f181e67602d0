import BridgeCore
import Search
import HummingbirdCore
import Store

/// `GET /search` and `GET /events/{id}/similar`.
enum SearchEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        endpoints.add(.get, "search", scope: .read) { call in
            let query = try call.query("q", "connection", "entity", "since", "until", "limit")
            guard let text = try query.text("q", limit: 500) else {
                throw Problem.invalid("The parameter q is missing.")
            }
            let scope = try Self.scope(query)
            _ = try await Houses(call).chosen(scope.connection)
            let service = try Self.service(call, services)
            return try await answered {
                try await service.search(SearchRequest(text: text, scope: scope))
            }
        }
        endpoints.add(.get, "events/:id/similar", scope: .read) { call in
            let id: EventID = try call.id()
            let query = try call.query("entity", "since", "until", "limit", "others")
            var scope = try Self.scope(query)
            scope.leavesOutSameEntity = try query.flag("others") ?? false
            let service = try Self.service(call, services)
            return try await answered { [scope] in try await service.similar(to: id, scope: scope) }
        }
    }

    private static func scope(_ query: QueryReader) throws(Problem) -> SearchScope {
        SearchScope(
            connection: try query.id("connection"), entity: try query.text("entity"), since: try query.time("since"),
            until: try query.time("until"), limit: try query.integer("limit", in: 1...50, or: 10))
    }

    private static func service(_ call: Call, _ services: ConsoleServices) throws(Problem) -> SearchService {
        guard let service = services.search(call.reader) else {
            throw Problem(
                503, "search_off",
                "The search by meaning is switched off. Set HA_BRIDGE_EMBEDDER to minilm or lexical and start the bridge again."
            )
        }
        return service
    }

    private static func answered(_ ask: () async throws -> SearchAnswer) async throws -> Response {
        do {
            return try .json(json(try await ask()))
        } catch let error as SearchError {
            throw problem(error)
        }
    }

    private static func json(_ answer: SearchAnswer) -> JSONValue {
        .object([
            "items": .array(answer.results.map(\.jsonValue)),
            "since": .time(answer.since),
            "until": .time(answer.until),
            "is_weekend": answer.isWeekend.map { .bool($0) } ?? .null,
            "period_is_from_question": .bool(answer.periodIsFromQuestion),
            "pending_events": .integer(Int64(answer.pendingEvents)),
        ])
    }

    private static func problem(_ error: SearchError) -> Problem {
        switch error.code {
        case .emptyQuestion: .unfit(error.message)
        case .unknownEvent: .notFound("event")
        case .notEmbedded: Problem(409, "not_embedded", error.message, retryAfter: 60)
        case .saysNothing: Problem(422, "says_nothing", error.message)
        }
    }
}
