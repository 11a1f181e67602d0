import Foundation
import TestSupport
import Testing

/// More events, more connections and fewer means than usual.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(10))) struct LoadFaultTests {
    /// Home Assistant drops who lets 4,096 messages wait: the bridge reads on, whatever PostgreSQL does meanwhile.
    @Test func stormOfEvents() async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            let life = try await rig.startAndSee()
            let watch = HealthWatch(life)
            house.startLoad(rate: FaultRig.isQuick ? 5_000 : 20_000)
            try await Task.sleep(for: .seconds(FaultRig.isQuick ? 3 : 10))
            try await rig.expectAccount("event storm", within: .seconds(180))
            #expect(house.fake.snapshot.drops == 0, "Home Assistant dropped the bridge.")
            #expect(house.fake.snapshot.connections.count == 1)
            let answers = watch.end()
            #expect(answers.live == [200], "\(answers.deaths)")
            #expect(answers.peakMemory < 500_000, "\(answers.peakMemory) KiB")
        }
    }

    @Test func manyConnectionsMostOfThemDead() async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            let dead = FaultRig.isQuick ? 50 : 500
            // Nobody listens there: the port is the rig's own, taken and closed again.
            let port = try FaultRig.freePort()
            for number in 0..<dead {
                try await rig.addConnection("dead-\(number)", url: "http://127.0.0.1:\(port)/\(number)")
            }
            let life = try await rig.startAndSee()
            house.startLoad(rate: 300)
            try await Task.sleep(for: .seconds(FaultRig.isQuick ? 3 : 15))
            #expect(house.fake.snapshot.connections.count == 1)
            let descriptors = life.metric("process_open_fds") ?? 0
            #expect(descriptors > 0 && descriptors < 300, "\(descriptors) descriptors")
            try await rig.expectAccount("dead connections beside a live one")
            #expect(life.page("/livez").status == 200)
        }
    }

    @Test func fewDescriptors() async throws {
        try await FaultRig.with { rig in
            var houses: [House] = []
            for number in 0..<8 { houses.append(try await rig.addHouse("house-\(number)")) }
            let life = try rig.start(shell: #"ulimit -n 64; exec "$@""#)
            for house in houses { #expect(await house.isSubscribed(.seconds(60)), "\(life.lastWords)") }
            try await rig.beginAccount()
            for house in houses { house.startLoad(rate: 50) }
            let port = try FaultRig.freePort()
            for number in 0..<60 {
                try await rig.addConnection("dead-\(number)", url: "http://127.0.0.1:\(port)/\(number)")
            }
            try await Task.sleep(for: .seconds(FaultRig.isQuick ? 2 : 8))
            #expect(life.process.isRunning, "\(life.lastWords)")
            try await rig.expectAccount("64 descriptors")
        }
    }

    @Test func stopsUnderLoadWithoutAHole() async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            try await rig.startAndSee().kill()
            house.startLoad(rate: 2_000)
            let rounds = FaultRig.isQuick ? 2 : 10
            for _ in 0..<rounds {
                let life = try rig.start()
                #expect(await house.isSubscribed())
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...800)))
                #expect(try await life.terminate() == .exit(0), "\(life.lastWords)")
            }
            try rig.start()
            try await rig.expectAccount("SIGTERM under load", seeds: rounds)
        }
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func frozenForAMoment() async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            let life = try await rig.startAndSee()
            house.startLoad(rate: 500)
            for _ in 0..<6 {
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...700)))
                life.process.send(SIGSTOP)
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...2_500)))
                life.process.send(SIGCONT)
            }
            try await rig.expectAccount("bridge frozen for moments")
        }
    }
}
