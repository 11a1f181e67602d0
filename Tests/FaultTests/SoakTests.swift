import BridgeConcurrency
import Foundation
import TestSupport
import Testing

private let soakMinutes = ProcessInfo.processInfo.environment["HA_BRIDGE_SOAK_MINUTES"].flatMap { Double($0) }

/// Random faults for as long as one likes, in compressed time, against one process that lives through all of them:
/// `deploy/soak [MINUTES] [SEED]`.
@Suite(.enabled(if: soakMinutes != nil && LabPostgres.isAvailable), .serialized) struct SoakTests {
    /// What happens between two accounts.
    private enum Fault: CaseIterable {
        case bridgeFrozen
        case companionStarted
        case companionKilled
        case companionStopped
        case companionFrozen
        case houseRestarts
        case houseResets
        case houseBursts
        case houseBehindBadNetwork
        case houseSilent
        case databaseStops
        case databaseBehindBadNetwork
        case databaseRefuses
        case sessionsTerminated
        case backendKilled
        case backendFrozen
        case tableLocked
        case loadRises
    }

    private struct Sample {
        var seconds: Double
        var memory: Double
        var descriptors: Double
    }

    @Test func nothingIsLostAndNothingGrows() async throws {
        let minutes = soakMinutes ?? 1
        try await LabPostgres.with { lab in
            let (database, url) = try NetworkFaultTests.proxy(to: lab.url)
            defer { database.stop() }
            try await FaultRig.with(lab: lab, timeScale: 60) { rig in
                rig.environment["DATABASE_URL"] = url
                var proxies: [FaultProxy] = []
                defer { for proxy in proxies { proxy.stop() } }
                for number in 1...3 {
                    let house = try House("house-\(number)", seed: FaultRig.seed &+ UInt64(number), timeScale: 60)
                    let proxy = try FaultProxy(to: .tcp(host: "127.0.0.1", port: house.fake.port))
                    proxies.append(proxy)
                    try await rig.add(house, url: "http://127.0.0.1:\(proxy.port)")
                }
                let life = try await rig.startAndSee()
                var scene = Scene(rig: rig, lab: lab, database: database, proxies: proxies, life: life)
                var random = SeededGenerator(seed: FaultRig.seed)
                var sum = Reconciliation()
                var samples: [Sample] = []
                var faults = 0
                let start = ContinuousClock.now
                let end = start + .seconds(minutes * 60)
                while ContinuousClock.now < end {
                    for house in rig.houses { house.startLoad(rate: Int.random(in: 20...200, using: &random)) }
                    for _ in 0..<Int.random(in: 2...6, using: &random) {
                        let fault = Fault.allCases.randomElement(using: &random) ?? .houseResets
                        print("soak fault: \(fault)")
                        try await scene.play(fault, &random)
                        faults += 1
                        try await Task.sleep(for: .milliseconds(Int.random(in: 50...800, using: &random)))
                    }
                    try await scene.calm()
                    let found = try await rig.expectAccount("soak", within: .seconds(120))
                    sum = sum + found
                    for house in rig.houses { house.ledger.forget() }
                    try #require(life.process.isRunning, "The bridge ended by itself. \(life.lastWords)")
                    samples.append(
                        Sample(
                            seconds: Double((ContinuousClock.now - start) / .milliseconds(1)) / 1_000,
                            memory: Double(life.process.memory() ?? 0) / 1_024,
                            descriptors: life.metric("process_open_fds") ?? 0))
                }
                Self.judge(samples, sum, faults: faults, minutes: minutes)
            }
        }
    }

    /// The first quarter fills caches and pools; what grows after it, grows.
    private static func judge(_ all: [Sample], _ sum: Reconciliation, faults: Int, minutes: Double) {
        let samples = Array(all.dropFirst(all.count / 4))
        let slope = slope(samples.map { ($0.seconds, $0.memory) }) * 3_600
        let descriptors = (samples.last?.descriptors ?? 0) - (samples.map(\.descriptors).min() ?? 0)
        let commit = ProcessInfo.processInfo.environment["HA_BRIDGE_SOAK_COMMIT"] ?? "unknown"
        let figures =
            "obligations \(sum.obligations), stored \(sum.stored), dead letters \(sum.deadLetters), "
            + "declared in gaps \(sum.declared), lost \(sum.lost), duplicates \(sum.duplicates)"
        let growth = String(format: "memory %+.1f MiB/hour, descriptors %+.0f", slope, descriptors)
        print(
            "soak summary: minutes \(minutes), seed \(FaultRig.seed), commit \(commit), faults \(faults), \(figures), \(growth)"
        )
        #expect(slope * minutes / 60 < 40, "Memory grows: \(samples.map { Int($0.memory) })")
        #expect(descriptors < 12, "Descriptors grow: \(samples.map { Int($0.descriptors) })")
    }

    /// The slope of the line through the points, by least squares.
    private static func slope(_ points: [(x: Double, y: Double)]) -> Double {
        guard points.count > 2 else { return 0 }
        let count = Double(points.count)
        let x = points.reduce(0) { $0 + $1.x } / count
        let y = points.reduce(0) { $0 + $1.y } / count
        let above = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
        let below = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
        return below > 0 ? above / below : 0
    }

    /// All that can be put under fault.
    private struct Scene {
        let rig: FaultRig
        let lab: LabPostgres
        let database: FaultProxy
        let proxies: [FaultProxy]
        let life: BridgeLife
        var companion: BridgeLife?

        /// Plays one fault; its end may outlast the call.
        mutating func play(_ fault: Fault, _ random: inout SeededGenerator) async throws {
            let index = Int.random(in: 0..<rig.houses.count, using: &random)
            let (house, proxy) = (rig.houses[index], proxies[index])
            let moment = Duration.milliseconds(Int.random(in: 100...2_500, using: &random))
            switch fault {
            case .bridgeFrozen: try await Self.freeze(life, moment)
            case .companionStarted: if companion == nil { companion = try rig.startAnother("companion") }
            case .companionKilled: companion.take()?.kill()
            case .companionStopped:
                guard let stopped = companion.take() else { return }
                #expect(try await stopped.terminate() == .exit(0), "\(stopped.lastWords)")
            case .companionFrozen: if let companion { try await Self.freeze(companion, moment) }
            case .houseRestarts: try await house.restart(away: moment / 2, starting: moment / 2)
            case .houseResets: house.fake.resetAll()
            case .houseBursts: house.happen(4_500)
            case .houseBehindBadNetwork:
                proxy.apply(.random(using: &random))
                try await Task.sleep(for: moment)
                proxy.apply(.none)
                proxy.resume()
            case .houseSilent:
                house.fake.update { $0.answersPings = false }
                try await Task.sleep(for: moment)
                house.fake.update { $0.answersPings = true }
            case .databaseStops:
                try await lab.stop()
                try await Task.sleep(for: moment)
                try await lab.start()
            case .databaseBehindBadNetwork:
                database.apply(.random(using: &random))
                try await Task.sleep(for: moment)
                database.apply(.none)
                database.resume()
            case .databaseRefuses:
                database.refuse()
                database.cut()
                try await Task.sleep(for: moment)
                database.accept()
            case .sessionsTerminated, .backendKilled, .backendFrozen, .tableLocked:
                try await rig.reconnect()
                try await play(fault, inDatabaseFor: moment)
            case .loadRises: house.startLoad(rate: 2_000)
            }
        }

        private func play(_ fault: Fault, inDatabaseFor moment: Duration) async throws {
            let backends = try await lab.backends(rig.session)
            switch fault {
            case .sessionsTerminated:
                for pid in backends {
                    _ = try await rig.session.query("SELECT pg_terminate_backend($1::int)", [.int(Int64(pid))])
                }
            case .backendKilled: if let pid = backends.first { kill(pid, SIGKILL) }
            case .tableLocked:
                try await rig.session.execute("BEGIN; LOCK TABLE home_assistant_events IN ACCESS EXCLUSIVE MODE")
                try await Task.sleep(for: moment)
                try await rig.session.execute("COMMIT")
            default:
                for pid in backends { kill(pid, SIGSTOP) }
                try await Task.sleep(for: moment)
                for pid in backends { kill(pid, SIGCONT) }
            }
        }

        private static func freeze(_ life: BridgeLife, _ moment: Duration) async throws {
            life.process.send(SIGSTOP)
            try await Task.sleep(for: moment)
            life.process.send(SIGCONT)
        }

        /// Takes every fault back.
        func calm() async throws {
            for house in rig.houses { house.calm() }
            for proxy in proxies + [database] {
                proxy.apply(.none)
                proxy.resume()
                proxy.accept()
            }
            let rig = rig
            #expect(try await rig.eventually(within: .seconds(60)) { (try? await rig.reconnect()) != nil })
        }
    }
}
