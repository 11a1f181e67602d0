import BridgeCore
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Ingest

@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct LeaseKeeperTests {
    @Test func oneBridgeHoldsEverythingAndASecondGetsHalf() async throws {
        try await Fleet.with(connections: 7) { fleet, ids in
            let anna = fleet.start("anna")
            #expect(try await fleet.settles([(anna, 7)]))
            #expect(Set(anna.book.leases.keys) == Set(ids))
            let bert = fleet.start("bert")
            #expect(try await fleet.settles([(anna, 4), (bert, 3)]))
            #expect(Set(anna.book.leases.keys).isDisjoint(with: bert.book.leases.keys))
            let carl = fleet.start("carl")
            #expect(
                try await fleet.eventually {
                    let holdings = try await fleet.holdings()
                    return holdings.values.reduce(0, +) == 7 && holdings.count == 3
                        && holdings.values.allSatisfy { $0 <= 3 }
                })
            // The last one takes all.
            await anna.withdraw()
            await bert.kill()
            #expect(try await fleet.settles([(carl, 7)]))
            await carl.withdraw()
            let left = try await fleet.holdings()
            #expect(left.isEmpty)
            #expect(try await fleet.repository.livingBridges().map(\.identity.name).contains("carl") == false)
        }
    }

    @Test func nothingMovesWhileNothingChanges() async throws {
        try await Fleet.with(connections: 5) { fleet, _ in
            let bridges = (0..<3).map { fleet.start("bridge-\($0)") }
            #expect(
                try await fleet.eventually {
                    let holdings = try await fleet.holdings()
                    return holdings.values.reduce(0, +) == 5 && holdings.values.allSatisfy { $0 <= 2 }
                })
            let before = try await fleet.repository.list().map(\.epoch)
            let renewed = try #require(try await fleet.repository.list().first?.expiresAt)
            // Many looks and renewals later, all is as it was.
            #expect(
                try await fleet.eventually {
                    let expiries = try await fleet.repository.list().compactMap(\.expiresAt)
                    return expiries.allSatisfy { $0 > renewed.adding(seconds: 3) }
                })
            #expect(try await fleet.repository.list().map(\.epoch) == before)
            for bridge in bridges { await bridge.withdraw() }
        }
    }

    @Test func aWithdrawnBridgeIsFollowedAtOnceByNotification() async throws {
        try await Fleet.with(connections: 3) { fleet, _ in
            let anna = fleet.start("anna", .sleepy, hears: false)
            #expect(try await fleet.settles([(anna, 3)]))
            // It looks once, when all is taken, and then for an hour only when it is told to.
            let bert = fleet.start("bert", .sleepy)
            #expect(try await fleet.eventually { try await fleet.repository.livingBridges().count == 2 })
            #expect(try await fleet.eventually { try await Self.listens(fleet) })
            await anna.withdraw()
            #expect(try await fleet.settles([(bert, 3)]))
            let epochs = try await fleet.repository.list().map(\.epoch)
            #expect(epochs == [2, 2, 2])
            await bert.withdraw()
        }
    }

    @Test func aKilledBridgeFindsItsLeasesAgainWhenItIsBack() async throws {
        try await Fleet.with(connections: 3) { fleet, _ in
            let anna = fleet.start("anna", .sleepy)
            #expect(try await fleet.settles([(anna, 3)]))
            await anna.kill()
            let back = fleet.start("anna", id: anna.identity.id, .sleepy)
            #expect(try await fleet.settles([(back, 3)]))
            let leases = try await fleet.repository.list()
            #expect(leases.map(\.epoch) == [2, 2, 2])
            #expect(leases.map(\.sameHolderSince) == [1, 1, 1])
            await back.withdraw()
        }
    }

    /// A frozen bridge renews too late: another has taken over, and its first renewal tells it so.
    @Test func aBridgeThatWakesUpLearnsWhatItHasLost() async throws {
        try await Fleet.with(connections: 2) { fleet, ids in
            var frozen = LeaseTimings.quick
            frozen.renewal = .seconds(4)
            frozen.expiry = .milliseconds(400)
            let anna = fleet.start("anna", frozen)
            #expect(try await fleet.settles([(anna, 2)]))
            let bert = fleet.start("bert", .sleepy)
            #expect(
                try await fleet.eventually {
                    // Bert sleeps: it is told to look.
                    bert.keeper.look()
                    return try await fleet.holdings()[bert.identity.id] == 2
                })
            #expect(anna.book.claims.epochs == Dictionary(uniqueKeysWithValues: ids.map { ($0, 1) }))
            let writer = try await fleet.database.connect()
            let refusal = await #expect(throws: PostgresError.self) {
                _ = try await writer.query(
                    "SELECT home_assistant_seal_batch($1, ARRAY[$2::uuid], '{1}', '{}', '{}', false)",
                    [.id(anna.identity.id), .id(ids[0])])
            }
            #expect(refusal?.sqlState == "HB001" && refusal?.detail == ids[0].description)
            await writer.close()
            #expect(try await fleet.settles([(anna, 0), (bert, 2)]))
            #expect(try await fleet.repository.list().map(\.epoch) == [2, 2])
            await anna.kill()
            await bert.withdraw()
        }
    }

    /// PostgreSQL is away for longer than every lease holds: who is back first takes nothing from the others.
    @Test func afterAnOutageEachBridgeKeepsItsOwn() async throws {
        try await Fleet.with(connections: 6) { fleet, _ in
            var timings = LeaseTimings.quick
            timings.expiry = .milliseconds(700)
            timings.calm = .seconds(30)
            let bridges = (0..<3).map { fleet.start("bridge-\($0)", timings) }
            #expect(try await fleet.settles(bridges.map { ($0, 2) }))
            let before = bridges.map(\.book.leases)
            let epochs = try await fleet.repository.list().map(\.epoch)
            try await fleet.outage {
                let areExpired = try await fleet.areAllExpired($0)
                #expect(areExpired)
                #expect(bridges.map(\.book.leases) == before)
            }
            // A bridge that comes back first has many looks before the last one is back.
            #expect(try await fleet.settles(bridges.map { ($0, 2) }))
            #expect(bridges.map(\.book.leases) == before)
            #expect(try await fleet.repository.list().map(\.epoch) == epochs)
            for bridge in bridges { await bridge.withdraw() }
        }
    }

    @Test func aPausedConnectionCountsForNobody() async throws {
        try await Fleet.with(connections: 3) { fleet, ids in
            let connections = ConnectionRepository(fleet.pool)
            let anna = fleet.start("anna")
            #expect(try await fleet.settles([(anna, 3)]))
            try await connections.pause(ids[0])
            // The supervisor does this when the session has ended.
            anna.keeper.release(ids[0], epoch: 1)
            #expect(try await fleet.settles([(anna, 2)]))
            try await connections.resume(ids[0])
            #expect(try await fleet.settles([(anna, 3)]))
            #expect(anna.book.epoch(of: ids[0]) == 2)
            // An order about a lease that is held anew means nothing.
            anna.keeper.release(ids[0], epoch: 1)
            anna.keeper.release(ids[1], epoch: 1)
            #expect(try await fleet.eventually { anna.book.epoch(of: ids[1]) == 2 })
            #expect(anna.book.epoch(of: ids[0]) == 2)
            await anna.withdraw()
        }
    }

    @Test func aBridgeThatShallAcquireNoMoreKeepsWhatItHas() async throws {
        try await Fleet.with(connections: 2) { fleet, ids in
            let anna = fleet.start("anna")
            #expect(try await fleet.settles([(anna, 2)]))
            anna.keeper.acquireNoMore()
            anna.keeper.release(ids[0], epoch: 1)
            let bert = fleet.start("bert")
            #expect(try await fleet.settles([(anna, 1), (bert, 1)]))
            await bert.withdraw()
            #expect(try await fleet.settles([(anna, 1)]))
            await anna.withdraw()
            let left = try await fleet.holdings()
            #expect(left.isEmpty)
        }
    }

    /// Eight bridges that come, go and are killed at random share fifty connections.
    @Test(arguments: [TestSeed.value])
    func inAStormOfBridgesEachConnectionHasOneHolder(seed: UInt64) async throws {
        try await Fleet.with(connections: 50) { fleet, ids in
            var generator = SeededGenerator(seed: seed)
            let names = (0..<8).map { "bridge-\($0)" }
            let identifiers = names.map { _ in BridgeID() }
            var running: [Int: FleetBridge] = [:]
            var epochs: [ConnectionID: Int64] = [:]
            // A slow machine ends bridges before they hold anything: it goes on until leases have changed hands.
            for step in 0..<2_000 where step < 60 || !epochs.values.contains(where: { $0 > 1 }) {
                if step >= 60 { try await Task.sleep(for: .milliseconds(50)) }
                let number = Int.random(in: 0..<8, using: &generator)
                if let bridge = running.removeValue(forKey: number) {
                    if Bool.random(using: &generator) { await bridge.withdraw() } else { await bridge.kill() }
                } else {
                    running[number] = fleet.start(names[number], id: identifiers[number], .stormy)
                }
                // One statement reads all leases: a moment of the whole database.
                let leases = try await fleet.repository.list()
                #expect(leases.count == ids.count)
                for lease in leases {
                    #expect(lease.epoch >= epochs[lease.connection] ?? 0, "seed \(seed)")
                    epochs[lease.connection] = lease.epoch
                }
            }
            for number in 0..<8 where running[number] == nil {
                running[number] = fleet.start(names[number], id: identifiers[number], .stormy)
            }
            #expect(
                try await fleet.eventually {
                    let holdings = try await fleet.holdings()
                    return holdings.values.reduce(0, +) == 50 && holdings.values.allSatisfy { $0 <= 7 }
                }, "seed \(seed)")
            // What they believe is what the database says, and no two believe the same.
            #expect(
                try await fleet.eventually {
                    let believed = running.values.flatMap { bridge in
                        bridge.book.leases.map { ($0.key, bridge.identity.id, $0.value.epoch) }
                    }
                    let known = try await fleet.repository.list()
                    return believed.count == 50
                        && known.allSatisfy { lease in
                            believed.contains {
                                $0.0 == lease.connection && $0.1 == lease.holder && $0.2 == lease.epoch
                            }
                        }
                }, "seed \(seed)")
            #expect(epochs.values.contains { $0 > 1 }, "seed \(seed): the storm was none")
            for bridge in running.values { await bridge.withdraw() }
            #expect(try await fleet.holdings().isEmpty, "seed \(seed)")
        }
    }

    /// Asked by the superuser: the writer is not shown the statements of other sessions.
    private static func listens(_ fleet: Fleet) async throws -> Bool {
        let session = try await fleet.database.connect()
        let isEmpty = try await session.query(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        ).isEmpty
        await session.close()
        return !isEmpty
    }
}

extension LeaseTimings {
    /// Leases that run out now and then.
    fileprivate static let stormy = LeaseTimings(
        renewal: .milliseconds(150), expiry: .milliseconds(900), look: .milliseconds(50), patience: .milliseconds(200),
        calm: .milliseconds(200), deadline: .seconds(5))
}
