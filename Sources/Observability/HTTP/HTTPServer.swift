import BridgeConcurrency
import Glibc
import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Answers `/livez`, `/readyz`, `/healthz` and `/metrics`, and passes every other request on to the console.
///
/// One event loop thread of its own, so that a busy process still answers. `run` returns after a graceful shutdown, within two
/// seconds whatever clients do, and throws `HTTPServerError` when it cannot listen at the start. Without a free descriptor,
/// clients wait in the kernel's queue. Should the listening socket itself break, it is opened again: a service that returned
/// would end the process.
package struct HTTPServer: Service {
    private let address: HTTPAddress
    private let pages: HTTPPages
    private let logger: Logger
    private let deadlines: ConnectionDeadlines.Limits
    private let onListening: @Sendable (HTTPAddress) -> Void
    private let console: Responder?
    private let identity: HTTPIdentity?

    /// What answers the requests for anything else. It throws for nothing that a client can cause.
    package typealias Responder = @Sendable (Request, any Channel) async -> Response

    /// Lives as long as the process: the server below lets go of its last parts some time after its `run` has returned, and they
    /// trap when their loop is gone by then.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// No page needs more than this of a client's headers.
    private static let headerLimit = 16 * 1_024
    /// Connections served at once; further ones wait in the kernel's queue.
    private static let connectionLimit = 512
    /// Requests and live tails of the console at once. Beyond it the console asks for patience, so that a probe of the process's
    /// health always finds a place.
    private static let consoleLimit = 384

    /// A server for `address`. `onListening` hears the address that it really got, which tells the port when 0 was asked for.
    package init(
        address: HTTPAddress, health: HealthRegistry, metrics: MetricsRegistry, logger: Logger,
        identity: HTTPIdentity? = nil, console: Responder? = nil,
        onListening: @escaping @Sendable (HTTPAddress) -> Void = { _ in }
    ) {
        self.init(
            address: address, health: health, metrics: metrics, logger: logger, deadlines: .init(),
            identity: identity, console: console,
            onListening: onListening)
    }

    init(
        address: HTTPAddress, health: HealthRegistry, metrics: MetricsRegistry, logger: Logger,
        deadlines: ConnectionDeadlines.Limits, identity: HTTPIdentity? = nil, console: Responder? = nil,
        onListening: @escaping @Sendable (HTTPAddress) -> Void
    ) {
        self.address = address
        pages = HTTPPages(health: health, metrics: metrics)
        self.logger = logger
        self.deadlines = deadlines
        self.console = console
        self.identity = identity
        self.onListening = onListening
    }

    package func run() async throws {
        try await serve(on: Self.group)
    }

    /// Serves until shutdown, starting again when the server gives up by itself.
    private func serve(on group: MultiThreadedEventLoopGroup) async throws {
        let hasStarted = LockedBox(false)
        while true {
            do {
                try await serveOnce(on: group) { hasStarted.withLock { $0 = true } }
            } catch is CancellationError {
                return
            } catch {
                let problem = Self.problem(error, address)
                guard hasStarted.withLock({ $0 }) else { throw problem }
                logger.warning("Cannot serve HTTP.", metadata: [LoggingKeys.error: "\(problem)"])
            }
            if Task.isShuttingDownGracefully || Task.isCancelled { return }
            logger.warning("The HTTP server stopped by itself. Starting it again in 1 s.")
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
            if Task.isShuttingDownGracefully || Task.isCancelled { return }
        }
    }

    private func serveOnce(
        on group: MultiThreadedEventLoopGroup, started: @escaping @Sendable () -> Void
    ) async throws {
        let server = try makeServer(on: group, started: started)
        let patience = deadlines.farewell
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.run() }
            tasks.addTask {
                // Only a shutdown ends this wait; then clients have their time, and what is left after it is cut off.
                try? await gracefulShutdown()
                try await Task.sleep(for: .nanoseconds(patience.nanoseconds) + .milliseconds(500))
            }
            try await tasks.next()
            tasks.cancelAll()
        }
    }

    private func makeServer(
        on group: MultiThreadedEventLoopGroup, started: @escaping @Sendable () -> Void
    ) throws -> any Service {
        // The server below reports each start and each odd client; people need neither.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, logger.logLevel <= .debug ? .debug : .error)
        let (pages, limits, console) = (pages, deadlines, console)
        let (visitors, crowd) = (LockedBox(0), LockedBox(0))
        var builder = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionDeadlines(limits: limits, crowd: crowd)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: Self.headerLimit, maxHeaderListSize: Self.headerLimit, maxHeaderFieldCount: 64)
            ))
        if let identity { builder = try .tls(builder, tlsConfiguration: identity.configuration) }
        return try builder.buildServer(
            configuration: .init(
                address: .hostname(address.host, port: address.port), backlog: 128,
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionLimit, logger: quiet)),
            eventLoopGroup: group, logger: quiet,
            responder: { request, writer, channel in
                if let console, !HTTPPages.contains(request.uri.path) {
                    let hasPlace = visitors.withLock { visitors in
                        guard visitors < Self.consoleLimit else { return false }
                        visitors += 1
                        return true
                    }
                    guard hasPlace else { return try await Self.respond(.crowded, to: request, with: writer) }
                    defer { visitors.withLock { $0 -= 1 } }
                    let response = await console(request, channel)
                    try await writer.write(response: response.head, body: response.body)
                } else {
                    let page = pages.page(method: request.method.rawValue, path: request.uri.path)
                    try await Self.respond(page, to: request, with: writer)
                }
            },
            onServerRunning: { channel in
                started()
                let port = channel.localAddress?.port ?? address.port
                let actual = HTTPAddress(host: address.host, port: port)
                logger.notice("Listening for HTTP.", metadata: [LoggingKeys.httpAddress: "\(actual)"])
                onListening(actual)
            })
    }

    private static func respond(
        _ page: HTTPPage, to request: Request, with writer: consuming ResponseWriter
    ) async throws {
        let body = ByteBuffer(string: page.body)
        var head = HTTPResponse(status: .init(code: page.status))
        head.headerFields[.contentType] = page.contentType
        head.headerFields[.contentLength] = String(body.readableBytes)
        head.headerFields[.cacheControl] = "no-store"
        head.headerFields[.xContentTypeOptions] = "nosniff"
        if let allow = page.allow { head.headerFields[.allow] = allow }
        let isHead = request.method == .head
        try await writer.write(response: head, body: isHead ? .init() : .init(byteBuffer: body))
    }

    /// The sentence for a failure to listen.
    static func problem(_ error: any Error, _ address: HTTPAddress) -> HTTPServerError {
        let advice = "Set HA_BRIDGE_HTTP_ADDRESS to another one."
        let number = (error as? IOError)?.errnoCode
        switch number {
        case EADDRINUSE:
            return .init(
                code: .addressInUse,
                message: "Cannot listen on \(address): another process uses this port. Stop it, or \(lowered(advice))")
        case EADDRNOTAVAIL, EAFNOSUPPORT:
            return .init(
                code: .addressNotAvailable,
                message: "Cannot listen on \(address): this machine does not have this address. \(advice)")
        case EACCES, EPERM:
            return .init(
                code: .permissionDenied,
                message: "Cannot listen on \(address): ports below 1024 are not open to this user. \(advice)")
        case .some(let number):
            let reason = String(cString: strerror(number))
            return .init(code: .other, message: "Cannot listen on \(address): \(reason). \(advice)")
        case nil where error is SocketAddressError || error is SocketAddressError.UnknownHost:
            return .init(
                code: .unknownHost, message: "Cannot listen on \(address): the host name is not known. \(advice)")
        case nil:
            return .init(code: .other, message: "Cannot listen on \(address): \(error). \(advice)")
        }
    }

    private static func lowered(_ sentence: String) -> String { sentence.prefix(1).lowercased() + sentence.dropFirst() }
}
