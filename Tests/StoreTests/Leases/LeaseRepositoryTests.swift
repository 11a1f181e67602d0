import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgres) struct LeaseRepositoryTests {
    private let expiry = Duration.seconds(60)
    private let anna = BridgeIdentity.sample("anna")
    private let bert = BridgeIdentity.sample("bert")

    @Test func aLeaseHasOneHolderUntilItsTimeIsOver() async throws {
        try await StoreDatabase.with { database in
            let ids = try await database.addConnections(3)
            let leases = database.leases
            let first = try await leases.acquire(anna, atMost: 2, expiry: expiry)
            #expect(first == [ids[0]: 1, ids[1]: 1])
            #expect(try await leases.acquire(bert, atMost: 9, expiry: expiry) == [ids[2]: 1])
            #expect(try await leases.acquire(bert, atMost: 9, held: [ids[2]], expiry: expiry) == [:])

            try await database.expire(anna.id)
            // A holder that was late keeps what nobody has taken.
            #expect(try await leases.renew(anna, held: first, expiry: expiry) == first)
            #expect(try await leases.acquire(bert, atMost: 9, held: [ids[2]], expiry: expiry) == [:])

            try await database.expire(anna.id)
            #expect(
                try await leases.acquire(bert, atMost: 9, held: [ids[2]], takesExpired: false, expiry: expiry) == [:])
            #expect(try await leases.acquire(bert, atMost: 1, held: [ids[2]], expiry: expiry) == [ids[0]: 2])
            #expect(try await leases.renew(anna, held: first, expiry: expiry) == [ids[1]: 1])
            let taken = try await database.lease(ids[0])
            #expect(taken.holder == bert.id && taken.holderName == "bert" && !taken.isExpired)
            #expect(taken.acquiredAt != nil && taken.sameHolderSince == 2)
        }
    }

    @Test func onlyConnectionsThatAreWantedCanBeAcquired() async throws {
        try await StoreDatabase.with { database in
            let ids = try await database.addConnections(3)
            try await database.connections.pause(ids[0])
            try await database.connections.markRemoved(ids[1])
            #expect(try await database.leases.census(for: anna.id) == LeaseCensus(bridges: 1, wanted: 1))
            #expect(try await database.leases.acquire(anna, atMost: 9, expiry: expiry) == [ids[2]: 1])
            try await database.connections.resume(ids[0])
            #expect(try await database.leases.acquire(anna, atMost: 9, held: [ids[2]], expiry: expiry) == [ids[0]: 1])
        }
    }

    @Test func theRowOfAcquisitionsBreaksWhenAnotherComesBetween() async throws {
        try await StoreDatabase.with { database in
            let id = try await database.addConnections(1)[0]
            let leases = database.leases
            func acquire(_ bridge: BridgeIdentity) async throws -> Int64 {
                _ = try await leases.acquire(bridge, atMost: 1, expiry: expiry)
                return try await database.lease(id).sameHolderSince
            }
            #expect(try await acquire(anna) == 1)
            try await leases.release(anna.id, [id])
            #expect(try await acquire(anna) == 1)
            // A restart after a crash: the bridge finds its own lease, under a new epoch, at once.
            #expect(try await acquire(anna) == 1)
            #expect(try await database.lease(id).epoch == 3)
            try await leases.release(anna.id, [id])
            #expect(try await acquire(bert) == 4)
            try await leases.withdraw(bert.id)
            #expect(try await acquire(anna) == 5)
        }
    }

    @Test func releaseAndWithdrawalNotifyOfEachLease() async throws {
        try await StoreDatabase.with { database in
            let ids = try await database.addConnections(4)
            let leases = database.leases
            try await leases.announce(anna, expiry: expiry)
            _ = try await leases.acquire(anna, atMost: 3, expiry: expiry)
            _ = try await leases.acquire(bert, atMost: 1, expiry: expiry)
            let listener = try await database.connect()
            try await listener.listen(to: ConnectionRepository.notificationChannel)
            func notified() async throws -> Set<String> {
                try await listener.execute("SELECT 1")
                return Set(try await listener.notifications(waitingAtMost: .zero).map(\.payload))
            }
            // Somebody else's lease stays as it is.
            try await leases.release(anna.id, [ids[0], ids[3]])
            #expect(try await notified() == [ids[0].description])
            try await leases.withdraw(anna.id)
            try await leases.withdraw(anna.id)
            #expect(try await notified() == [ids[1].description, ids[2].description])
            #expect(try await leases.livingBridges() == [])
            #expect(try await leases.list().map(\.holder) == [nil, nil, nil, bert.id])
            await listener.close()
        }
    }

    @Test func aBridgeLivesUntilItsTimeIsOver() async throws {
        try await StoreDatabase.with { database in
            let ids = try await database.addConnections(5)
            let leases = database.leases
            try await leases.announce(bert, expiry: expiry)
            _ = try await leases.renew(anna, held: [:], expiry: expiry)
            _ = try await leases.acquire(anna, atMost: 2, expiry: expiry)
            let living = try await leases.livingBridges()
            #expect(living.map(\.identity) == [anna, bert])
            #expect(living.map(\.held) == [2, 0])
            let census = try await leases.census(for: BridgeID())
            #expect(census == LeaseCensus(bridges: 3, wanted: 5) && census.share == 2)
            try await database.expire(anna.id)
            #expect(try await leases.livingBridges().map(\.identity) == [bert])
            // Whoever asks is alive.
            #expect(try await leases.census(for: anna.id) == LeaseCensus(bridges: 2, wanted: 5))
            #expect(try await leases.list().filter(\.isExpired).map(\.connection) == Array(ids.prefix(2)))

            // Long gone ones are swept out.
            _ = try await database.session.query(
                "UPDATE home_assistant_bridges SET expires_at = now() - interval '2 days' WHERE id = $1", [.id(anna.id)]
            )
            try await leases.announce(bert, expiry: expiry)
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_bridges") == "1")
        }
    }

    @Test func aLockedRowDelaysNeitherTheOtherRenewalsNorAnAcquisition() async throws {
        try await StoreDatabase.with { database in
            let ids = try await database.addConnections(3)
            let leases = LeaseRepository(database.pool, deadline: .milliseconds(600))
            let held = try await leases.acquire(anna, atMost: 2, expiry: expiry)
            try await database.expire(anna.id)
            // A writer that hangs in its commit holds what the seal has locked.
            let writer = try await database.connect()
            try await writer.execute("BEGIN")
            try await writer.seal(anna.id, [ids[0]: 1])
            #expect(try await leases.renew(anna, held: held, expiry: expiry) == held)
            #expect(try await database.lease(ids[0]).isExpired)
            #expect(try await database.lease(ids[1]).isExpired == false)
            // Nobody gets the row while the commit may still take effect.
            #expect(try await leases.acquire(bert, atMost: 9, expiry: expiry) == [ids[2]: 1])
            try await writer.execute("COMMIT")
            #expect(try await leases.acquire(bert, atMost: 9, held: [ids[2]], expiry: expiry) == [ids[0]: 2])
            await writer.close()
        }
    }

    @Test func aStaleHolderCannotSealAndLearnsItFromItsRenewal() async throws {
        try await StoreDatabase.with { database in
            let id = try await database.addConnections(1)[0]
            let held = try await database.leases.acquire(anna, atMost: 1, expiry: expiry)
            try await database.session.seal(anna.id, [id: 1])
            try await database.expire()
            // Late, but nobody else has it: its word still counts.
            try await database.session.seal(anna.id, [id: 1])
            #expect(try await database.leases.acquire(bert, atMost: 1, expiry: expiry) == [id: 2])
            for claim in [1, 2] as [Int64] {
                let error = try await thrown(PostgresError.self) {
                    try await database.session.seal(anna.id, [id: claim])
                }
                #expect(error.sqlState == "HB001" && error.detail == id.description)
            }
            try await database.session.seal(anna.id, [id: nil])
            try await database.session.seal(bert.id, [id: 2])
            #expect(try await database.leases.renew(anna, held: held, expiry: expiry) == [:])
        }
    }

    /// Eight bridges take, prolong, give back and forget fifty leases at random, with times so short that they run out.
    @Test(arguments: [TestSeed.value, 7])
    func aStormOfAcquisitionsNeverGivesAnEpochTwice(seed: UInt64) async throws {
        try await StoreDatabase.with { database in
            let ids = try await database.addConnections(50)
            struct Grant: Hashable {
                let connection: ConnectionID
                let epoch: Int64
            }
            let grants = try await withThrowingTaskGroup(of: [Grant].self) { group in
                for number in 0..<8 {
                    group.addTask {
                        var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 1_000_003)
                        let pool = PostgresPool(database.configuration, size: 1, logger: StoreDatabase.logger)
                        let leases = LeaseRepository(pool, deadline: .seconds(20))
                        let bridge = BridgeIdentity.sample("bridge-\(number)")
                        let expiry = Duration.milliseconds(Int.random(in: 5...60, using: &generator))
                        var held: [ConnectionID: Int64] = [:]
                        var grants: [Grant] = []
                        for _ in 0..<40 {
                            switch Int.random(in: 0..<10, using: &generator) {
                            case 0..<5:
                                let acquired = try await leases.acquire(
                                    bridge, atMost: Int.random(in: 1...30, using: &generator), held: held.keys,
                                    expiry: expiry)
                                grants += acquired.map { Grant(connection: $0.key, epoch: $0.value) }
                                held.merge(acquired) { $1 }
                            case 5..<8:
                                let found = try await leases.renew(bridge, held: held, expiry: expiry)
                                // Nothing comes back that was not granted, and no epoch has moved under the holder.
                                for (connection, epoch) in found { #expect(held[connection] == epoch, "seed \(seed)") }
                                held = found
                            case 8:
                                let given = Array(held.keys.shuffled(using: &generator).prefix(10))
                                try await leases.release(bridge.id, given)
                                for connection in given { held[connection] = nil }
                            default:
                                try await leases.withdraw(bridge.id)
                                held = [:]
                            }
                        }
                        await pool.close()
                        return grants
                    }
                }
                group.addTask {
                    var last: [ConnectionID: Int64] = [:]
                    for _ in 0..<60 {
                        for lease in try await database.leases.list() {
                            #expect(lease.epoch >= last[lease.connection] ?? 0, "seed \(seed)")
                            last[lease.connection] = lease.epoch
                        }
                    }
                    return []
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(grants).count == grants.count, "seed \(seed): an epoch was granted twice")
            for lease in try await database.leases.list() {
                let epochs = grants.filter { $0.connection == lease.connection }.map(\.epoch).sorted()
                #expect(epochs == Array(1...max(lease.epoch, 1)).filter { $0 <= lease.epoch }, "seed \(seed)")
            }
            #expect(grants.count > ids.count, "seed \(seed): the storm was none")
        }
    }
}
