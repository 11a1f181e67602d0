import BridgeConcurrency
import HummingbirdCore
import Logging
import NIOCore

/// Where requests for the console arrive. Until the database answers and its schema is the right one, it asks for patience.
package final class ConsoleDoor: Sendable {
    private let console = LockedBox<Console?>(nil)

    /// A door that is shut.
    package init() {}

    /// What answers the requests that arrive.
    package var responder: @Sendable (Request, any Channel) async -> Response {
        { [self] in await respond(to: $0, channel: $1) }
    }

    /// Opens it.
    package func open(_ services: ConsoleServices, logger: Logger) {
        let console = Console(services, logger: logger)
        self.console.withLock { $0 = console }
    }

    /// Shuts it, before what stands behind goes away.
    package func shut() { console.withLock { $0 = nil } }

    /// The console's answer, or the request to come back.
    package func respond(to request: Request, channel: any Channel) async -> Response {
        if let console = console.withLock({ $0 }) { return await console.respond(to: request, channel: channel) }
        var response = Problem(
            503, "starting", "The bridge starts, or waits for its database. Try again soon.", retryAfter: 2
        ).response
        for (name, value) in SecurityHeaders.all where response.headers[name] == nil { response.headers[name] = value }
        if request.method == .head { response.body = .init() }
        return response
    }
}
