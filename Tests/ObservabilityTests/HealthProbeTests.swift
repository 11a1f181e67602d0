import BridgeConcurrency
import BridgeCore
import Glibc
import Logging
import Observability
import ServiceLifecycle
import TestSupport
import Testing

@Suite struct HealthProbeTests {
    private static let answers: [(String, Bool)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", true),
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-length:  2 \r\n\r\n{}", true),
        ("HTTP/1.0 200 OK\r\n\r\n{}", true), ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", false), ("SSH-2.0-OpenSSH\r\n\r\n", false),
    ]

    @Test(arguments: answers) func takesTheBodyOfAWholeAnswer(_ text: String, _ isWhole: Bool) async throws {
        let listener = try Listener()
        defer { listener.stop() }
        async let answer = HealthProbe(limit: .seconds(10)).ask(listener.address)
        await listener.answer(text)
        #expect(await answer == (isWhole ? .object([:]) : nil))
    }

    /// Lends a bridge's server that shows such a certificate, whose files are there meanwhile.
    private static func withServer(
        showing kind: TestCertificates.Kind,
        _ body: @Sendable (HTTPAddress, TestCertificates.Server) async throws -> Void
    ) async throws {
        let certificates = try TestCertificates()
        let files = certificates.server(kind)
        let (addresses, continuation) = AsyncStream<HTTPAddress>.makeStream()
        let server = HTTPServer(
            address: HTTPAddress(host: "127.0.0.1", port: 0),
            health: HealthRegistry(version: "1", live: [:], ready: []), metrics: MetricsRegistry(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            identity: try HTTPIdentity(certificate: files.certificateFile, privateKey: files.keyFile),
            onListening: { continuation.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await body(try #require(await addresses.first { _ in true }), files)
        }
        withExtendedLifetime(certificates) {}
    }

    @Test func readsTheHealthOverTLS() async throws {
        try await Self.withServer(showing: .wrongName) { address, _ in
            let health = await HealthProbe(limit: .seconds(10)).ask(address, overTLS: true)
            guard case .object(let members)? = health else {
                Issue.record("There is no answer over TLS.")
                return
            }
            #expect(members["status"] == .string("ok"))
            #expect(await HealthProbe(limit: .seconds(2)).ask(address) == nil, "It answers in the clear.")
        }
    }

    @Test(arguments: [TestCertificates.Kind.valid, .expired])
    func readsHowLongACertificateHolds(kind: TestCertificates.Kind) async throws {
        try await Self.withServer(showing: kind) { address, files in
            let stored = try HTTPIdentity.expiry(ofCertificate: files.certificateFile)
            #expect(stored.iso8601.hasPrefix(kind == .valid ? "2049-01-01" : "2021-01-01"))
            for name in ["localhost", "127.0.0.1"] {
                let shown = await ServerCertificate.expiry(at: "127.0.0.1", port: address.port, name: name)
                #expect(shown == stored)
            }
        }
        let listener = try Listener()
        defer { listener.stop() }
        #expect(
            await ServerCertificate.expiry(
                at: "127.0.0.1", port: listener.address.port, name: "localhost", within: .milliseconds(300)) == nil)
    }

    @Test func givesUpOnAPortThatRefuses() async throws {
        let listener = try Listener()
        let address = listener.address
        listener.stop()
        #expect(await HealthProbe().ask(address) == nil)
    }

    @Test func givesUpOnAServerThatSaysNothing() async throws {
        let listener = try Listener()
        defer { listener.stop() }
        let start = ContinuousClock.now
        #expect(await HealthProbe(limit: .milliseconds(200)).ask(listener.address) == nil)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func readsTheHealthOfARunningBridge() async throws {
        let listener = try Listener()
        defer { listener.stop() }
        async let answer = HealthProbe(limit: .seconds(10)).ask(listener.address)
        let body = #"{"status":"degraded"}"#
        await listener.answer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(await answer == .object(["status": .string("degraded")]))
    }
}

/// A socket on the loopback that answers one request with given bytes.
private actor Listener {
    private let executor = ThreadExecutor(name: "test-listener")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    nonisolated let descriptor: Int32
    nonisolated let address: HTTPAddress

    struct Failure: Error {}

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw -> Int32 in
                guard bind(descriptor, raw, size) == 0, listen(descriptor, 4) == 0 else { return -1 }
                return getsockname(descriptor, raw, &size)
            }
        }
        guard status == 0 else { throw Failure() }
        self.address = HTTPAddress(host: "127.0.0.1", port: Int(UInt16(bigEndian: address.sin_port)))
    }

    func answer(_ text: String) {
        let peer = accept(descriptor, nil, nil)
        guard peer >= 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        _ = recv(peer, &buffer, buffer.count, 0)
        // In two pieces, as networks deliver.
        let bytes = Array(text.utf8)
        for piece in [bytes[..<10], bytes[10...]] {
            _ = Array(piece).withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
        close(peer)
    }

    nonisolated func stop() { close(descriptor) }
}
