import Foundation
import TestSupport
import Testing

/// The proxy itself, against a server that echoes.
@Suite("Fault proxy", .timeLimit(.minutes(1)))
struct FaultProxyTests {
    @Test func passesEverythingBothWays() async throws {
        try await onThread {
            let proxy = try FaultProxy(to: .tcp(host: "127.0.0.1", port: EchoServer.shared().port))
            defer { proxy.stop() }
            let client = try PlainClient(port: proxy.port)
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(client.exchange(bytes) == bytes)
            #expect(proxy.counters.toServer == bytes.count && proxy.counters.toClient == bytes.count)
            client.endSending()
            #expect(client.read(1) == .end)
            #expect(wait { proxy.counters.open == 0 })
        }
    }

    @Test(arguments: [0, 1, 4_096, 100_000])
    func endsAConnectionAfterExactlySoManyBytes(_ count: Int) async throws {
        try await onThread {
            let port = try EchoServer.shared().port
            for kind in FaultEnding.Kind.allCases {
                let link = FaultLink(ending: FaultEnding(kind, afterBytes: count))
                let proxy = try FaultProxy(
                    to: .tcp(host: "127.0.0.1", port: port), plan: FaultPlan(toClient: link, connections: 1))
                defer { proxy.stop() }
                let client = try PlainClient(port: proxy.port)
                client.send([UInt8](repeating: 7, count: 120_000))
                var received = 0
                var last = PlainClient.Outcome.silence
                while received < 200_000 {
                    // Silence is waited for only where all has come that a black hole lets through.
                    let isSilent = kind == .blackhole && received == count
                    last = client.read(65_536, patience: isSilent ? 300 : 10_000)
                    guard case .bytes(let bytes) = last else { break }
                    received += bytes.count
                }
                switch kind {
                case .close, .halfClose: #expect(last == .end && received == count || last == .reset, "\(kind)")
                // A reset may overtake what was sent before it.
                case .reset: #expect(last == .reset && received <= count)
                case .blackhole: #expect(last == .silence && received == count)
                }
                #expect(proxy.counters.struck == 1)
                #expect(try PlainClient(port: proxy.port).exchange([1, 2, 3]) == [1, 2, 3])
                if kind == .blackhole {
                    proxy.resume()
                    #expect(client.read(65_536) != .silence)
                }
            }
        }
    }

    @Test func refusesHoldsBackAndCuts() async throws {
        try await onThread {
            let proxy = try FaultProxy(to: .tcp(host: "127.0.0.1", port: EchoServer.shared().port))
            defer { proxy.stop() }
            let client = try PlainClient(port: proxy.port)
            #expect(client.exchange([1]) == [1])
            proxy.refuse()
            #expect(throws: PlainClient.Refused.self) { try PlainClient(port: proxy.port) }
            #expect(client.exchange([2]) == [2])
            proxy.accept()
            proxy.blackhole()
            client.send([3])
            #expect(client.read(1, patience: 200) == .silence)
            let other = try PlainClient(port: proxy.port)
            other.send([4])
            #expect(other.read(1, patience: 200) == .silence)
            proxy.resume()
            #expect(client.read(1) == .bytes([3]) && other.read(1) == .bytes([4]))
            proxy.cut()
            #expect(client.read(1) == .reset && other.read(1) == .reset)
            #expect(proxy.counters.open == 0)
        }
    }

    @Test func keepsTheOrderOnASlowLine() async throws {
        try await onThread {
            let link = FaultLink(delay: .milliseconds(20), bytesPerSecond: 200_000)
            let proxy = try FaultProxy(
                to: .tcp(host: "127.0.0.1", port: EchoServer.shared().port),
                plan: FaultPlan(toServer: link, toClient: link)
            )
            defer { proxy.stop() }
            let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
            #expect(try PlainClient(port: proxy.port).exchange(bytes) == bytes)
        }
    }

    @Test func chancesAreTheSameForTheSameSeed() {
        var first = FaultRandom(seed: 42)
        var second = FaultRandom(seed: 42)
        let plans = (0..<50).map { _ in FaultPlan.random(using: &first) }
        #expect(plans == (0..<50).map { _ in FaultPlan.random(using: &second) })
        #expect(Set(plans.compactMap { ($0.toServer.ending ?? $0.toClient.ending)?.kind }).count == 4)
    }

    /// Sockets that block have no place on the threads that other tests share.
    private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.start()
        }
    }

    /// True once the condition holds; gives up after a few seconds.
    private func wait(_ condition: () -> Bool) -> Bool {
        for _ in 0..<500 {
            if condition() { return true }
            usleep(10_000)
        }
        return false
    }
}
