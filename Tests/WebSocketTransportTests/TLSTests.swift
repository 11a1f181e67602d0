import BridgeCore
import Cryptography
import FoundationEssentials
import TestSupport
import Testing

@testable import WebSocketTransport

#if canImport(Glibc)
    import Glibc
#endif

/// Each in a process of its own: a TLS handshake fails in libwebsockets if another context is created while it is under way,
/// and other tests create theirs whenever they like.
@Suite(.timeLimit(.minutes(2)))
struct TLSTests {
    /// What a child process needs.
    struct Setting: Codable, Sendable {
        var certificate: TestCertificates.Server?
        var authority: String
        var host = "localhost"
        var address = "127.0.0.1"
        var failure = ""
        /// Demanded by the target itself.
        var ownAuthority: String?
        var pin: String?
        /// Milliseconds.
        var pause = 0

        init(_ kind: TestCertificates.Kind?) throws {
            let certificates = try Shared.certificates.get()
            certificate = kind.map { certificates.server($0) }
            authority = certificates.authorityFile
        }

        /// A server with the certificate, and a client that trusts the test authority.
        func start(isTrusting: Bool = true) throws -> (FakeHomeAssistant, TestClient) {
            // The process ends while the loop's thread is at work.
            keepOpenSSLUntilTheEnd()
            var options = WebSocketEventLoopOptions()
            if isTrusting { options.certificateAuthorityFile = authority }
            let loop = try WebSocketEventLoop(logger: Shared.logger, options: options)
            let server = try FakeHomeAssistant(certificate: certificate, address: address)
            var target = server.target(host: host, isSecure: true)
            target.trust = TLSTrust(authority: ownAuthority, publicKey: pin)
            return (server, TestClient(loop, target))
        }
    }

    @Test func tellsTheStatusOfAFailedHandshake() async throws {
        let certificates = try Shared.certificates.get()
        let server = try FakeHomeAssistant(certificate: certificates.server(.valid))
        defer { server.stop() }
        server.update { $0.httpAnswer = FakeBehaviour.HTTPAnswer(status: 403) }
        var options = WebSocketEventLoopOptions()
        options.certificateAuthorityFile = certificates.authorityFile
        let loop = try WebSocketEventLoop(logger: Shared.logger, options: options)
        let client = TestClient(loop, server.target(host: "localhost", isSecure: true))
        #expect(await client.closure()?.kind == .httpStatus(403))
        await loop.shutdown()
    }

    @Test(arguments: ["localhost", "homeassistant.test", "127.0.0.1"])
    func acceptsACertificateThatIsRight(host: String) async throws {
        var setting = try Setting(.valid)
        setting.host = host
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start()
            defer { server.stop() }
            _ = await client.frames(1)
            client.send(#"{"type":"auth","access_token":"fake-token"}"#)
            #expect(await client.frames(2).count == 2)
            let payload = Array(repeating: UInt8(0x61), count: 5_000_000)
            server.connections.first?.write(ServerFrame.encode(payload))
            #expect(await client.frames(3).last == payload)
            server.closeAll(code: 1000)
            #expect(await client.closure()?.kind == .peerClosed(code: 1000))
            await client.loop.shutdown()
        }
    }

