import Foundation
import TestSupport
import Testing

/// A bad network between the bridge and PostgreSQL, or between the bridge and Home Assistant.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(10))) struct NetworkFaultTests {
    /// A proxy before the server of the tests, and the database's URL through it.
    static func proxy(to url: String) throws -> (FaultProxy, String) {
        var parts = try #require(URLComponents(string: url))
        var items = parts.queryItems ?? []
        let host = items.first { $0.name == "host" }?.value ?? parts.host ?? "127.0.0.1"
        let port =
            items.first { $0.name == "port" }?.value.flatMap { UInt16($0) } ?? parts.port.map(UInt16.init) ?? 5432
        let proxy = try FaultProxy(
            to: host.hasPrefix("/") ? .unix(path: "\(host)/.s.PGSQL.\(port)") : .tcp(host: host, port: port))
        items.removeAll { ["host", "hostaddr", "port"].contains($0.name) }
        parts.host = "127.0.0.1"
        parts.port = Int(proxy.port)
        parts.queryItems = items.isEmpty ? nil : items
        return (proxy, try #require(parts.string))
    }

    private static func withDatabaseProxy(
        _ name: String, rate: Int = 400, _ fault: (FaultRig, FaultProxy, BridgeLife) async throws -> Void
    ) async throws {
        try await FaultRig.with { rig in
            let (proxy, url) = try Self.proxy(to: rig.databaseURL)
            defer { proxy.stop() }
            let house = try await rig.addHouse()
            let life = try await rig.startAndSee(["DATABASE_URL": url])
            house.startLoad(rate: rate)
            let watch = HealthWatch(life)
            try await fault(rig, proxy, life)
            proxy.apply(.none)
            proxy.resume()
            proxy.accept()
            try await rig.expectAccount(name, within: .seconds(120))
            let answers = watch.end()
            #expect(answers.live == [200], "\(answers.deaths)")
            #expect(house.fake.snapshot.connections.count == 1, "\(name): Home Assistant lost the bridge.")
        }
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func databaseBehindABlackHole() async throws {
        try await Self.withDatabaseProxy("database behind a black hole") { _, proxy, _ in
            proxy.blackhole()
            try await Task.sleep(for: .seconds(40))
            proxy.cut(.close)
        }
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func databaseBehindATrickle() async throws {
        try await Self.withDatabaseProxy("database behind a trickle", rate: 200) { _, proxy, life in
            proxy.apply(
                FaultPlan(toServer: FaultLink(bytesPerSecond: 1_000), toClient: FaultLink(bytesPerSecond: 1_000)))
            try await Task.sleep(for: .seconds(20))
            #expect((life.process.memory() ?? 0) < 300_000)
        }
    }

    @Test func databaseBehindABadNetwork() async throws {
        try await Self.withDatabaseProxy("database behind a bad network", rate: 800) { _, proxy, _ in
            var random = SeededGenerator(seed: FaultRig.seed)
            for _ in 0..<(FaultRig.isQuick ? 6 : 40) {
                proxy.apply(.random(using: &random))
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...600, using: &random)))
                if Bool.random(using: &random) { proxy.cut() }
                // A black hole of one connection lasts until the bridge gives up; here it is ended.
                proxy.apply(.none)
                proxy.resume()
            }
        }
    }

    @Test func databaseRefusesConnections() async throws {
        try await Self.withDatabaseProxy("database refuses") { _, proxy, _ in
            proxy.refuse()
            proxy.cut()
            try await Task.sleep(for: .seconds(FaultRig.isQuick ? 2 : 10))
            #expect(proxy.counters.open == 0)
        }
    }

    /// The process ends while the database is away; what it holds is written by the next one.
    @Test func bridgeStopsWhileTheDatabaseIsAway() async throws {
        try await FaultRig.with { rig in
            let (proxy, url) = try Self.proxy(to: rig.databaseURL)
            defer { proxy.stop() }
            let house = try await rig.addHouse()
            let life = try await rig.startAndSee(["DATABASE_URL": url])
            proxy.refuse()
            proxy.cut()
            house.startLoad(rate: 500)
            try await Task.sleep(for: .seconds(2))
            #expect(try await life.terminate() == .exit(0), "\(life.lastWords)")
            proxy.accept()
            try rig.start(["DATABASE_URL": url])
            try await rig.expectAccount("stopped while the database is away")
        }
    }

    // MARK: Home Assistant

    private static func withHouseProxy(
        _ name: String, _ fault: (FaultRig, House, FaultProxy) async throws -> Void
    ) async throws {
        try await FaultRig.with { rig in
            let house = try House(seed: FaultRig.seed, timeScale: FaultRig.timeScale)
            let proxy = try FaultProxy(to: .tcp(host: "127.0.0.1", port: house.fake.port))
            defer { proxy.stop() }
            try await rig.add(house, url: "http://127.0.0.1:\(proxy.port)")
            try await rig.startAndSee()
            house.startLoad(rate: 400)
            try await Task.sleep(for: .milliseconds(500))
            try await fault(rig, house, proxy)
            proxy.apply(.none)
            proxy.resume()
            proxy.accept()
            try await rig.expectAccount(name)
        }
    }

    /// Half open: the bridge must hang up by itself.
    @Test func houseBehindABlackHole() async throws {
        try await Self.withHouseProxy("home assistant behind a black hole") { rig, _, proxy in
            proxy.blackhole()
            // 15 s and 20 s in a house.
            let gaps = "SELECT count(*) FROM home_assistant_event_gaps WHERE cause = 'disconnected'"
            let hasHungUp = try await rig.eventually(within: .seconds(45)) { try await rig.count(gaps) > 0 }
            #expect(hasHungUp, "It holds on to a dead connection.")
        }
    }

    @Test func houseBehindABadNetwork() async throws {
        try await Self.withHouseProxy("home assistant behind a bad network") { _, house, proxy in
            var random = SeededGenerator(seed: FaultRig.seed)
            for _ in 0..<(FaultRig.isQuick ? 4 : 25) {
                proxy.apply(.random(using: &random))
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...500, using: &random)))
                if Bool.random(using: &random) {
                    proxy.cut(FaultEnding.Kind.allCases.randomElement(using: &random) ?? .reset)
                }
                proxy.apply(.none)
                proxy.resume()
                #expect(await house.isSubscribed(.seconds(60)))
            }
        }
    }
}
