import Foundation
import TestSupport

/// PostgreSQL is away for minutes while events keep coming: what that costs in memory and disk, and how soon all is well again.
struct Outage {
    let executable: String
    let database: String
    /// How long PostgreSQL is away.
    let seconds: Int

    /// Events a second; a busy house has a tenth of that.
    private static let rate = 1_000

    func run() async throws -> [BenchResult] {
        guard var address = URLComponents(string: database) else { throw CocoaError(.fileReadInvalidFileName) }
        var items = address.queryItems ?? []
        let host = items.first { $0.name == "host" }?.value ?? "127.0.0.1"
        let port = items.first { $0.name == "port" }?.value.flatMap { UInt16($0) } ?? 5_432
        let proxy = try FaultProxy(
            to: host.hasPrefix("/") ? .unix(path: "\(host)/.s.PGSQL.\(port)") : .tcp(host: host, port: port))
        defer { proxy.stop() }
        items.removeAll { ["host", "hostaddr", "port"].contains($0.name) }
        items += [.init(name: "host", value: "127.0.0.1"), .init(name: "port", value: "\(proxy.port)")]
        address.queryItems = items
        var behaviour = FakeBehaviour()
        behaviour.recordsReceived = false
        let fake = try FakeHomeAssistant(behaviour)
        defer { fake.stop() }
        // Two kilobytes an event, which is more than enough: with its usual two gigabytes the bridge would go away from the house after
        // half an hour, and say so.
        let process = try await BridgeUnderTest(
            executable: executable, database: address.string ?? database, houses: [fake.url],
            environment: ["HA_BRIDGE_SPOOL_MAX_BYTES": "\(max(2 << 30, seconds * Self.rate * 2_048))"])
        defer { process.stop() }
        guard await fake.wait(.seconds(30), until: { $0.subscriptionCount == 1 }) else {
            throw CocoaError(.featureUnsupported)
        }
        var generator = EventGenerator()
        try await push(10, &generator, to: fake) { _ in }
        let before = process.memory("VmRSS")
        proxy.refuse()
        proxy.cut()
        var samples: [Double] = []
        var unready = 0
        var alive = 0
        var looks = 0
        try await push(seconds, &generator, to: fake) { second in
            guard second % 10 == 9 else { return }
            samples.append(process.memory("VmRSS"))
            looks += 1
            if process.status("/readyz") == 503 { unready += 1 }
            if process.status("/livez") == 200 { alive += 1 }
            if second % 60 == 59 {
                note("Away for \(second + 1) s: \(Int(samples.last ?? 0)) MiB resident")
            }
        }
        let spool = try process.metrics()["ha_bridge_spool_bytes"] ?? 0
        let restored = ContinuousClock.now
        proxy.accept()
        let sent = Double((seconds + 10) * Self.rate)
        while try process.stored() < sent {
            guard ContinuousClock.now - restored < .seconds(600) else { throw CocoaError(.userCancelled) }
            try await Task.sleep(for: .milliseconds(100))
        }
        let catchUp = (ContinuousClock.now - restored).seconds
        while process.status("/readyz") != 200 {
            guard ContinuousClock.now - restored < .seconds(700) else { throw CocoaError(.userCancelled) }
            try await Task.sleep(for: .milliseconds(100))
        }
        return [
            BenchResult(name: "outage_seconds", title: "PostgreSQL away, s", value: Double(seconds), digits: 0),
            BenchResult(name: "outage_events", title: "events meanwhile", value: sent - 10_000, digits: 0),
            BenchResult(name: "memory_before_mib", title: "resident memory before, MiB", value: before, digits: 1),
            BenchResult(
                name: "memory_away_mib", title: "… highest meanwhile, MiB", value: samples.max() ?? .nan, digits: 1),
            BenchResult(
                name: "memory_after_mib", title: "… after it, MiB", value: process.memory("VmRSS"), digits: 1),
            BenchResult(name: "spool_mib", title: "spool at its largest, MiB", value: spool / 1_048_576, digits: 1),
            BenchResult(
                name: "unready_share", title: "looks at /readyz that said 503, share",
                value: Double(unready) / Double(max(looks, 1))),
            BenchResult(
                name: "alive_share", title: "looks at /livez that said 200, share",
                value: Double(alive) / Double(max(looks, 1))),
            BenchResult(
                name: "catch_up_seconds", title: "until everything was stored, s", value: catchUp, digits: 1),
        ]
    }

    private func push(
        _ seconds: Int, _ generator: inout EventGenerator, to fake: FakeHomeAssistant, eachSecond: (Int) throws -> Void
    ) async throws {
        let start = ContinuousClock.now
        for tick in 0..<(seconds * 100) {
            fake.push(generator.events(Self.rate / 100).map { (type: "state_changed", json: $0) })
            if tick % 100 == 99 { try eachSecond(tick / 100) }
            try await Task.sleep(until: start + .milliseconds(10 * (tick + 1)))
        }
    }
}
