import HTTPTypes
import HummingbirdCore

/// Takes the endpoints of the API: each with who may call it, so that none is open by oversight.
///
/// Paths are relative to `/api/v1` and name parameters as `:id`.
struct Endpoints {
    /// Methods and paths as they stand in the OpenAPI document: `GET /events/{id}`.
    private(set) var documented: [String] = []
    private(set) var routes = RouteTable()

    private let services: ConsoleServices

    init(_ services: ConsoleServices) { self.services = services }

    /// Adds an endpoint for whoever has `scope`. What changes something takes `.govern` or `.account`.
    mutating func add(
        _ method: HTTPRequest.Method, _ path: String, scope: AccessScope,
        _ handler: @escaping @Sendable (Call) async throws -> Response
    ) {
        let services = services
        addOpen(method, path) { request, context in
            let principal = try await services.authenticator.principal(of: request, from: context.remoteAddress)
            guard let principal else { throw Problem.signInNeeded }
            guard principal.scopes.contains(scope) else {
                throw Problem(
                    403, "not_allowed", "Your role or token does not allow this: it needs “\(scope.rawValue)”.")
            }
            // One decides about one's own houses, not about those that one may look at.
            let reader = await services.readers.pool(for: principal, sharedHouses: scope == .read)
            return try await handler(Call(request: request, context: context, principal: principal, reader: reader))
        }
    }

    /// Adds an endpoint for anybody: the sign-in, the document of the API.
    mutating func addOpen(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping RouteTable.Handler) {
        routes.add(method, "/api/v1/" + path, handler)
        let parts = path.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
        documented.append("\(method.rawValue) /\(parts.joined(separator: "/"))")
    }

    /// Adds a file of the page, for anybody.
    mutating func addPage(_ path: String, _ handler: @escaping RouteTable.Handler) { routes.add(.get, path, handler) }
}
