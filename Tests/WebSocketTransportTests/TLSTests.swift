import TestSupport
import Testing

@testable import WebSocketTransport

#if canImport(Glibc)
import Glibc
#endif

@Suite(.timeLimit(.minutes(2)))
struct TLSTests {
    static let names = ["localhost", "homeassistant.test", "127.0.0.1"]

    @Test(arguments: names) func acceptsACertificateThatIsRight(host: String) async throws {
        let server = try FakeHomeAssistant(certificate: Shared.certificates.get().server(.valid))
        defer { server.stop() }
        let client = TestClient(try Shared.trustingLoop.get(), server.target(host: host, isSecure: true))
        _ = await client.frames(1)
        client.send(#"{"type":"auth","access_token":"fake-token"}"#)
        #expect(await client.frames(2).count == 2)
        let payload = Array(repeating: UInt8(0x61), count: 5_000_000)
        server.connections.first?.write(ServerFrame.encode(payload))
        #expect(await client.frames(3).last == payload)
        server.closeAll(code: 1000)
        #expect(await client.closure()?.kind == .peerClosed(code: 1000))
    }

    @Test func acceptsAnIPv6AddressThatTheCertificateNames() async throws {
        let server = try FakeHomeAssistant(certificate: Shared.certificates.get().server(.valid), address: "::1")
        defer { server.stop() }
        let client = TestClient(try Shared.trustingLoop.get(), server.target(isSecure: true))
        #expect(await client.frames(1).count == 1)
        let head = server.snapshot.connections.first?.requestHead.lowercased() ?? ""
        #expect(head.contains("host: [::1]:\(server.port)"))
    }

    static let bad: [(TestCertificates.Kind, String, WebSocketClosure.TLSFailure)] = [
        (.expired, "localhost", .expired), (.notYetValid, "localhost", .notYetValid),
        (.wrongName, "localhost", .wrongHost), (.selfSigned, "localhost", .untrusted),
        (.valid, "elsewhere.test", .wrongHost), (.valid, "127.0.0.2", .wrongHost), (.valid, "::2", .wrongHost),
        // libwebsockets would cut this name at 127 bytes, and check what is left.
        (.valid, "localhost." + String(repeating: "a", count: 150), .wrongHost),
    ]

    @Test(arguments: bad) func refusesBadCertificatesBeforeAnythingIsSent(
        kind: TestCertificates.Kind, host: String, failure: WebSocketClosure.TLSFailure
    ) async throws {
        let server = try FakeHomeAssistant(certificate: Shared.certificates.get().server(kind))
        defer { server.stop() }
        let client = TestClient(try Shared.trustingLoop.get(), server.target(host: host, isSecure: true))
        client.send(#"{"type":"auth","access_token":"fake-token"}"#)
        let closure = await client.closure()
        #expect(closure?.kind == .tlsFailed(failure))
        #expect(client.history.closures.count == 1)
        #expect(!client.history.isOpened)
        #expect(await server.wait { $0.connections.first?.isOpen == false })
        #expect(server.snapshot.connections.first?.byteCount == 0)
    }

    @Test func refusesAnAuthorityThatTheSystemDoesNotKnow() async throws {
        let server = try FakeHomeAssistant(certificate: Shared.certificates.get().server(.valid))
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target(host: "localhost", isSecure: true))
        #expect(await client.closure()?.kind == .tlsFailed(.untrusted))
        #expect(server.snapshot.connections.first?.byteCount == 0)
    }

    @Test func tellsAPeerThatSpeaksNoTLS() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let client = TestClient(try Shared.loop.get(), server.target(host: "localhost", isSecure: true))
        // It waits for the end of a head; the client's hello has none, so the server speaks first.
        #expect(await server.wait { $0.connections.count == 1 })
        server.connections.first?.send("no TLS here")
        let closure = await client.closure()
        #expect(closure?.kind == .tlsFailed(.other))
        #expect(!server.snapshot.saw("GET"))
    }

    @Test func tellsAResetOverTLS() async throws {
        let server = try FakeHomeAssistant(certificate: Shared.certificates.get().server(.valid))
        defer { server.stop() }
        let client = TestClient(try Shared.trustingLoop.get(), server.target(host: "localhost", isSecure: true))
        _ = await client.frames(1)
        try #require(server.connections.first).resetWithinFrame()
        #expect(await client.closure()?.kind == .reset)
    }

    /// In a process of its own, because the variable must be set before the context is made and no other thread may look.
    @Test func trustsTheFileThatTheEnvironmentNames() async {
        await #expect(processExitsWith: .success) {
            let certificates = try TestCertificates()
            setenv("SSL_CERT_FILE", certificates.authorityFile, 1)
            let loop = try WebSocketEventLoop(logger: Shared.logger)
            let server = try FakeHomeAssistant(certificate: certificates.server(.valid))
            let client = TestClient(loop, server.target(host: "localhost", isSecure: true))
            #expect(await client.frames(1).count == 1)
            await loop.shutdown()
            server.stop()
        }
    }

    @Test func ignoresProxiesOfTheEnvironment() async {
        await #expect(processExitsWith: .success) {
            let proxy = try FakeHomeAssistant()
            for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"] {
                setenv(name, "127.0.0.1:\(proxy.port)", 1)
            }
            let loop = try WebSocketEventLoop(logger: Shared.logger)
            let server = try FakeHomeAssistant()
            let client = TestClient(loop, server.target())
            #expect(await client.frames(1).count == 1)
            #expect(proxy.snapshot.connections.isEmpty)
            await loop.shutdown()
            server.stop()
            proxy.stop()
        }
    }
}
