import BridgeConcurrency
import BridgeCore
import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import Observability

@Suite struct HTTPServerTests {
    private let health = HealthRegistry(version: "1", live: [.writer: .seconds(30)], ready: [.database])
    private let metrics = MetricsRegistry()
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let quick = ConnectionDeadlines.Limits(
        greeting: .milliseconds(400), idle: .milliseconds(400), exchange: .milliseconds(400),
        farewell: .milliseconds(300))

    /// Runs a server while `body` runs with its port; returns how long the shutdown took.
    @discardableResult
    private func withServer(
        host: String = "127.0.0.1", deadlines: ConnectionDeadlines.Limits = .init(), identity: HTTPIdentity? = nil,
        console: HTTPServer.Responder? = nil,
        _ body: @Sendable (Int) async throws -> Void
    ) async throws -> Duration {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let server = HTTPServer(
            address: HTTPAddress(host: host, port: 0), health: health, metrics: metrics, logger: Self.quiet,
            deadlines: deadlines, identity: identity, console: console
        ) { continuation.yield($0.port) }
        let group = ServiceGroup(configuration: .init(services: [server], logger: Self.quiet))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            guard let port = await ports.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw CancellationError()
            }
            do {
                try await body(port)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            let start = ContinuousClock.now
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return ContinuousClock.now - start
        }
    }

    private func get(
        _ path: String, port: Int, method: String = "GET", v6: Bool = false, headers: String = ""
    ) async throws -> String {
        let client = try #require(RawClient(port: port, v6: v6))
        await client.send("\(method) \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(headers)\r\n")
        return try #require(await client.receive())
    }

    @Test func answersEachPage() async throws {
        metrics.counter("ha_bridge_a_total", "A.").increment()
        try await withServer { (port: Int) async throws -> Void in
            #expect(try await get("/livez", port: port).hasPrefix("HTTP/1.1 200 OK\r\n"))
            let unready = try await get("/readyz?verbose", port: port)
            #expect(unready.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(unready.hasSuffix("\r\n\r\ndatabase: Not checked yet.\n"))
            health.setReadiness(.database, .ok)
            #expect(try await get("/readyz", port: port).hasSuffix("\r\n\r\nok\n"))
            let picture = try await get("/healthz", port: port)
            #expect(picture.contains("Content-Type: application/json\r\n"))
            #expect(picture.contains("\"status\":\"ok\""))
            let numbers = try await get("/metrics", port: port)
            #expect(numbers.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(numbers.hasSuffix("ha_bridge_a_total 1\n"))
        }
    }

    @Test func refusesWhatItDoesNotHave() async throws {
        try await withServer { (port: Int) async throws -> Void in
            let missing = try await get("/nothing", port: port)
            #expect(missing.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
            #expect(missing.contains("\"error\":\"not_found\""))
            for path in ["/", "//livez", "/livez/", "/%6Civez", "/../livez", "/LIVEZ", "*"] {
                #expect(try await get(path, port: port).hasPrefix("HTTP/1.1 404"), "\(path)")
            }
            let posted = try await get("/livez", port: port, method: "POST", headers: "Content-Length: 0\r\n")
            #expect(posted.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
            #expect(posted.contains("Allow: GET, HEAD\r\n"))
            let head = try await get("/livez", port: port, method: "HEAD")
            #expect(head.contains("Content-Length: 3\r\n") && head.hasSuffix("\r\n\r\n"))
            #expect(
                try await get("/livez", port: port, headers: "X: \(String(repeating: "x", count: 20_000))\r\n")
                    .hasPrefix("HTTP/1.1 400"))
            let client = try #require(RawClient(port: port))
            await client.send("nonsense\r\n\r\n")
            #expect(try #require(await client.receive()).hasPrefix("HTTP/1.1 400"))
        }
    }

    /// An answer of server-sent events: `count` of them with pauses, then silence until the client is gone.
    private static func tail(_ count: Int, pause: Duration) -> HTTPServer.Responder {
        { request, _ in
            Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: .init { writer in
                    for number in 0..<count {
                        try await writer.write(ByteBuffer(string: "data: \(number)\n\n"))
                        try await Task.sleep(for: pause)
                    }
                    try await Task.sleep(for: .seconds(30))
                    try await writer.finish(nil)
                })
        }
    }

    @Test func aLiveTailOutlastsTheDeadlineOfAnAnswerAndEndsWithSilence() async throws {
        var deadlines = Self.quick
        deadlines.exchange = .milliseconds(200)
        deadlines.silence = .milliseconds(800)
        try await withServer(deadlines: deadlines, console: Self.tail(10, pause: .milliseconds(100))) { port in
            let client = try #require(RawClient(port: port))
            await client.send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = try #require(await client.receive(), "The silent tail was not ended.")
            #expect(answer.contains("data: 0") && answer.contains("data: 9"))
        }
    }

    @Test func aTailIsNoWayAroundTheDeadlineOfABody() async throws {
        var deadlines = Self.quick
        deadlines.silence = .seconds(60)
        try await withServer(deadlines: deadlines, console: Self.tail(300, pause: .milliseconds(50))) { port in
            let client = try #require(RawClient(port: port))
            await client.send("POST /events HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nx")
            #expect(await client.receive() != nil, "A body that never came was waited for.")
        }
    }

    @Test func whoSaysNothingLeavesSoonerWhenManyAreThere() async throws {
        var deadlines = ConnectionDeadlines.Limits()
        deadlines.crowd = 2
        deadlines.crowdedPatience = .milliseconds(200)
        try await withServer(deadlines: deadlines) { port in
            let clients = try (0..<3).map { _ in try #require(RawClient(port: port)) }
            let last = try #require(clients.last)
            #expect(await last.receive(seconds: 8) != nil, "The third was not asked to leave.")
        }
    }

    @Test func aCrowdOfTheConsoleLeavesAPlaceForProbes() async throws {
        let (releases, release) = AsyncStream<Void>.makeStream()
        let waiting = LockedBox(0)
        let console: HTTPServer.Responder = { _, _ in
            waiting.withLock { $0 += 1 }
            for await _ in releases {}
            return Response(status: .noContent)
        }
        try await withServer(console: console) { (port: Int) async throws -> Void in
            defer { release.finish() }
            let descriptors = (0..<384).compactMap { _ in RawClient.connected(port: port) }
            defer { for descriptor in descriptors { close(descriptor) } }
            #expect(descriptors.count == 384)
            let request = Array("GET /api/v1/session HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
            for descriptor in descriptors {
                #expect(Glibc.send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count)
            }
            for _ in 0..<500 where waiting.withLock({ $0 }) < 384 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(waiting.withLock { $0 } == 384)
            let refused = try await get("/api/v1/session", port: port)
            #expect(refused.hasPrefix("HTTP/1.1 503 "), "\(refused)")
            for _ in 0..<5 { #expect(try await get("/livez", port: port).hasPrefix("HTTP/1.1 200 OK\r\n")) }
            #expect(waiting.withLock { $0 } == 384)
        }
    }

    @Test func whoseSocketTakesNothingIsCutOffFromALiveTail() async throws {
        var deadlines = Self.quick
        deadlines.silence = .milliseconds(500)
        let ended = LockedBox(false)
        let console: HTTPServer.Responder = { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: .init { writer in
                    defer { ended.withLock { $0 = true } }
                    // More than any socket holds, in pieces, for as long as they are taken.
                    let piece = ByteBuffer(string: "data: " + String(repeating: "x", count: 65_536) + "\n\n")
                    while true { try await writer.write(piece) }
                })
        }
        try await withServer(deadlines: deadlines, console: console) { port in
            let deaf = try #require(RawClient(port: port, receiveBuffer: 4_096))
            await deaf.send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
            for _ in 0..<1_000 where !ended.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
            #expect(ended.withLock { $0 }, "The tail of a client that takes nothing goes on.")
        }
    }

    @Test func refusesAnIdentityThatIsNone() throws {
        #expect {
            _ = try HTTPIdentity(certificate: "/nowhere.pem", privateKey: "/nowhere.key")
        } throws: { error in
            (error as? HTTPServerError)?.code == .badIdentity && "\(error)".contains("/nowhere.pem")
        }
    }

    @Test func keepsAConnectionForTheNextRequest() async throws {
        try await withServer { (port: Int) async throws -> Void in
            let client = try #require(RawClient(port: port))
            for _ in 0..<3 {
                await client.send("GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try #require(await client.receive { $0.hasSuffix("ok\n") }).hasPrefix("HTTP/1.1 200"))
            }
            await client.send("GET /livez HTTP/1.1\r\nHost: h\r\n\r\nGET /nothing HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(await client.receive { $0.contains("200 OK") && $0.contains("404 Not Found") } != nil)
        }
    }

    @Test func listensOnIPv6() async throws {
        try await withServer(host: "::1") { (port: Int) async throws -> Void in
            #expect(try await get("/livez", port: port, v6: true).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func saysThatAPortIsTaken() async throws {
        try await withServer { (port: Int) async throws -> Void in
            let second = HTTPServer(
                address: HTTPAddress(host: "127.0.0.1", port: port), health: health, metrics: metrics,
                logger: Self.quiet)
            let error = await #expect(throws: HTTPServerError.self) { try await second.run() }
            #expect(error?.code == .addressInUse)
            #expect(
                error?.message == "Cannot listen on 127.0.0.1:\(port): another process uses this port. "
                    + "Stop it, or set HA_BRIDGE_HTTP_ADDRESS to another one.")
        }
    }

    @Test(arguments: [("192.0.2.1", HTTPServerError.Code.addressNotAvailable), ("no-such-host.invalid", .unknownHost)])
    func saysThatItCannotListen(host: String, code: HTTPServerError.Code) async {
        let server = HTTPServer(
            address: HTTPAddress(host: host, port: 0), health: health, metrics: metrics, logger: Self.quiet)
        let error = await #expect(throws: HTTPServerError.self) { try await server.run() }
        #expect(error?.code == code, "\(error?.message ?? "")")
    }

    @Test func cutsOffClientsThatTrickle() async throws {
        for index in 0..<2_000 {
            _ = metrics.gauge("ha_bridge_long", "L.", labels: ["x": String(repeating: "x", count: 2_000) + "\(index)"])
        }
        try await withServer(deadlines: Self.quick) { (port: Int) async throws -> Void in
            // Says nothing; half a header; a header a byte at a time; a body a byte at a time; reads nothing.
            let silent = try #require(RawClient(port: port))
            let half = try #require(RawClient(port: port))
            await half.send("GET /livez HTTP/1.1\r\nHo")
            let head = try #require(RawClient(port: port))
            await head.send("GET /livez HTTP/1.1\r\nX: ")
            let body = try #require(RawClient(port: port))
            await body.send("POST /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
            let deaf = try #require(RawClient(port: port, receiveBuffer: 4_096))
            await deaf.send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
            var refused = (head: false, body: false)
            for _ in 0..<40 where !(refused.head && refused.body) {
                try await Task.sleep(for: .milliseconds(100))
                if !(await head.send("x")) { refused.head = true }
                if !(await body.send("x")) { refused.body = true }
            }
            #expect(refused.head && refused.body)
            #expect(await silent.receive() == "")
            #expect(await half.receive() == "")
            // Whatever it got, it was not all of it; a reset may even take back what lay in the socket.
            let partial = try #require(await deaf.receive())
            #expect(partial.utf8.count < 4_000_000)
            #expect(try await get("/livez", port: port).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func servesMoreClientsThanItAcceptsAtOnce() async throws {
        try await withServer(deadlines: Self.quick) { (port: Int) async throws -> Void in
            let held = (0..<80).compactMap { _ in RawClient(port: port) }
            #expect(held.count == 80)
            #expect(try await get("/livez", port: port).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func stopsQuicklyWhateverClientsDo() async throws {
        for index in 0..<2_000 {
            _ = metrics.gauge("ha_bridge_long", "L.", labels: ["x": String(repeating: "x", count: 2_000) + "\(index)"])
        }
        let clients = LockedBox<[RawClient]>([])
        let duration = try await withServer { (port: Int) async throws -> Void in
            let kept = try #require(RawClient(port: port))
            await kept.send("GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = await kept.receive { $0.hasSuffix("ok\n") }
            let half = try #require(RawClient(port: port))
            await half.send("GET /livez HTTP/1.1\r\nHo")
            let body = try #require(RawClient(port: port))
            await body.send("POST /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nx")
            let deaf = try #require(RawClient(port: port, receiveBuffer: 4_096))
            await deaf.send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
            let silent = try #require(RawClient(port: port))
            try await Task.sleep(for: .milliseconds(300))
            clients.withLock { $0 = [kept, half, body, deaf, silent] }
        }
        #expect(duration < .seconds(2))
    }

    @Test(arguments: [
        ("127.0.0.1:8099", "127.0.0.1", 8_099, true), ("[::1]:0", "::1", 0, true),
        ("0.0.0.0:80", "0.0.0.0", 80, false), ("localhost:1", "localhost", 1, true),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1, false),
    ])
    func readsAddresses(text: String, host: String, port: Int, loopback: Bool) throws {
        let address = try #require(HTTPAddress(text))
        #expect(address.host == host && address.port == port && address.isLoopback == loopback)
        #expect(address.description == text)
    }
}
