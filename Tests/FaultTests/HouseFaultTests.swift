import BridgeCore
import Foundation
import TestSupport
import Testing

/// A Home Assistant that restarts, cuts, stalls, or drops who reads too slowly.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(10))) struct HouseFaultTests {
    private static func run(
        _ name: String, rate: Int = 400, isFrozen: Bool = false, rules: ReconciliationRules = ReconciliationRules(),
        _ fault: (FaultRig, House, BridgeLife) async throws -> Void
    ) async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            let life = try await rig.startAndSee()
            house.startLoad(rate: rate)
            try await Task.sleep(for: .milliseconds(500))
            let watch = HealthWatch(life)
            try await fault(rig, house, life)
            try await rig.expectAccount(name, rules: rules)
            let answers = watch.end()
            // A house that is away is no reason to end the bridge, nor to call it unready.
            // Zero: a frozen process answers nobody.
            #expect(answers.live.subtracting(isFrozen ? [0] : []) == [200], "\(name): \(answers)")
            #expect(isFrozen || answers.ready == [200], "\(name): \(answers)")
            #expect(life.process.isRunning)
        }
    }

    @Test func houseRestarts() async throws {
        try await Self.run("home assistant restarts") { _, house, _ in
            for _ in 0..<(FaultRig.isQuick ? 1 : 4) {
                try await house.restart(away: .seconds(1), starting: .milliseconds(500))
                #expect(await house.isSubscribed(.seconds(60)))
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    @Test func houseResetsConnections() async throws {
        try await Self.run("connection reset") { _, house, _ in
            for round in 0..<(FaultRig.isQuick ? 2 : 10) {
                if round % 2 == 0 {
                    house.fake.resetAll()
                } else {
                    for connection in house.fake.connections { connection.resetWithinFrame() }
                }
                try await Task.sleep(for: .milliseconds(100))
                #expect(await house.isSubscribed(.seconds(60)))
                try await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    /// Home Assistant fires more at one moment than its queue holds: it drops everyone, however fast they read.
    @Test func burstDropsEveryone() async throws {
        try await Self.run("burst of 5,000 events") { rig, house, _ in
            house.happen(5_000)
            #expect(house.fake.snapshot.drops == 1)
            try await Task.sleep(for: .milliseconds(200))
            #expect(await house.isSubscribed(.seconds(30)))
            #expect(
                try await rig.eventually {
                    try await rig.count(
                        "SELECT count(*) FROM home_assistant_event_gaps WHERE cause = 'disconnected' AND status <> 'open'"
                    ) > 0
                })
            let named = "SELECT count(*) FROM home_assistant_event_gaps WHERE 'tick' = ANY (unrecoverable_types)"
            #expect(try await rig.count(named) > 0, "The gap does not name what cannot be had again.")
        }
    }

    @Test func bridgeIsFrozenUntilItIsDropped() async throws {
        try await Self.run("bridge frozen", rate: 4_000, isFrozen: true) { rig, house, life in
            house.fake.update { $0.queue = FakeBehaviour.QueueRule(limit: 4_096, peak: 1_024, peakTime: .seconds(1)) }
            for round in 0..<(FaultRig.isQuick ? 1 : 3) {
                life.process.send(SIGSTOP)
                #expect(await house.fake.wait(.seconds(60)) { $0.drops > round })
                try await Task.sleep(for: .seconds(1))
                life.process.send(SIGCONT)
                try await Task.sleep(for: .milliseconds(500))
                #expect(await house.isSubscribed(.seconds(60)), "\(life.lastWords)")
            }
        }
    }

    /// Silent at each step: the others do not feel it.
    @Test(arguments: [FakeBehaviour.Stall.upgrade, .authRequired, .authAnswer])
    func houseStalls(_ stall: FakeBehaviour.Stall) async throws {
        try await FaultRig.with { rig in
            let good = try await rig.addHouse("good")
            let bad = try await rig.addHouse("bad")
            let life = try await rig.startAndSee()
            good.startLoad(rate: 300)
            bad.startLoad(rate: 100)
            bad.fake.update { $0.stall = stall }
            bad.fake.resetAll()
            // Several attempts, each given up after its deadline.
            let before = bad.fake.snapshot.connections.count
            #expect(await bad.fake.wait(.seconds(60)) { $0.connections.count >= before + 2 }, "\(life.lastWords)")
            #expect(good.fake.snapshot.connections.count == 1)
            bad.fake.update { $0.stall = nil }
            try await rig.expectAccount("home assistant stalls at \(stall)")
            #expect(good.fake.snapshot.connections.count == 1)
        }
    }

    @Test func tokenIsRevokedWhileItIsUsed() async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            let other = try await rig.addHouse("other")
            try await rig.startAndSee()
            house.startLoad(rate: 200)
            other.startLoad(rate: 200)
            try await Task.sleep(for: .seconds(1))
            let before = house.fake.snapshot.authAttempts
            house.fake.update { $0.validTokens = ["another-token"] }
            house.fake.closeAll()
            #expect(await house.fake.wait(.seconds(20)) { $0.authAttempts == before + 1 })
            try await Task.sleep(for: .seconds(3))
            #expect(house.fake.snapshot.authAttempts == before + 1, "A refused token was tried again.")
            let audit = """
                SELECT count(*) FROM home_assistant_audit_log AS a JOIN home_assistant_connections AS c
                ON c.id = a.connection_id WHERE c.name = 'home' AND action = 'auth_failure'
                """
            #expect(try await rig.eventually { try await rig.count(audit) == 1 })
            try await rig.setToken("home", "another-token")
            try await rig.expectAccount("token revoked")
        }
    }

    @Test func historyRefusesSomeEntities() async throws {
        var rules = ReconciliationRules()
        rules.gapsExcuseRecorded = true
        try await Self.run("history refused for some", rules: rules) { rig, house, _ in
            for number in 0..<10 { house.history.refuse("sensor.s\(number)", code: "unknown_error") }
            house.fake.resetAll()
            try await Task.sleep(for: .milliseconds(200))
            #expect(await house.isSubscribed(.seconds(30)))
            try await Task.sleep(for: .seconds(2))
        }
    }
}
