import Foundation
import TestSupport
import Testing

/// Several bridges over one database: one of them speaks for a house, whoever dies or freezes.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(10))) struct LeaseFaultTests {
    private static func holder(_ rig: FaultRig) async throws -> String? {
        try await rig.value("SELECT holder::text FROM home_assistant_connection_leases")
    }

    private static func epoch(_ rig: FaultRig) async throws -> Int {
        try await rig.count("SELECT epoch FROM home_assistant_connection_leases")
    }

    /// A house with a bridge that speaks for it, and one that waits.
    private static func withTwo(
        _ name: String, timeScale: Int = FaultRig.timeScale,
        _ body: (FaultRig, House, BridgeLife, BridgeLife) async throws -> Void
    ) async throws {
        try await FaultRig.with(timeScale: timeScale) { rig in
            let house = try await rig.addHouse()
            let first = try await rig.startAndSee()
            let second = try rig.startAnother("second")
            #expect(try await rig.eventually { second.page("/readyz").status == 200 }, "\(second.lastWords)")
            house.startLoad(rate: 400)
            try await Task.sleep(for: .seconds(1))
            #expect(house.fake.snapshot.subscriptionCount == 1, "Two bridges listen to one house.")
            try await body(rig, house, first, second)
            try await rig.expectAccount(name)
            #expect(house.fake.snapshot.subscriptionCount == 1, "Two bridges listen to one house.")
        }
    }

    @Test func otherBridgeTakesOverFromADeadOne() async throws {
        try await Self.withTwo("holder killed") { rig, _, first, _ in
            let (holder, epoch) = (try await Self.holder(rig), try await Self.epoch(rig))
            first.kill()
            // 15 s in a house.
            #expect(
                try await rig.eventually(within: .seconds(15)) {
                    let now = try await Self.holder(rig)
                    return now != nil && now != holder
                }, "Nobody takes over.")
            #expect(try await Self.epoch(rig) > epoch)
        }
    }

    /// In real time, since the promise is one of seconds.
    @Test(.enabled(if: !FaultRig.isQuick)) func otherBridgeTakesOverWithinFifteenSeconds() async throws {
        try await Self.withTwo("holder killed in real time", timeScale: 1) { rig, house, first, _ in
            let start = ContinuousClock.now
            first.kill()
            #expect(await house.fake.wait(.seconds(5)) { $0.subscriptionCount == 0 })
            #expect(await house.isSubscribed(.seconds(30)))
            let took = ContinuousClock.now - start
            #expect(took < .seconds(15), "It took \(took).")
        }
    }

    @Test func frozenHolderThatWakesUpCannotWrite() async throws {
        try await Self.withTwo("holder frozen") { rig, house, first, second in
            for _ in 0..<(FaultRig.isQuick ? 1 : 4) {
                let (holder, epoch) = (try await Self.holder(rig), try await Self.epoch(rig))
                let own = try await rig.value("SELECT id::text FROM home_assistant_bridges ORDER BY started_at LIMIT 1")
                let frozen = holder == own ? first : second
                frozen.process.send(SIGSTOP)
                #expect(
                    try await rig.eventually(within: .seconds(15)) {
                        let now = try await Self.holder(rig)
                        return now != nil && now != holder
                    }, "Nobody takes over.")
                #expect(try await Self.epoch(rig) > epoch)
                try await Task.sleep(for: .seconds(1))
                frozen.process.send(SIGCONT)
                // It finds out, hangs up, and the other keeps the lease.
                let now = try await Self.holder(rig)
                try await Task.sleep(for: .seconds(2))
                #expect(try await Self.holder(rig) == now)
                #expect(try await rig.eventually { house.fake.snapshot.subscriptionCount == 1 })
            }
        }
    }

    @Test func handsOverAtOnceWhenItStops() async throws {
        // In real time a lease lasts ten seconds: who waits for its end is seen.
        try await Self.withTwo("handed over", timeScale: 1) { rig, house, first, _ in
            let stopped = try await first.terminate()
            #expect(stopped == .exit(0), "\(first.lastWords)")
            let end = ContinuousClock.now
            #expect(await house.isSubscribed(.seconds(20)))
            let took = ContinuousClock.now - end
            #expect(took < .seconds(5), "It took \(took).")
        }
    }

    /// Two bridges are killed, frozen, stopped and started by chance.
    @Test func twoBridgesInAnyTrouble() async throws {
        try await FaultRig.with { rig in
            let houses = [
                try await rig.addHouse("one"), try await rig.addHouse("two"), try await rig.addHouse("three"),
            ]
            try await rig.startAndSee()
            var random = SeededGenerator(seed: FaultRig.seed)
            var lives: [String: BridgeLife] = [:]
            let names = ["second", "third"]
            for house in houses { house.startLoad(rate: 150) }
            let rounds = FaultRig.isQuick ? 8 : 60
            for _ in 0..<rounds {
                let name = names[Int.random(in: 0..<names.count, using: &random)]
                if let life = lives[name], life.process.isRunning {
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: life.kill()
                    case 1: #expect(try await life.endsWell(), "\(life.lastWords)")
                    default:
                        life.process.send(SIGSTOP)
                        try await Task.sleep(for: .milliseconds(Int.random(in: 200...1_500, using: &random)))
                        life.process.send(SIGCONT)
                    }
                } else {
                    lives[name] = try rig.startAnother(name)
                }
                // The first one, too, so that leases have to move.
                if Int.random(in: 0..<4, using: &random) == 0,
                    let first = rig.lives.first(where: { $0.httpPort == rig.httpPort })
                {
                    first.kill()
                    try rig.start()
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...700, using: &random)))
            }
            try await rig.expectAccount("bridges in any trouble", seeds: rounds)
        }
    }
}
