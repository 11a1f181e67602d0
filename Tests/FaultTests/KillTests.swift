import BridgeConcurrency
import Foundation
import TestSupport
import Testing

/// The process is killed at any moment, and at each place where it matters, again and again over one database: nothing is lost,
/// nothing comes twice.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(20))) struct KillTests {
    private static let seeds = FaultRig.isQuick ? 10 : 200

    @Test func losesNothingWhenKilledAtAnyMoment() async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            var dice = SeededGenerator(seed: FaultRig.seed)
            try await rig.startAndSee().kill()
            house.startLoad(rate: 400)
            for seed in 1...Self.seeds {
                let life = try rig.start()
                // Some never get to the subscription: they die while they replay what the one before has left.
                if dice.next() % 4 == 0 {
                    try await Task.sleep(for: .milliseconds(Int(dice.next() % 300)))
                } else {
                    #expect(await house.isSubscribed(.seconds(30)), "Kill \(seed): \(life.lastWords)")
                    try await Task.sleep(for: .milliseconds(50 + Int(dice.next() % 750)))
                }
                #expect(life.process.isRunning, "Kill \(seed): it ended by itself. \(life.lastWords)")
                life.kill()
                if seed % 50 == 0, seed < Self.seeds {
                    let last = try rig.start()
                    try await rig.settle()
                    last.kill()
                    house.startLoad(rate: 400)
                }
            }
            try rig.start()
            try await rig.expectAccount("kill -9 at any moment", seeds: Self.seeds)
        }
    }

    /// Each place is passed a few times before the kill, so that it is met in different company.
    @Test(
        arguments: CrashPoint.allCases.filter {
            !(CrashPoint.ofRotation + CrashPoint.ofChange + CrashPoint.ofImport + CrashPoint.ofFlood).contains($0)
        })
    func losesNothingWhenKilledAt(_ point: CrashPoint) async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            try await rig.startAndSee().kill()
            house.startLoad(rate: 400)
            var reached = 0
            let counts = FaultRig.isQuick ? [1, 4] : [1, 2, 3, 5, 8, 13]
            for count in counts {
                let life = try rig.start(["BRIDGE_CRASH_AT": "\(point.rawValue):\(count)"])
                if try await life.process.waitForEnd(.seconds(6)) == .signal(SIGKILL) { reached += 1 }
                life.kill()
            }
            #expect(reached > 0, "\(point.rawValue) was never reached.")
            try rig.start()
            try await rig.expectAccount("kill -9 \(point.rawValue)", seeds: counts.count)
        }
    }
}
