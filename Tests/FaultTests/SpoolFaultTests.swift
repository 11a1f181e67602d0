import Foundation
import TestSupport
import Testing

/// The spool's disk fills up, its files are damaged or taken away, while everything waits in it.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(10))) struct SpoolFaultTests {
    /// The files that hold what waits: everything below the state directory but the keyring.
    private static func segments(_ directory: URL) -> [URL] {
        let all = FileManager.default.enumerator(
            at: directory, includingPropertiesForKeys: [.isRegularFileKey, .fileSizeKey])
        return (all?.allObjects as? [URL] ?? []).filter { url in
            let values = try? url.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
            return values?.isRegularFile == true && (values?.fileSize ?? 0) >= 4_096
        }.sorted { $0.path < $1.path }
    }

    /// A bridge whose database is behind a proxy that refuses, so that everything it receives waits in the spool.
    private static func withWaiting(
        _ environment: [String: String] = [:],
        _ body: (FaultRig, House, BridgeLife, FaultProxy, String) async throws -> Void
    ) async throws {
        try await FaultRig.with { rig in
            let (proxy, url) = try NetworkFaultTests.proxy(to: rig.databaseURL)
            defer { proxy.stop() }
            rig.environment.merge(environment) { $1 }
            rig.environment["DATABASE_URL"] = url
            let house = try await rig.addHouse()
            let life = try await rig.startAndSee()
            proxy.refuse()
            proxy.cut()
            try await body(rig, house, life, proxy, url)
        }
    }

    /// Lets things happen until what waits is `bytes`, or nobody listens any more.
    private static func fill(_ house: House, events: Int) async throws {
        var done = 0
        while done < events, house.fake.snapshot.subscriptionCount > 0 {
            done += house.happen(500)
            try await Task.sleep(for: .milliseconds(40))
        }
    }

    @Test(.enabled(if: !FaultRig.isQuick)) func spoolReachesItsLimit() async throws {
        try await Self.withWaiting(["HA_BRIDGE_SPOOL_MAX_BYTES": "\(24 << 20)"]) { rig, house, life, proxy, _ in
            let watch = HealthWatch(life)
            try await Self.fill(house, events: 120_000)
            house.startLoad(rate: 100)
            #expect(
                try await rig.eventually { house.fake.snapshot.subscriptionCount == 0 },
                "It takes more than it may keep.")
            try await Task.sleep(for: .seconds(2))
            #expect(life.process.isRunning)
            proxy.accept()
            try await rig.expectAccount("spool at its limit", within: .seconds(120))
            let gaps = try await rig.count("SELECT count(*) FROM home_assistant_event_gaps WHERE cause = 'overflow'")
            #expect(gaps > 0)
            let answers = watch.end()
            #expect(answers.live == [200], "\(answers.deaths)")
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func spoolDiskIsFull() async throws {
        let disk = try SmallDisk(bytes: 40 << 20)
        defer { disk.remove() }
        try await FaultRig.with { rig in
            let (proxy, url) = try NetworkFaultTests.proxy(to: rig.databaseURL)
            defer { proxy.stop() }
            rig.environment["DATABASE_URL"] = url
            let house = try await rig.addHouse()
            try FileManager.default.copyItem(
                at: rig.stateDirectory.appending(path: "keyring"), to: disk.directory.appending(path: "keyring"))
            rig.environment["HA_BRIDGE_STATE_DIR"] = disk.directory.path
            let life = try await rig.startAndSee()
            let watch = HealthWatch(life)
            proxy.refuse()
            proxy.cut()
            house.startLoad(rate: 2_000)
            try await Task.sleep(for: .seconds(1))
            disk.fill()
            try await Task.sleep(for: .seconds(4))
            #expect(life.process.isRunning, "\(life.lastWords)")
            proxy.accept()
            try await Task.sleep(for: .seconds(2))
            disk.relieve()
            try await rig.expectAccount("spool disk full", within: .seconds(120))
            let answers = watch.end()
            #expect(answers.live == [200], "\(answers.deaths)")
            life.kill()
        }
    }

    @Test func spoolIsTakenAwayAndTheDatabaseIsThere() async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            let life = try await rig.startAndSee()
            house.startLoad(rate: 400)
            for _ in 0..<(FaultRig.isQuick ? 2 : 6) {
                try await Task.sleep(for: .milliseconds(700))
                Self.removeSpool(rig.stateDirectory)
            }
            try await Task.sleep(for: .seconds(1))
            #expect(life.process.isRunning, "\(life.lastWords)")
            var rules = ReconciliationRules()
            rules.gapsExcuseOwed = true
            try await rig.expectAccount("spool taken away", rules: rules)
        }
    }

    @Test func spoolIsTakenAwayWhileEverythingWaitsInIt() async throws {
        try await Self.withWaiting { rig, house, life, proxy, _ in
            house.startLoad(rate: 1_000)
            try await Task.sleep(for: .seconds(2))
            Self.removeSpool(rig.stateDirectory)
            try await Task.sleep(for: .seconds(1))
            #expect(life.process.isRunning, "\(life.lastWords)")
            proxy.accept()
            var rules = ReconciliationRules()
            rules.gapsExcuseOwed = true
            try await rig.expectAccount("spool taken away while it was needed", rules: rules)
        }
    }

    /// Everything in the state directory but the keyring goes.
    private static func removeSpool(_ directory: URL) {
        for entry in (try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil))
            ?? []
        where entry.lastPathComponent != "keyring" { try? FileManager.default.removeItem(at: entry) }
    }

    /// Between two lives some bytes of what waits are changed, or the end is cut off.
    @Test(arguments: ["flipped", "torn", "zeroed", "deleted"]) func waitingBytesAreDamaged(_ damage: String)
        async throws
    {
        var random = SeededGenerator(seed: FaultRig.seed)
        try await Self.withWaiting { rig, house, life, proxy, _ in
            house.startLoad(rate: 2_000)
            try await Task.sleep(for: .seconds(2))
            life.kill()
            let files = Self.segments(rig.stateDirectory)
            #expect(!files.isEmpty, "Nothing waits in \(rig.stateDirectory.path).")
            for file in files { try Self.hurt(file, damage, &random) }
            proxy.accept()
            let next = try rig.start()
            var rules = ReconciliationRules()
            rules.gapsExcuseOwed = true
            let found = try await rig.expectAccount("spool \(damage)", rules: rules)
            #expect(next.process.isRunning)
            // Damage costs what was damaged, not what stands beside it.
            if damage == "flipped" { #expect(found.stored > found.obligations * 8 / 10, "\(found)") }
        }
    }

    private static func hurt(_ file: URL, _ damage: String, _ random: inout SeededGenerator) throws {
        var bytes = [UInt8](try Data(contentsOf: file))
        // Where the records are: the rest of a segment is reserved and empty.
        guard let end = bytes.lastIndex(where: { $0 != 0 }), end > 8_192 else { return }
        switch damage {
        case "flipped":
            for _ in 0..<3 {
                bytes[Int.random(in: 64..<end, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        case "torn": bytes.removeSubrange(Int.random(in: end / 2..<end, using: &random)...)
        case "zeroed":
            let start = Int.random(in: 64..<end - 4_096, using: &random)
            for index in start..<(start + 4_096) { bytes[index] = 0 }
        default: return try FileManager.default.removeItem(at: file)
        }
        try Data(bytes).write(to: file)
    }
}
