import TestSupport
import Testing

@testable import WebSocketTransport

@Suite(.timeLimit(.minutes(2)))
struct FailureTests {
    @Test(arguments: ["127.0.0.1", "::1"]) func tellsARefusedPort(address: String) async throws {
        let server = try FakeHomeAssistant(address: address)
        server.stop()
        let client = TestClient(try Shared.loop.get(), server.target())
        let closure = try #require(await client.closure())
        #expect(closure.kind == .refused)
        #expect(closure.message.contains("refused"))
        #expect(client.history.closures.count == 1)
        #expect(!client.history.isOpened)
    }

    @Test func refusesNamesThatWereNotResolvedAndBrokenTargets() async throws {
        let loop = try Shared.loop.get()
        let targets = [
            WebSocketTarget(address: "localhost", host: "localhost", port: 8123, isSecure: false),
            WebSocketTarget(address: "127.0.0.1", host: "", port: 8123, isSecure: true),
            WebSocketTarget(address: "127.0.0.1", host: "a\r\nX: y", port: 8123, isSecure: false),
            WebSocketTarget(address: "127.0.0.1", host: "a", port: 8123, isSecure: false, path: "api"),
            WebSocketTarget(address: "127.0.0.1", host: "a", port: 8123, isSecure: false, path: "/a b"),
            WebSocketTarget(address: "127.0.0.1", host: "a", port: 0, isSecure: false),
        ]
        for target in targets { #expect(await TestClient(loop, target).closure()?.kind == .local) }
    }

    @Test(arguments: [FakeBehaviour.Stall.upgrade, .tlsHandshake]) func timesOutOnASilentPeer(
        stall: FakeBehaviour.Stall
    ) async throws {
        let isSecure = stall == .tlsHandshake
        let certificate = try isSecure ? Shared.certificates.get().server(.valid) : nil
        let server = try FakeHomeAssistant(certificate: certificate)
        defer { server.stop() }
        server.update { $0.stall = stall }
        let clock = ContinuousClock()
        let start = clock.now
        let target = server.target(host: "localhost", isSecure: isSecure, timeout: .milliseconds(700))
        let closure = await TestClient(try Shared.trustingLoop.get(), target).closure()
        #expect(closure?.kind == .timeout)
        #expect(closure?.message.contains("0.7 s") == true)
        #expect(closure?.message.contains(isSecure ? "TLS" : "WebSocket") == true)
        let elapsed = clock.now - start
        #expect(elapsed > .milliseconds(600) && elapsed < .seconds(5))
    }

    @Test(arguments: [301, 302, 307]) func doesNotFollowRedirects(status: Int) async throws {
        let other = try FakeHomeAssistant()
        let server = try FakeHomeAssistant()
        defer {
            other.stop()
            server.stop()
        }
        let location = "Location: \(other.url)/api/websocket"
        server.update { $0.httpAnswer = FakeBehaviour.HTTPAnswer(status: status, headers: [location]) }
        let closure = await TestClient(try Shared.loop.get(), server.target()).closure()
        #expect(closure?.kind == .redirected(status))
        #expect(other.snapshot.connections.isEmpty)
    }

    @Test(arguments: [200, 400, 401, 403, 404, 502, 503]) func tellsTheStatusOfAFailedHandshake(
        status: Int
    ) async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update { $0.httpAnswer = FakeBehaviour.HTTPAnswer(status: status, body: "<secret of the peer>") }
        let closure = await TestClient(try Shared.loop.get(), server.target()).closure()
        #expect(closure?.kind == .httpStatus(status))
        #expect(closure?.message.contains("\(status)") == true)
        #expect(closure?.message.contains("secret") == false)
        if status == 403 { #expect(closure?.message.contains("banned") == true) }
    }

    @Test(arguments: [UInt16(1000), 1001, 1008, 4000]) func tellsTheCodeOfThePeersClose(code: UInt16) async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        server.closeAll(code: code)
        #expect(await client.closure()?.kind == .peerClosed(code: code))
        #expect(client.history.violations == 0)
        #expect(await server.wait { $0.connections.first?.isOpen == false })
    }

    @Test func tellsAResetInTheMiddleOfAMessage() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        try #require(server.connections.first).resetWithinFrame()
        #expect(await client.closure()?.kind == .reset)
        #expect(client.history.frames.count == 1)
    }

    @Test func tellsAnEndWithoutACloseFrame() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        server.connections.first?.drop()
        #expect(await client.closure()?.kind == .reset)
    }

    @Test func tellsABrokenProtocolFromABrokenLine() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        server.connections.first?.write(ServerFrame.encode([1, 2], opcode: .reserved))
        #expect(await client.closure()?.kind == .invalidFrame)
    }

    @Test func tellsAPeerThatIsNoWebServer() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update { $0.httpAnswer = FakeBehaviour.HTTPAnswer(status: 101) }
        let closure = await TestClient(try Shared.loop.get(), server.target()).closure()
        #expect(closure?.kind == .invalidFrame)
    }

    @Test func hangsUpOnAPeerThatWentSilent() async throws {
        var options = WebSocketEventLoopOptions()
        options.pingAfterSeconds = 1
        options.hangUpAfterSeconds = 2
        let loop = try WebSocketEventLoop(logger: Shared.logger, options: options)
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update { $0.answersWebSocketPings = false }
        let client = TestClient(loop, server.target())
        _ = await client.frames(1)
        let closure = await client.closure()
        #expect(closure?.kind == .timeout)
        #expect(server.snapshot.connections.first?.webSocketPings ?? 0 > 0)
        server.update { $0.answersWebSocketPings = true }
        let healthy = TestClient(loop, server.target())
        #expect(await healthy.opened())
        #expect(await server.wait { $0.connections.last?.webSocketPings ?? 0 >= 3 })
        #expect(healthy.history.closures.isEmpty)
        await loop.shutdown()
    }
}
