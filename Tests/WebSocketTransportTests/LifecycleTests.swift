import BridgeConcurrency
import TestSupport
import Testing

@testable import WebSocketTransport

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(2)))
struct LifecycleTests {
    @Test func carriesTwoHundredConnectionsAtOnce() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let loop = try Shared.loop.get()
        let clients = (0..<200).map { _ in TestClient(loop, server.target()) }
        for client in clients { #expect(await client.frames(1).count == 1) }
        server.push(frames: ServerFrame.text("hello"))
        for client in clients { #expect(await client.frames(2).last == Array("hello".utf8)) }
        for client in clients { client.close() }
        for client in clients { #expect(await client.closure()?.kind == .local) }
        #expect(clients.allSatisfy { $0.history.violations == 0 && $0.history.closures.count == 1 })
    }

    @Test func beatsEachSecond() async throws {
        let loop = try Shared.loop.get()
        let before = loop.heartbeat
        try await Task.sleep(for: .milliseconds(2_300))
        #expect(loop.heartbeat - before >= 2)
    }

    @Test func shutsDownWithOpenConnectionsOfEveryKind() async throws {
        let loop = try WebSocketEventLoop(logger: Shared.logger)
        let server = try FakeHomeAssistant()
        let silent = try FakeHomeAssistant()
        defer {
            server.stop()
            silent.stop()
        }
        silent.update { $0.stall = .upgrade }
        let open = (0..<20).map { _ in TestClient(loop, server.target()) }
        for client in open { #expect(await client.opened()) }
        let connecting = (0..<5).map { _ in TestClient(loop, silent.target()) }
        #expect(await silent.wait { $0.connections.count == 5 })
        let clock = ContinuousClock()
        let start = clock.now
        await loop.shutdown()
        #expect(clock.now - start < .milliseconds(2_500))
        for client in open + connecting {
            #expect(client.history.closures.map(\.kind) == [.local])
            #expect(client.history.violations == 0)
        }
        #expect(await server.wait { $0.connections.allSatisfy { $0.closeCode == 1001 } })
        let late = TestClient(loop, server.target())
        #expect(late.history.closures.map(\.kind) == [.local])
        late.send("nobody hears this")
        await loop.shutdown()
    }

    @Test func shutdownDoesNotWaitForPeersThatDoNotAnswer() async throws {
        let loop = try WebSocketEventLoop(logger: Shared.logger)
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(loop, server.target())
        _ = await client.frames(1)
        // The server's thread is busy in this command and does not see the close frame.
        let gate = LockedBox(false)
        server.update {
            $0.onCommand = { _ in
                while !gate.withLock({ $0 }) { usleep(1000) }
                return .silence
            }
        }
        client.send(#"{"type":"auth","access_token":"fake-token"}"#)
        client.send(#"{"id":1,"type":"ping"}"#)
        #expect(await server.wait { $0.connections.first?.commands.count == 1 })
        let clock = ContinuousClock()
        let start = clock.now
        await loop.shutdown()
        let elapsed = clock.now - start
        gate.withLock { $0 = true }
        #expect(elapsed < .milliseconds(3_000))
        #expect(client.history.closures.map(\.kind) == [.local])
    }

    @Test func closingWhileConnectingEndsAtOnce() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.update { $0.stall = .upgrade }
        let client = TestClient(try Shared.loop.get(), server.target(timeout: .seconds(100)))
        #expect(await server.wait { $0.connections.count == 1 })
        client.close()
        #expect(await client.closure()?.kind == .local)
        #expect(await server.wait { $0.connections.first?.isOpen == false })
    }

    @Test func aServerThatComesBackIsReachedAgain() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let loop = try Shared.loop.get()
        let first = TestClient(loop, server.target())
        _ = await first.frames(1)
        server.stop()
        #expect(await first.closure()?.kind == .reset)
        #expect(await TestClient(loop, server.target()).closure()?.kind == .refused)
        try server.restart()
        #expect(await TestClient(loop, server.target()).frames(1).count == 1)
        #expect(server.snapshot.connections.count == 2)
    }

    @Test func otherConnectionsFlowWhileOneStallsAndOneFloods() async throws {
        let server = try FakeHomeAssistant()
        let silent = try FakeHomeAssistant()
        defer {
            server.stop()
            silent.stop()
        }
        silent.update { $0.stall = .upgrade }
        let loop = try Shared.loop.get()
        let stalled = TestClient(loop, silent.target())
        let flooded = TestClient(loop, server.target())
        _ = await flooded.frames(1)
        let steady = TestClient(loop, server.target())
        _ = await steady.frames(1)
        let connections = server.connections
        let flood = Array(repeating: ServerFrame.text(String(repeating: "x", count: 1000)), count: 20_000).flatMap {
            $0
        }
        async let written = connections[0].write(flood)
        for _ in 0..<50 { connections[1].send("tick") }
        #expect(await steady.frames(51).count == 51)
        #expect(await written)
        #expect(await flooded.frames(20_001).count == 20_001)
        stalled.close()
        #expect(await stalled.closure() != nil)
    }
}
