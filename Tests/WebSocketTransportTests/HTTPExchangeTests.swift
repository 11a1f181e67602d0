import BridgeConcurrency
import BridgeCore
import Cryptography
import FoundationEssentials
import TestSupport
import Testing

@testable import WebSocketTransport

/// How a request ended, in a form to compare.
private enum End: Equatable {
    case answered(Int, String)
    case failed(String, mayHaveArrived: Bool)

    init(_ outcome: HTTPOutcome) {
        switch outcome {
        case .answered(let response): self = .answered(response.status, String(decoding: response.body, as: UTF8.self))
        case .failed(let closure, let mayHaveArrived): self = .failed(closure.label, mayHaveArrived: mayHaveArrived)
        }
    }
}

private struct Asking: Sendable {
    var method = "GET"
    var id = "a"
    var body: [UInt8]?
    var token = "fake-token"
    var limit: Duration = .seconds(20)

    /// Sends it and waits; `onStart` gets what gives it up.
    func end(
        _ loop: WebSocketEventLoop, _ target: WebSocketTarget,
        onStart: @escaping @Sendable (WebSocketID) -> Void = { _ in }
    ) async -> End {
        var target = target
        target.path = "/api/config/automation/config/\(id)"
        let request = HTTPRequest(method: method, body: body, token: Secret(Array(token.utf8)))
        return await withCheckedContinuation { continuation in
            onStart(loop.exchange(request, with: target, within: limit) { continuation.resume(returning: End($0)) })
        }
    }
}

@Suite(.timeLimit(.minutes(2)))
struct HTTPExchangeTests {
    private static let automation =
        #"{"alias":"A","triggers":[{"trigger":"event","event_type":"x"}],"actions":[],"id":"a"}"#

    private func ask(_ asking: Asking, _ server: FakeHomeAssistant) async throws -> End {
        await asking.end(try Shared.loop.get(), server.target())
    }

