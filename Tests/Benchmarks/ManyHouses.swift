import ArgumentParser
import Foundation
import TestSupport

/// Many houses in one process: quiet ones, busy ones, one with a huge first picture; and how soon a process that starts is of use.
struct ManyHouses {
    let executable: String

    /// What a process needs for `count` houses in which nothing happens.
    func quiet(_ count: Int, seconds: Int) async throws -> [BenchResult] {
        try await Self.with(executable, houses: count) { process, _ in
            // The registries, inventories and roll-ups of the first moments are no part of being quiet.
            note("\(count) houses: waiting until they are quiet")
            try await Task.sleep(for: .seconds(100))
            let before = process.cpuSeconds
            try await Task.sleep(for: .seconds(seconds))
            let share = (process.cpuSeconds - before) / Double(seconds) * 100
            return [
                BenchResult(
                    name: "idle_cpu_percent", title: "idle CPU with \(count) connected, quiet homes, percent of a core",
                    value: share, bar: .below(0.5))
            ]
        }
    }

    /// `count` houses at `rate` events a second each.
    func busy(_ count: Int, rate: Int, seconds: Int) async throws -> [BenchResult] {
        try await Self.with(executable, houses: count) { process, fake in
            try await Task.sleep(for: .seconds(20))
            // Of a house with 20 events a second most come from some dozens of entities.
            var generator = EventGenerator(entities: 100, swings: true)
            // The houses have been known for a while: the first event of its kind costs a text and a vector, and the second one the
            // question which row has that.
            var known = 0.0
            for round in ["first", "second"] {
                note("\(count) houses: each entity up and down for the \(round) time")
                for _ in 0..<generator.entities * 2 {
                    fake.push(generator.events(1).map { (type: "state_changed", json: $0) })
                    try await Task.sleep(for: .milliseconds(50))
                }
                known += Double(count * generator.entities * 2)
                let all = known
                try await Self.wait(.seconds(120), for: "events to store") { all - (try process.stored()) }
                // The figure of what waits is up to half a minute old.
                note("\(count) houses: vectors of the \(round) time")
                try await Task.sleep(for: .seconds(35))
                try await Self.wait(.seconds(300), for: "events without vector") {
                    try process.metrics()["ha_bridge_embedding_pending_events"] ?? 0
                }
            }
            let before = try process.metrics()
            let storedBefore = try process.stored()
            let cpuBefore = process.cpuSeconds
            let start = ContinuousClock.now
            for tick in 0..<(seconds * rate) {
                // One event for each house; its id has the connection in it.
                fake.push(generator.events(1).map { (type: "state_changed", json: $0) })
                try await Task.sleep(until: start + .milliseconds(1_000 / rate * (tick + 1)))
                if tick % (rate * 5) == rate * 5 - 1 { note("\(count) houses: \(tick / rate + 1) of \(seconds) s") }
            }
            let sent = Double(count * rate * seconds)
            let cpu = process.cpuSeconds - cpuBefore
            var stored = 0.0
            try await Self.wait(.seconds(60), for: "events to store") {
                stored = try process.stored() - storedBefore
                return sent - stored
            }
            let after = try process.metrics()
            let title = "\(count) connections, \(rate) events/s each"
            return [
                BenchResult(
                    name: "many_lost", title: "\(title): events lost", value: max(0, sent - stored), digits: 0,
                    bar: .atMost(0)),
                BenchResult(
                    name: "many_latency_p99_ms", title: "… frame to committed row, p99, ms",
                    value: Measurement.quantile(0.99, before, after) * 1_000, digits: 0, bar: .below(500)),
                BenchResult(
                    name: "many_memory_mib", title: "… resident memory, MiB", value: process.memory("VmRSS"), digits: 1,
                    bar: .below(200)),
                BenchResult(
                    name: "many_cpu_percent", title: "… CPU, percent of a core",
                    value: cpu / Double(seconds) * 100),
            ]
        }
    }

