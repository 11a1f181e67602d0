import BridgeCore
import HTTPTypes
import HummingbirdCore
import Store

/// `GET /events/stream`: new events as they are stored, as server-sent events.
enum EventStreamEndpoint {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        add(to: &endpoints, services, hub: EventTailHub(EventRepository(services.system), logger: services.logger))
    }

    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices, hub: EventTailHub) {
        endpoints.add(.get, "events/stream", scope: .read) { call in
            let query = try call.query("connection", "entity", "type")
            let filter = TailFilter(
                connection: try query.id("connection"), entity: try query.text("entity"),
                type: try query.text("type", limit: 100))
            let houses = try await Houses(call)
            _ = try houses.chosen(filter.connection)
            let checks = Self.checks(call, services)
            let tail = try hub.open(filter, as: call.principal, sight: try await checks.sight(), checks: checks)
            return Response(
                status: .ok, headers: headers,
                body: .init { writer in
                    try await writer.write(ServerSentEvent.opening)
                    while let pieces = await tail.next() {
                        for piece in pieces { try await writer.write(piece) }
                    }
                    try await writer.finish(nil)
                })
        }
    }

    private static let headers: HTTPFields = {
        var fields: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"]
        // Proxies would otherwise wait for more.
        if let buffering = HTTPField.Name("X-Accel-Buffering") { fields[buffering] = "no" }
        return fields
    }()

    /// An administrator sees every house; of everybody else it is asked again and again.
    private static func checks(_ call: Call, _ services: ConsoleServices) -> EventTailHub.Checks {
        let (request, address) = (call.request.head, call.context.remoteAddress)
        let principal = call.principal
        return EventTailHub.Checks(
            sight: {
                guard principal.role != .admin else { return .everything }
                // Asked for anew: sessions that nobody uses are closed.
                let reader = await services.readers.pool(for: principal)
                return .houses(Set(try await ConnectionRepository(reader).houses().map(\.id)))
            },
            isAllowed: {
                do {
                    let now = try await services.authenticator.principal(
                        of: Request(head: request, body: .init(buffer: .init())), from: address)
                    return now.map { isSame($0, as: principal) } ?? false
                } catch is Problem {
                    return false
                }
            })
    }

    /// Whether the credential still is that of the one who opened the stream, with the same rights.
    private static func isSame(_ now: Principal, as principal: Principal) -> Bool {
        now.user == principal.user && now.role == principal.role && now.scopes.contains(.read)
    }
}
