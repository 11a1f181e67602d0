import BridgeConcurrency
import Foundation
import PostgresClient
import TestSupport
import Testing

/// More arrives at once than one session of PostgreSQL can write, so that two copy: each batch ahead of the one before it.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(10))) struct FloodFaultTests {
    private static let rounds = FaultRig.isQuick ? 4 : 15

    /// A house and a bridge whose batches are small, so that many of them wait.
    private static func with(_ body: (FaultRig, House) async throws -> Void) async throws {
        try await FaultRig.with { rig in
            rig.environment["HA_BRIDGE_BATCH_MAX_ROWS"] = "60"
            try await body(rig, try await rig.addHouse())
        }
    }

    /// Some thousand events within a moment, in pieces that Home Assistant's own limit lets through. Meanwhile nothing can be
    /// committed: a batch waits for that, and the next one is copied ahead of it, however fast the machine is.
    private static func flood(
        _ rig: FaultRig, _ house: House, events: Int = 3_000, meanwhile: () async throws -> Void = {}
    ) async throws {
        try await rig.session.execute("BEGIN; LOCK TABLE home_assistant_spool_cursors IN EXCLUSIVE MODE")
        for _ in 0..<(events / 500) {
            house.happen(500)
            try await Task.sleep(for: .milliseconds(20))
        }
        try await meanwhile()
        try await rig.session.execute("COMMIT")
    }

    private static func batchesAhead(_ life: BridgeLife) -> Double {
        life.metric("ha_bridge_batches_ahead_total") ?? 0
    }

    @Test func losesNothingWhenKilledInAFlood() async throws {
        try await Self.with { rig, house in
            var random = SeededGenerator(seed: FaultRig.seed)
            try await rig.startAndSee().kill()
            for round in 1...Self.rounds {
                let life = try rig.start()
                #expect(await house.isSubscribed(.seconds(30)), "Round \(round): \(life.lastWords)")
                try await Self.flood(rig, house)
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...150, using: &random)))
                #expect(life.process.isRunning, "Round \(round): \(life.lastWords)")
                life.kill()
            }
            let last = try rig.start()
            #expect(await house.isSubscribed(.seconds(30)))
            try await Self.flood(rig, house)
            try await rig.expectAccount("kill -9 in a flood", seeds: Self.rounds, within: .seconds(120))
            #expect(Self.batchesAhead(last) > 0, "Nothing was copied ahead.")
        }
    }

    @Test func losesNothingWhenKilledWithACopyAhead() async throws {
        try await Self.with { rig, house in
            try await rig.startAndSee().kill()
            var reached = 0
            let counts = FaultRig.isQuick ? [1, 4] : [1, 2, 3, 5]
            for count in counts {
                let life = try rig.start(["BRIDGE_CRASH_AT": "\(CrashPoint.copiedAhead.rawValue):\(count)"])
                _ = await house.isSubscribed(.seconds(10))
                for _ in 0..<10 where life.process.isRunning { try await Self.flood(rig, house) }
                if try await life.process.waitForEnd(.seconds(10)) == .signal(SIGKILL) { reached += 1 }
                life.kill()
            }
            #expect(reached == counts.count, "Reached \(reached) of \(counts.count) times.")
            try rig.start()
            try await rig.expectAccount("kill -9 with a copy ahead", seeds: counts.count, within: .seconds(120))
        }
    }

    @Test func losesNothingWhenSessionsEndInAFlood() async throws {
        try await Self.with { rig, house in
            var random = SeededGenerator(seed: FaultRig.seed)
            let life = try await rig.startAndSee()
            var ended = 0
            for _ in 1...Self.rounds {
                try await Self.flood(rig, house, events: 2_000) {
                    // The one that commits, the one that is ahead, or both.
                    let sessions = try await rig.session.query(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
                            AND (query LIKE 'COPY %' OR query LIKE '%home_assistant_seal_batch%')
                            AND random() < $1::float8
                        """, [.text("\(Double.random(in: 0.3...1, using: &random))")])
                    ended += Array(sessions).count
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...60, using: &random)))
            }
            #expect(ended > 0)
            try await rig.expectAccount("sessions ended in a flood", within: .seconds(120))
            #expect(life.process.isRunning, "\(life.lastWords)")
            #expect(house.fake.snapshot.connections.count == 1, "Home Assistant lost the bridge.")
            #expect(Self.batchesAhead(life) > 0, "Nothing was copied ahead.")
        }
    }

    /// The same events again, some batches later: one of the two sessions waits for the other's rows.
    @Test func repeatedEventsInBatchesSideBySide() async throws {
        try await Self.with { rig, house in
            var random = SeededGenerator(seed: FaultRig.seed)
            let life = try await rig.startAndSee()
            for _ in 1...(FaultRig.isQuick ? 2 : 8) {
                try await Self.flood(rig, house, events: 1_000)
                house.fake.fire { ledger in
                    let events = (0..<400).map { index in
                        index % 2 == 0 ? ledger.event() : ledger.change("sensor.s\(index % 30)", to: "\(index)")
                    }
                    return events + events.shuffled(using: &random) + events
                }
            }
            try await rig.expectAccount("repeated events in a flood", within: .seconds(120))
            #expect(life.process.isRunning, "\(life.lastWords)")
            #expect(Self.batchesAhead(life) > 0, "Nothing was copied ahead.")
        }
    }
}
