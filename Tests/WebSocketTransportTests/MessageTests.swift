import BridgeCore
import TestSupport
import Testing

@testable import WebSocketTransport

@Suite(.timeLimit(.minutes(2)))
struct MessageTests {
    @Test func exchangesMessagesBothWays() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        #expect(await client.opened())
        client.send(#"{"type":"auth","access_token":"fake-token"}"#)
        client.send(#"{"id":1,"type":"ping"}"#)
        _ = await client.frames(3)
        #expect(
            client.history.texts == [
                #"{"type":"auth_required","ha_version":"2025.4.4"}"#, #"{"type":"auth_ok","ha_version":"2025.4.4"}"#,
                #"{"id":1,"type":"pong"}"#,
            ])
        client.close(reason: "done")
        #expect(await client.closure()?.kind == .local)
        #expect(await server.wait { $0.connections.first?.closeCode == 1000 })
        #expect(client.history.violations == 0)
    }

    @Test func asksForTheRightHostAndOffersNoCompression() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target(host: "homeassistant.test"))
        #expect(await client.opened())
        let head = server.snapshot.connections.first?.requestHead.lowercased() ?? ""
        #expect(head.hasPrefix("get /api/websocket http/1.1"))
        #expect(head.contains("host: homeassistant.test:\(server.port)"))
        #expect(!head.contains("extensions"))
        #expect(!head.contains("deflate"))
    }

    @Test func deliversTenMegabytesAsOneFrame() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        let payload = (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) & 0x7F }
        #expect(server.connections.first?.write(ServerFrame.encode(payload)) == true)
        let frames = await client.frames(2)
        #expect(frames.count == 2)
        #expect(frames.last == payload)
    }

    @Test(arguments: [1, 2, 7, 1000]) func putsFragmentsTogether(pieces: Int) async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        let payload = Array((0..<20_000).map { "grün \($0)" }.joined(separator: " ").utf8)
        let connection = try #require(server.connections.first)
        connection.write(ServerFrame.fragmented(payload, pieces: pieces))
        connection.write(ServerFrame.text("next"))
        #expect(await client.frames(3).dropFirst() == [payload, Array("next".utf8)])
    }

    @Test func deliversControlFramesBetweenFragmentsWithoutHarm() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        let connection = try #require(server.connections.first)
        connection.write(ServerFrame.encode(Array("one ".utf8), isFinal: false))
        connection.ping(Array("are you there".utf8))
        connection.write(ServerFrame.encode(Array("two".utf8), opcode: .continuation))
        #expect(await client.frames(2).last == Array("one two".utf8))
    }

    @Test func deliversEmptyMessagesAndSkipsBinaryOnes() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        let connection = try #require(server.connections.first)
        connection.write(ServerFrame.encode([1, 2, 3], opcode: .binary))
        connection.send("")
        connection.send("after")
        #expect(await client.frames(3).dropFirst() == [[], Array("after".utf8)])
    }

    @Test func passesInvalidUTF8OnAndKeepsTheConnection() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        let connection = try #require(server.connections.first)
        connection.sendInvalidUTF8()
        connection.send("still here")
        let frames = await client.frames(3)
        #expect(frames.count == 3)
        #expect(frames[1].contains(0xC3))
        #expect(frames.last == Array("still here".utf8))
    }

    @Test func closesWhenAMessageGrowsPastTheLimit() async throws {
        var options = WebSocketEventLoopOptions()
        options.maximumMessageBytes = 1 << 20
        let loop = try WebSocketEventLoop(logger: Shared.logger, options: options)
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let endless = TestClient(loop, server.target())
        _ = await endless.frames(1)
        let connection = try #require(server.connections.first)
        let sent = connection.sendEndlessly(pieceBytes: 100_000, limit: 200_000_000)
        #expect(await endless.closure()?.kind == .messageTooBig)
        #expect(sent < 200_000_000)
        let announced = TestClient(loop, server.target())
        _ = await announced.frames(1)
        server.connections.last?.announce(length: 1 << 62, sent: 200_000)
        #expect(await announced.closure()?.kind == .messageTooBig)
        #expect(await server.wait { $0.connections.last?.closeCode == 1009 })
        let good = TestClient(loop, server.target())
        _ = await good.frames(1)
        server.connections.last?.write(ServerFrame.encode(Array(repeating: UInt8(0x61), count: 1 << 20)))
        #expect(await good.frames(2).last?.count == 1 << 20)
        await loop.shutdown()
    }

    @Test func sendsASecretWithoutShowingIt() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        let message = WebSocketMessage.secret(
            prefix: Array(#"{"type":"auth","access_token":""#.utf8), Secret(Array("fake-token".utf8)),
            suffix: Array(#""}"#.utf8))
        #expect(!"\(message)".contains("fake-token"))
        client.send(message)
        #expect(await server.wait { !$0.authenticated.isEmpty })
    }

    @Test func sendsLargeMessagesInOrder() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update { $0.stall = .authAnswer }
        let client = TestClient(try Shared.loop.get(), server.target())
        _ = await client.frames(1)
        let texts = (0..<40).map { "\"\($0) " + String(repeating: "x", count: $0 % 5 == 0 ? 900_000 : 10) + "\"" }
        for text in texts { client.send(text) }
        #expect(await server.wait(.seconds(20)) { $0.connections.first?.messages.count == 40 })
        #expect(server.snapshot.connections.first?.messages == texts)
    }

    @Test func sendsWhatWasQueuedBeforeTheHandshakeOnlyAfterIt() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target())
        client.send(#"{"type":"auth","access_token":"fake-token"}"#)
        #expect(await server.wait { !$0.authenticated.isEmpty })
        #expect(server.snapshot.connections.first?.isUpgraded == true)
    }

    @Test func givesUpAPeerThatDoesNotRead() async throws {
        var options = WebSocketEventLoopOptions()
        options.maximumQueuedBytes = 1 << 20
        let loop = try WebSocketEventLoop(logger: Shared.logger, options: options)
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update { $0.stall = .upgrade }
        let client = TestClient(loop, server.target())
        for _ in 0..<20 { client.send(.text(Array(repeating: 0x20, count: 100_000))) }
        #expect(await client.closure()?.kind == .timeout)
        await loop.shutdown()
    }
}