    @Test func acceptsAnIPv6AddressThatTheCertificateNames() async throws {
        var setting = try Setting(.valid)
        setting.host = "::1"
        setting.address = "::1"
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start()
            defer { server.stop() }
            #expect(await client.frames(1).count == 1)
            let head = server.snapshot.connections.first?.requestHead.lowercased() ?? ""
            #expect(head.contains("host: [::1]:\(server.port)"))
        }
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
        var setting = try Setting(kind)
        setting.host = host
        setting.failure = failure.rawValue
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start()
            defer { server.stop() }
            client.send(#"{"type":"auth","access_token":"fake-token"}"#)
            let closure = await client.closure()
            #expect(closure?.label == "tls_\(setting.failure)")
            #expect(client.history.closures.count == 1)
            #expect(!client.history.isOpened)
            #expect(await server.wait { $0.connections.first?.isOpen == false })
            #expect(server.snapshot.connections.first?.byteCount == 0)
        }
    }

    @Test func refusesAnAuthorityThatTheSystemDoesNotKnow() async throws {
        let setting = try Setting(.valid)
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start(isTrusting: false)
            defer { server.stop() }
            #expect(await client.closure()?.kind == .tlsFailed(.untrusted))
            #expect(server.snapshot.connections.first?.byteCount == 0)
        }
    }

    @Test func tellsAPeerThatSpeaksNoTLS() async throws {
        let setting = try Setting(nil)
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start()
            defer { server.stop() }
            // The server waits for the end of a head, which the hello of TLS has not; so let it speak first.
            #expect(await server.wait { $0.connections.count == 1 })
            server.connections.first?.send("no TLS here")
            #expect(await client.closure()?.kind == .tlsFailed(.other))
            #expect(!server.snapshot.saw("GET"))
        }
    }

    @Test func tellsAResetOverTLS() async throws {
        let setting = try Setting(.valid)
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start()
            defer { server.stop() }
            _ = await client.frames(1)
            try #require(server.connections.first).resetWithinFrame()
            #expect(await client.closure()?.kind == .reset)
        }
    }

    // MARK: An authority and a key of the connection's own

    /// What is demanded, whether the process trusts the test authority, and how it ends: nil for well.
    struct Demand: Sendable, CustomTestStringConvertible {
        var kind: TestCertificates.Kind
        var authority: TestCertificates.Kind?
        var hasAuthority = false
        var pin: TestCertificates.Kind?
        var isTrusting = false
        var host = "localhost"
        var failure: WebSocketClosure.TLSFailure?

        var testDescription: String {
            "\(self.kind) \(hasAuthority) \(authority as Any) \(pin as Any) \(failure as Any)"
        }
    }

    static let demands: [Demand] = [
        // The authority of the connection, which the system does not know.
        Demand(kind: .valid, hasAuthority: true),
        Demand(kind: .expired, hasAuthority: true, failure: .expired),
        Demand(kind: .notYetValid, hasAuthority: true, failure: .notYetValid),
        Demand(kind: .wrongName, hasAuthority: true, failure: .wrongHost),
        Demand(kind: .valid, hasAuthority: true, host: "elsewhere.test", failure: .wrongHost),
        Demand(kind: .valid, hasAuthority: true, host: "127.0.0.2", failure: .wrongHost),
        Demand(kind: .selfSigned, hasAuthority: true, failure: .untrusted),
        // A certificate that is its own authority, and one that the system trusts and the connection does not.
        Demand(kind: .selfSigned, authority: .selfSigned),
        Demand(kind: .valid, authority: .selfSigned, isTrusting: true, failure: .untrusted),
        Demand(kind: .valid, authority: .valid),
        Demand(kind: .expired, authority: .expired, failure: .expired),
        // The key, besides being valid.
        Demand(kind: .valid, pin: .valid, isTrusting: true),
        Demand(kind: .valid, pin: .expired, isTrusting: true, failure: .wrongKey),
        Demand(kind: .valid, pin: .valid, failure: .untrusted),
        Demand(kind: .selfSigned, pin: .selfSigned, isTrusting: true, failure: .untrusted),
        Demand(kind: .valid, hasAuthority: true, pin: .valid),
        Demand(kind: .valid, hasAuthority: true, pin: .selfSigned, failure: .wrongKey),
        Demand(kind: .expired, hasAuthority: true, pin: .expired, failure: .expired),
    ]

    @Test(arguments: demands) func demandsWhatTheConnectionDemands(_ demand: Demand) async throws {
        let certificates = try Shared.certificates.get()
        func text(_ path: String) throws -> String { try String(contentsOf: URL(filePath: path), encoding: .utf8) }
        var setting = try Setting(demand.kind)
        setting.host = demand.host
        if demand.hasAuthority { setting.ownAuthority = try text(certificates.authorityFile) }
        if let kind = demand.authority { setting.ownAuthority = try text(certificates.server(kind).certificateFile) }
        setting.pin = try demand.pin.map { try certificates.pin($0) }
        setting.failure = demand.failure.map { "tls_\($0.rawValue)" } ?? ""
        setting.authority = demand.isTrusting ? certificates.authorityFile : ""
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start(isTrusting: !setting.authority.isEmpty)
            defer { server.stop() }
            client.send(#"{"type":"auth","access_token":"fake-token"}"#)
            if setting.failure.isEmpty {
                #expect(await client.frames(2).count == 2, "\(client.history.closures)")
                return
            }
            #expect(await client.closure()?.label == setting.failure)
            #expect(!client.history.isOpened)
            #expect(await server.wait { $0.connections.first?.isOpen == false })
            // Not a byte inside TLS: neither the request nor the token.
            #expect(server.snapshot.connections.first?.byteCount == 0)
        }
    }

    @Test func oneConnectionsAuthorityIsNotAnothers() async throws {
        var setting = try Setting(.valid)
        setting.ownAuthority = try String(contentsOf: URL(filePath: setting.authority), encoding: .utf8)
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start(isTrusting: false)
            defer { server.stop() }
            #expect(await client.frames(1).count == 1)
            let stranger = TestClient(client.loop, server.target(host: "localhost", isSecure: true))
            #expect(await stranger.closure()?.kind == .tlsFailed(.untrusted))
        }
    }

    @Test func certificatesThatCannotBeReadAreRefused() async throws {
        var setting = try Setting(.valid)
        setting.ownAuthority = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, client) = try setting.start()
            defer { server.stop() }
            #expect(await client.closure()?.message.contains("connection set-tls") == true)
            #expect(server.snapshot.connections.isEmpty)
        }
    }

    @Test func keepsOfAFileItsCertificatesAlone() throws {
        let certificates = try Shared.certificates.get()
        func text(_ path: String) throws -> String { try String(contentsOf: URL(filePath: path), encoding: .utf8) }
        let server = certificates.server(.valid)
        let certificate = try text(server.certificateFile)
        let both = try certificate + text(server.keyFile) + text(certificates.authorityFile) + "a note\n"
        let kept = try #require(CertificateAuthority.normalised(pem: both))
        #expect(!kept.contains("PRIVATE KEY") && !kept.contains("a note"))
        #expect(kept.split(separator: "\n").count { $0.hasPrefix("-----BEGIN CERTIFICATE") } == 2)
        for bad in ["", "x", try text(server.keyFile), certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n"] {
            #expect(CertificateAuthority.normalised(pem: bad) == nil)
        }
    }

    @Test func offersNothingOlderThanTLS12() async throws {
        let setting = try Setting(nil)
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            keepOpenSSLUntilTheEnd()
            let loop = try WebSocketEventLoop(logger: Shared.logger)
            let listener = try HelloListener()
            let target = WebSocketTarget(address: "127.0.0.1", host: setting.host, port: listener.port, isSecure: true)
            let client = TestClient(loop, target)
            let hello = listener.hello()
            #expect(hello.supportedVersions == [0x0304, 0x0303], "\(hello.supportedVersions)")
            _ = client.history
        }
    }

    @Test func trustsTheFileThatTheEnvironmentNames() async throws {
        let setting = try Setting(.valid)
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            // Before the context is made, while no other thread looks.
            setenv("SSL_CERT_FILE", setting.authority, 1)
            let (server, client) = try setting.start(isTrusting: false)
            defer { server.stop() }
            #expect(await client.frames(1).count == 1)
        }
    }

    /// As `ha-bridge` ends when a signal comes at start: without waiting for what does not answer.
    @Test(arguments: 0..<12) func endsWhileHandshakesAreUnderWay(pause: Int) async throws {
        var setting = try Setting(.valid)
        setting.pause = pause * 8
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            let (server, first) = try setting.start()
            let target = server.target(host: setting.host, isSecure: true)
            let clients = (0..<60).map { _ in TestClient(first.loop, target) }
            try await Task.sleep(for: .milliseconds(setting.pause))
            withExtendedLifetime((server, clients)) {}
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
            defer {
                server.stop()
                proxy.stop()
            }
            #expect(await TestClient(loop, server.target()).frames(1).count == 1)
            #expect(proxy.snapshot.connections.isEmpty)
        }
    }
}