    @Test func carriesRequestsOfEveryMethod() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        #expect(try await ask(Asking(), server) == .answered(404, #"{"message":"Resource not found"}"#))
        let write = Asking(method: "POST", body: Array(Self.automation.utf8))
        #expect(try await ask(write, server) == .answered(200, #"{"result":"ok"}"#))
        guard case .answered(200, let body) = try await ask(Asking(), server) else {
            Issue.record("It is not there.")
            return
        }
        #expect(body.contains(#""event_type":"x""#))
        #expect(try await ask(Asking(method: "DELETE"), server) == .answered(200, #"{"result":"ok"}"#))
        #expect(
            try await ask(Asking(method: "POST"), server) == .answered(400, #"{"message":"Invalid JSON specified"}"#))
        let heads = server.snapshot.connections.map(\.requestHead)
        #expect(heads.count == 5 && heads.allSatisfy { $0.contains("Authorization: Bearer fake-token\r\n") })
        #expect(
            heads[0].hasPrefix("GET /api/config/automation/config/a HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"))
        #expect(await server.wait { $0.connections.allSatisfy { !$0.isOpen } })
    }

    @Test func carriesLargeBodiesBothWays() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        let text = String(repeating: "ä quite long description ", count: 120_000)
        let json = #"{"alias":"A","description":"\#(text)","triggers":[],"actions":[],"id":"a"}"#
        let write = Asking(method: "POST", body: Array(json.utf8))
        #expect(try await ask(write, server) == .answered(200, #"{"result":"ok"}"#))
        guard case .answered(200, let body) = try await ask(Asking(), server) else {
            Issue.record("It is not there.")
            return
        }
        #expect(body.utf8.count == json.utf8.count && body.contains(text))
    }

    @Test func manyAtOnceDoNotDisturbEachOther() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        for number in 0..<40 { server.automations.add("n\(number)", #"{"alias":"\#(number)"}"#) }
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let end = try? await ask(Asking(id: "n\(number)"), server)
                    guard case .answered(200, let body) = end else { return false }
                    return body.contains(#""alias":"\#(number)""#)
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test func anyStatusIsAnAnswerAlsoARedirect() async throws {
        let server = try FakeHomeAssistant()
        let elsewhere = try FakeHomeAssistant()
        defer {
            server.stop()
            elsewhere.stop()
        }
        server.update { $0.httpAnswer = .redirect(to: elsewhere.url) }
        #expect(try await ask(Asking(), server) == .answered(302, ""))
        for status in [200, 401, 403, 404, 500, 502] {
            server.update { $0.httpAnswer = FakeBehaviour.HTTPAnswer(status: status, body: "b") }
            #expect(try await ask(Asking(), server) == .answered(status, "b"))
        }
        #expect(elsewhere.snapshot.connections.isEmpty)
    }

    @Test func readsWhatEndsWithTheConnectionAndChunks() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        for (text, end) in [
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end", End.answered(200, "until the end")),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", .answered(200, "ab")),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", .failed("reset", mayHaveArrived: true)),
            ("no HTTP at all\r\n", .failed("invalid_frame", mayHaveArrived: true)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", .failed("message_too_big", mayHaveArrived: true)),
            ("", .failed("reset", mayHaveArrived: true)),
        ] {
            server.automations.update { $0.fate = { _ in .bytes(Array(text.utf8)) } }
            #expect(try await ask(Asking(), server) == end)
        }
    }

    // MARK: What may have arrived

    @Test func knowsThatNothingWasSentWhereNothingListens() async throws {
        let server = try FakeHomeAssistant()
        server.stop()
        #expect(try await ask(Asking(), server) == .failed("refused", mayHaveArrived: false))
    }

    @Test func neverSendsAnythingToWhereItMustNot() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        for token in ["", "two words", "a\r\nX: y", "ä"] {
            #expect(try await ask(Asking(token: token), server) == .failed("local", mayHaveArrived: false))
        }
        for id in ["a b", "a\r\nX: y", "a\u{7F}"] {
            #expect(try await ask(Asking(id: id), server) == .failed("local", mayHaveArrived: false))
        }
        #expect(try await ask(Asking(method: "GET /"), server) == .failed("local", mayHaveArrived: false))
        var target = server.target()
        target.address = "169.254.169.254"
        #expect(await Asking().end(try Shared.loop.get(), target) == .failed("local", mayHaveArrived: false))
        #expect(server.snapshot.connections.isEmpty)
    }

    @Test(arguments: [true, false]) func doesNotKnowWhetherItWasCarriedOutWithoutAnAnswer(isCarriedOut: Bool)
        async throws
    {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.automations.update { $0.fate = { _ in isCarriedOut ? .dropAfter : .dropBefore } }
        let write = Asking(method: "POST", body: Array(Self.automation.utf8))
        #expect(try await ask(write, server) == .failed("reset", mayHaveArrived: true))
        #expect(server.automations.entries.isEmpty != isCarriedOut)
    }

    @Test func waitsNoLongerThanItMay() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.automations.update { $0.fate = { _ in .silence } }
        let impatient = Asking(limit: .milliseconds(300))
        #expect(try await ask(impatient, server) == .failed("timeout", mayHaveArrived: true))
        #expect(await server.wait { $0.connections.allSatisfy { !$0.isOpen } })
    }

    @Test func canBeGivenUp() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        server.automations.update { $0.fate = { _ in .silence } }
        let loop = try Shared.loop.get()
        let started = LockedBox<WebSocketID?>(nil)
        async let end = Asking().end(loop, server.target()) { id in started.withLock { $0 = id } }
        #expect(await server.wait { $0.connections.contains { $0.requestHead.hasPrefix("GET") } })
        loop.close(try #require(started.withLock { $0 }))
        #expect(await end == .failed("local", mayHaveArrived: true))
        #expect(await server.wait { $0.connections.allSatisfy { !$0.isOpen } })
    }

    @Test func endsWithTheLoop() async throws {
        let server = try FakeHomeAssistant()
        defer { server.stop() }
        await #expect(processExitsWith: .success) {
            let server = try FakeHomeAssistant()
            server.automations.update { $0.fate = { _ in .silence } }
            let loop = try WebSocketEventLoop(logger: Shared.logger)
            async let end = Asking().end(loop, server.target())
            #expect(await server.wait { $0.connections.contains { $0.requestHead.hasPrefix("GET") } })
            await loop.shutdown()
            #expect(await end == .failed("local", mayHaveArrived: true))
            #expect(await Asking().end(loop, server.target()) == .failed("local", mayHaveArrived: false))
            server.stop()
        }
    }

    // MARK: TLS

    struct TLSCase: Sendable, Codable, CustomTestStringConvertible {
        var kind: TestCertificates.Kind
        var host = "localhost"
        var hasAuthority = true
        var pin: TestCertificates.Kind?
        /// The label of its failure; nil for an answer.
        var failure: String?

        var testDescription: String { "\(kind) \(host) authority \(hasAuthority) pin \(pin.map { "\($0)" } ?? "none")" }
    }

    @Test(arguments: [
        TLSCase(kind: .valid), TLSCase(kind: .valid, pin: .valid),
        TLSCase(kind: .valid, pin: .wrongName, failure: "tls_wrongKey"),
        TLSCase(kind: .valid, hasAuthority: false, failure: "tls_untrusted"),
        TLSCase(kind: .valid, host: "elsewhere.test", failure: "tls_wrongHost"),
        TLSCase(kind: .expired, failure: "tls_expired"), TLSCase(kind: .selfSigned, failure: "tls_untrusted"),
    ])
    func checksCertificateAndKeyBeforeAnyByte(test: TLSCase) async throws {
        let certificates = try Shared.certificates.get()
        let authority = try String(contentsOfFile: certificates.authorityFile, encoding: .utf8)
        let trust = TLSTrust(
            authority: test.hasAuthority ? authority : nil, publicKey: try test.pin.map { try certificates.pin($0) })
        let body = String(repeating: "a long answer ", count: 60_000)
        struct Setting: Codable, Sendable {
            var test: TLSCase
            var server: TestCertificates.Server
            var authority: String?
            var pin: String?
            var body: String
        }
        let setting = Setting(
            test: test, server: certificates.server(test.kind), authority: trust.authority, pin: trust.publicKey,
            body: body)
        await #expect(processExitsWith: .success) { [setting = setting as Setting] in
            keepOpenSSLUntilTheEnd()
            let loop = try WebSocketEventLoop(logger: Shared.logger)
            let server = try FakeHomeAssistant(certificate: setting.server)
            defer { server.stop() }
            server.automations.add("a", #"{"alias":"\#(setting.body)"}"#)
            var target = server.target(host: setting.test.host, isSecure: true)
            target.trust = TLSTrust(authority: setting.authority, publicKey: setting.pin)
            let end = await Asking().end(loop, target)
            if let failure = setting.test.failure {
                #expect(end == .failed(failure, mayHaveArrived: false))
                #expect(await server.wait { $0.connections.allSatisfy { !$0.isOpen } })
                #expect(server.snapshot.connections.allSatisfy { $0.byteCount == 0 })
            } else {
                #expect(end == .answered(200, #"{"alias":"\#(setting.body)","id":"a"}"#))
                var large = Asking(method: "POST")
                large.body = Array(
                    #"{"alias":"\#(setting.body)\#(setting.body)","triggers":[],"actions":[]}"#.utf8)
                #expect(await large.end(loop, target) == .answered(200, #"{"result":"ok"}"#))
            }
            await loop.shutdown()
        }
    }

    @Test func aServerThatNeverAgreesOnTLSIsGivenUpWithNothingSent() async throws {
        let certificates = try Shared.certificates.get()
        let setting = certificates.server(.valid)
        await #expect(processExitsWith: .success) { [setting = setting as TestCertificates.Server] in
            keepOpenSSLUntilTheEnd()
            let loop = try WebSocketEventLoop(logger: Shared.logger)
            let server = try FakeHomeAssistant(certificate: setting)
            defer { server.stop() }
            server.update { $0.stall = .tlsHandshake }
            let target = server.target(host: "localhost", isSecure: true, timeout: .milliseconds(300))
            #expect(await Asking().end(loop, target) == .failed("timeout", mayHaveArrived: false))
            await loop.shutdown()
        }
    }
}
