import TestSupport
import Testing

@testable import PostgresClient

@Suite("Order of servers")
struct ServerOrderTests {
    private let servers = ["a", "b", "c"].map { PostgresEndpoint(host: $0, hostAddress: nil, port: "1") }

    private func names(_ order: ServerOrder) -> String { order.sorted(servers).compactMap(\.host).joined() }

    @Test func isTheOneGivenUntilSomethingIsKnown() { #expect(names(ServerOrder()) == "abc") }

    @Test func putsTheLastGoodServerFirstAndTheLastBadOneLast() {
        let order = ServerOrder()
        order.failed(servers[0])
        #expect(names(order) == "bca")
        order.succeeded(servers[2])
        #expect(names(order) == "cba")
        order.failed(servers[2])
        #expect(names(order) == "bac")
        order.failed(servers[1])
        #expect(names(order) == "acb")
        // Nobody answers: each round begins with the one that was not asked for longest.
        for server in order.sorted(servers) { order.failed(server) }
        #expect(names(order) == "acb")
    }

    @Test func isSharedByCopiesOfAConfiguration() throws {
        let one = try PostgresConfiguration("postgresql://a,b/house")
        let other = one
        one.servers.failed(one.endpoints[0])
        #expect(other.servers.sorted(other.endpoints).first?.host == "b")
    }
}

@Suite("Pauses between attempts")
struct ReconnectGateTests {
    /// How many attempts a crowd of users that asks every 10 ms makes within so many seconds.
    private func attempts(seconds: Int, seed: UInt64) -> Int {
        var gate = ReconnectGate()
        var generator = FaultRandom(seed: seed)
        let start = ContinuousClock.now
        var count = 0
        for tick in 0..<(seconds * 100) {
            let now = start + .milliseconds(10 * tick)
            guard case .go = gate.ask(now: now) else { continue }
            count += 1
            gate.failed(PostgresError(.connectionFailed, "Away."), now: now, using: &generator)
        }
        return count
    }

    @Test(arguments: 0..<20) func areLongerThanASecondOnAverage(_ seed: UInt64) {
        #expect(attempts(seconds: 60, seed: seed) < 60)
        #expect(attempts(seconds: 3_600, seed: seed) < 3_600)
        // Nor does anyone wait long for a server that is back.
        #expect(attempts(seconds: 3_600, seed: seed) > 1_800)
    }

    @Test func onlyOneAttemptIsUnderWayAfterAFailure() {
        var gate = ReconnectGate()
        var generator = FaultRandom(seed: 1)
        let start = ContinuousClock.now
        guard case .go = gate.ask(now: start), case .go = gate.ask(now: start) else {
            Issue.record("A server that never failed was not asked.")
            return
        }
        let error = PostgresError(.connectionFailed, "Full.", sqlState: "53300")
        gate.failed(error, now: start, using: &generator)
        let later = start + .seconds(10)
        guard case .go = gate.ask(now: later), case .notYet(let told) = gate.ask(now: later) else {
            Issue.record("Not exactly one attempt.")
            return
        }
        #expect(told.sqlState == "53300")
        // A cancelled attempt says nothing, and the next may go.
        gate.failed(PostgresError(.cancelled, "m"), now: later, using: &generator)
        guard case .go = gate.ask(now: later) else {
            Issue.record("Nobody may try any more.")
            return
        }
        gate.succeeded()
        for _ in 0..<3 {
            guard case .go = gate.ask(now: start) else {
                Issue.record("The pause outlived the failure.")
                return
            }
        }
    }
}

@Suite("Refusals of several servers", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct SeveralRefusalsTests {
    @Test func areSummedUpInTheMostTellingOne() async throws {
        let server = try PostgresConfiguration(try #require(TestDatabase.serverURL))
        guard server.endpoints.count == 1, let host = server.endpoints[0].host ?? server.endpoints[0].hostAddress else {
            return
        }
        let port = server.endpoints[0].port ?? "5432"
        func attempt(_ hosts: String, _ ports: String) async -> PostgresError? {
            await postgresError {
                let text = server.uri() + "&dbname=there_is_no_such&host=\(hosts)&port=\(ports)"
                _ = try await PostgresConnection.connect(
                    PostgresConfiguration(text), logger: TestDatabase.quietLogger)
            }
        }
        // A server that is away may come back; until then nobody need act.
        let mixed = await attempt("\(host),127.0.0.1", "\(port),1")
        #expect(mixed?.isRetriable == true && mixed?.needsAttention == false)
        #expect(mixed?.description.contains("refused") == true && mixed?.description.contains("not exist") == true)
        let both = await attempt("\(host),\(host)", "\(port),\(port)")
        #expect(both?.isRetriable == false && both?.needsAttention == true && both?.sqlState == "3D000")
    }
}
