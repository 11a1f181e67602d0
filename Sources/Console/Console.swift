import BridgeCore
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// The console: a page to look at, and the API beneath it.
///
/// It answers every request that is not one of the four pages of the process's health.
package struct Console: Sendable {
    /// Adds the endpoints of one area.
    typealias Area = @Sendable (inout Endpoints, ConsoleServices) -> Void

    private let routes: RouteTable
    private let logger: Logger
    /// The endpoints, as the OpenAPI document must name them.
    let documented: [String]

    /// Every area.
    static let areas: [Area] = [
        DocumentEndpoints.add, SessionEndpoints.add, AccountEndpoints.add, HouseEndpoints.add, GovernanceEndpoints.add,
    ]

    /// A console over `services`.
    package init(_ services: ConsoleServices, logger: Logger) {
        self.init(services, areas: Self.areas, logger: logger)
    }

    init(_ services: ConsoleServices, areas: [Area], logger: Logger) {
        var endpoints = Endpoints(services)
        for area in areas { area(&endpoints, services) }
        WebPages.add(to: &endpoints)
        documented = endpoints.documented
        routes = endpoints.routes
        self.logger = logger
    }

    /// The answer to a request; never throws for what a client can cause.
    package func respond(to request: Request, channel: any Channel) async -> Response {
        await respond(to: request, context: ConsoleContext(channel: channel))
    }

    func respond(to request: Request, context: ConsoleContext) async -> Response {
        var response: Response
        do {
            response = try await answer(request, context)
        } catch {
            response = Problem(error, logger: logger).response
        }
        for (name, value) in SecurityHeaders.all where response.headers[name] == nil { response.headers[name] = value }
        if request.method == .head { response.body = .init() }
        return response
    }

    private func answer(_ request: Request, _ context: ConsoleContext) async throws -> Response {
        switch routes.match(request.method, request.uri.path) {
        case .handler(let handler, let parameters):
            var context = context
            context.parameters = parameters
            return try await handler(request, context)
        case .methods(let methods):
            var allowed = methods.map(\.rawValue)
            if methods.contains(.get) { allowed.append("HEAD") }
            let list = allowed.sorted().joined(separator: ", ")
            var response = Problem(405, "method_not_allowed", "Here one may \(list).").response
            response.headers[.allow] = list
            return response
        case .nothing: throw Problem.notFound("page")
        }
    }
}