    /// Returns when none are `left`, or after `limit`; tells every ten seconds how many there are.
    private static func wait(
        _ limit: Duration, for what: String, left: () async throws -> Double
    ) async throws {
        let start = ContinuousClock.now
        var told = start
        while case let left = try await left(), left > 0, ContinuousClock.now < start + limit {
            if ContinuousClock.now - told >= .seconds(10) {
                note("  \(Int(left)) \(what)")
                told = .now
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// One house with `entities` entities connects anew beside one with 100 events a second.
    func hugePicture(entities: Int) async throws -> [BenchResult] {
        let huge = try FakeHomeAssistant(BridgeBench.quietBehaviour)
        defer { huge.stop() }
        return try await Self.with(executable, houses: 1, more: [huge.url]) { process, fake in
            guard await huge.wait(.seconds(30), until: { $0.subscriptionCount == 1 }) else {
                throw ValidationError("The bridge did not subscribe within 30 s.")
            }
            try await Task.sleep(for: .seconds(5))
            let states = Self.states(entities)
            let bytes = states.reduce(0) { $0 + $1.utf8.count }
            huge.update { $0.states = states }
            var generator = EventGenerator()
            let before = try process.metrics()
            let storedBefore = try process.stored()
            let start = ContinuousClock.now
            huge.closeAll(code: 1000)
            for tick in 0..<1_500 {
                fake.push(generator.events(1).map { (type: "state_changed", json: $0) })
                try await Task.sleep(until: start + .milliseconds(10 * (tick + 1)))
            }
            let rows = Double(1_500 + entities)
            var stored = 0.0
            try await Self.wait(.seconds(60), for: "events to store") {
                stored = try process.stored() - storedBefore
                return rows - stored
            }
            guard stored >= rows else {
                throw ValidationError("Only \(Int(stored)) rows were stored: the huge picture is not among them.")
            }
            let after = try process.metrics()
            return [
                BenchResult(
                    name: "beside_huge_p99_ms",
                    title:
                        "p99 of another connection beside a get_states of \(entities) entities (\(bytes >> 20) MiB), ms",
                    value: Measurement.quantile(0.99, before, after) * 1_000, digits: 0, bar: .below(300))
            ]
        }
    }

    /// From the start of the process to its first stored event, `rounds` times, on a database that has been used.
    func start(rounds: Int) async throws -> [BenchResult] {
        try await Self.with(executable, houses: 1) { process, fake in
            var generator = EventGenerator()
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            let pusher = Task {
                var tick = EventGenerator(start: .now.adding(seconds: 86_400))
                for await _ in stream { fake.push(tick.events(1).map { (type: "state_changed", json: $0) }) }
            }
            defer { pusher.cancel() }
            _ = generator.events(1)
            var times: [Double] = []
            for _ in 0..<rounds {
                process.end()
                let start = ContinuousClock.now
                try process.begin()
                var stored = 0.0
                while stored == 0 {
                    guard ContinuousClock.now - start < .seconds(60) else {
                        throw ValidationError("Nothing was stored within 60 s of the start.")
                    }
                    continuation.yield()
                    try await Task.sleep(for: .milliseconds(5))
                    stored = (try? process.stored()) ?? 0
                }
                times.append((ContinuousClock.now - start).seconds)
            }
            continuation.finish()
            return [
                BenchResult(
                    name: "start_seconds", title: "start to first stored event, warm database, s", value: times.median,
                    bar: .below(1))
            ]
        }
    }

    /// Lends a process with connections to `houses` houses that one fake plays, and to `more`.
    private static func with(
        _ executable: String, houses: Int, more: [String] = [],
        _ body: (BridgeUnderTest, FakeHomeAssistant) async throws -> [BenchResult]
    ) async throws -> [BenchResult] {
        try await TestDatabase.with { database in
            let fake = try FakeHomeAssistant(BridgeBench.quietBehaviour)
            defer { fake.stop() }
            // Of the same place no two connections can be stored, so each has a path of its own.
            let urls = [fake.url] + (1..<max(houses, 1)).map { "\(fake.url)/\($0)" } + more
            let process = try await BridgeUnderTest(executable: executable, database: database.url, houses: urls)
            defer { process.stop() }
            guard await fake.wait(.seconds(120), until: { $0.subscriptionCount == houses }) else {
                throw ValidationError("The bridge did not subscribe to \(houses) houses within 120 s.")
            }
            return try await body(process, fake)
        }
    }

    /// States of about a kilobyte each.
    private static func states(_ count: Int) -> [String] {
        let filling = String(repeating: "a reading of a meter in the cellar ", count: 22)
        return (0..<count).map { number in
            #"{"entity_id":"sensor.meter_\#(number)","state":"\#(number)","attributes":{"unit_of_measurement":"W","friendly_name":"Meter \#(number)","note":"\#(filling)"},"last_changed":"2026-01-01T00:00:00+00:00","last_reported":"2026-01-01T00:00:00+00:00","last_updated":"2026-01-01T00:00:00+00:00","context":{"id":"01JGQ\#(String(format: "%021d", number))","parent_id":null,"user_id":null}}"#
        }
    }
}
