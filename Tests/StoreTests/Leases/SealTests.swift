import BridgeCore
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// That no row is committed under a stale epoch, shown inside PostgreSQL.
@Suite(.needsPostgres) struct SealTests {
    private let anna = BridgeIdentity.sample("anna")
    private let bert = BridgeIdentity.sample("bert")
    private let expiry = Duration.seconds(60)

    @Test func theSealHoldsALockThatSharesWithOtherWritersAndWithNobodyElse() async throws {
        try await StoreDatabase.with { database in
            let id = try await database.addConnections(1)[0]
            _ = try await database.leases.acquire(anna, atMost: 1, expiry: expiry)
            let writer = try await database.connect()
            func rows(_ lock: String) async throws -> Int {
                try await database.session.query(
                    "SELECT FROM home_assistant_connection_leases WHERE connection_id = $1 FOR \(lock) SKIP LOCKED",
                    [.id(id)]
                ).count
            }
            func isLocked() async throws -> Bool {
                let pid = try #require(await writer.backendProcessID)
                return try await database.scalar(
                    """
                    SELECT count(*) FROM pg_locks
                    WHERE pid = $1 AND relation = 'home_assistant_connection_leases'::regclass
                        AND mode = 'RowShareLock' AND granted
                    """, [.int(Int64(pid))]) == "1"
            }
            try await writer.execute("BEGIN")
            try await writer.insertEvent(id)
            #expect(try await rows("UPDATE") == 1)
            #expect(try await isLocked() == false)
            try await writer.seal(anna.id, [id: 1])
            #expect(try await isLocked())
            #expect(try await rows("SHARE") == 1)
            #expect(try await rows("NO KEY UPDATE") == 0)
            #expect(try await rows("UPDATE") == 0)
            try await writer.execute("COMMIT")
            #expect(try await isLocked() == false)
            #expect(try await rows("UPDATE") == 1)
            await writer.close()
        }
    }

    @Test func itsPlanLocksTheLeasesInTheOrderOfConnections() async throws {
        try await StoreDatabase.with { database in
            let source = try #require(
                try await database.scalar("SELECT prosrc FROM pg_proc WHERE proname = 'home_assistant_seal_batch'"))
            let start = try #require(source.range(of: "SELECT lease.connection_id"))
            let end = try #require(source.range(of: "LOOP", options: [], range: start.lowerBound..<source.endIndex))
            let query = source[start.lowerBound..<end.lowerBound]
                .replacing("p_connections", with: "'{}'::uuid[]").replacing("p_epochs", with: "'{}'::bigint[]")
            let plan = try await database.column("EXPLAIN (COSTS OFF) \(query)")
            let steps = plan.map { String($0.drop { $0 == " " || $0 == "-" || $0 == ">" }) }
            #expect(steps.first == "LockRows", "\(plan)")
            #expect(steps.dropFirst().first == "Sort", "\(plan)")
            #expect(steps.contains("Sort Key: lease.connection_id"), "\(plan)")
            #expect(query.contains("FOR SHARE OF lease"))
        }
    }

    @Test func theLeaseCannotChangeBetweenSealAndCommit() async throws {
        try await StoreDatabase.with { database in
            try await EpochWitness.install(on: database.session)
            let verdict = try await Self.takeOverInTheMiddle(database, anna, bert)
            #expect(verdict == EpochWitness.Verdict(underLease: 1, unclaimed: 0, unsealed: 0, stale: 0, rows: 2))
        }
    }

    /// The witness itself: without the lock, it must see the same writer commit under a lease that another holds.
    @Test func theWitnessSeesAStaleRow() async throws {
        try await StoreDatabase.with { database in
            let definition = try #require(
                try await database.scalar(
                    "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'home_assistant_seal_batch'"))
            try await database.session.execute(definition.replacing("FOR SHARE OF lease", with: ""))
            try await EpochWitness.install(on: database.session)
            let verdict = try await Self.takeOverInTheMiddle(database, anna, bert)
            #expect(verdict == EpochWitness.Verdict(underLease: 0, unclaimed: 0, unsealed: 0, stale: 1, rows: 2))
            try await database.session.insertEvent(try await database.leases.list()[0].connection)
            #expect(try await EpochWitness.verdict(on: database.session).unsealed == 1)
        }
    }

    /// A writer inserts and seals; before its commit, another bridge tries to take the lease, whose time is over.
    private static func takeOverInTheMiddle(
        _ database: StoreDatabase, _ holder: BridgeIdentity, _ other: BridgeIdentity
    ) async throws -> EpochWitness.Verdict {
        let id = try await database.addConnections(1)[0]
        _ = try await database.leases.acquire(holder, atMost: 1, expiry: .seconds(60))
        try await database.expire()
        let writer = try await database.connect()
        try await writer.execute("BEGIN")
        try await writer.insertEvent(id)
        try await writer.insertEvent(id)
        try await writer.seal(holder.id, [id: 1])
        _ = try await database.leases.acquire(other, atMost: 1, expiry: .seconds(60))
        try await writer.execute("COMMIT")
        await writer.close()
        return try await EpochWitness.verdict(on: database.session)
    }

    /// Bridges that take each other's leases all the time, while each writes what it believes to hold.
    @Test(arguments: [TestSeed.value, 11])
    func amongBridgesThatFightOverLeasesNoRowIsStale(seed: UInt64) async throws {
        try await StoreDatabase.with { database in
            _ = try await database.addConnections(4)
            try await EpochWitness.install(on: database.session)
            let counts = try await withThrowingTaskGroup(of: (written: Int, refused: Int).self) { group in
                for number in 0..<4 {
                    group.addTask { try await Self.fight(database, number: number, seed: seed) }
                }
                return try await group.reduce(into: (written: 0, refused: 0)) { sum, part in
                    sum.written += part.written
                    sum.refused += part.refused
                }
            }
            let verdict = try await EpochWitness.verdict(on: database.session)
            #expect(verdict.stale == 0 && verdict.unsealed == 0, "seed \(seed): \(verdict)")
            #expect(verdict.underLease == counts.written && counts.written > 0, "seed \(seed): \(verdict), \(counts)")
            #expect(counts.refused > 0, "seed \(seed): nobody was ever late, \(counts)")
            #expect(verdict.rows == counts.written)
        }
    }

    private static func fight(
        _ database: StoreDatabase, number: Int, seed: UInt64
    ) async throws -> (written: Int, refused: Int) {
        var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 1_000_003)
        let bridge = BridgeIdentity.sample("bridge-\(number)")
        let pool = PostgresPool(database.configuration, size: 1, logger: StoreDatabase.logger)
        let leases = LeaseRepository(pool, deadline: .seconds(20))
        let writer = try await database.connect()
        var held: [ConnectionID: Int64] = [:]
        var counts = (written: 0, refused: 0)
        for _ in 0..<60 {
            // A lease that runs out before it is used is what a freeze looks like.
            let expiry = Duration.milliseconds(Int.random(in: 0...8, using: &generator))
            held.merge(try await leases.acquire(bridge, atMost: 3, held: held.keys, expiry: expiry)) { $1 }
            guard let claim = held.randomElement(using: &generator) else { continue }
            do {
                try await writer.transaction { writer in
                    try writer.insertEvent(claim.key)
                    try writer.seal(bridge.id, [claim.key: claim.value])
                }
                counts.written += 1
            } catch let error as PostgresError where error.sqlState == "HB001" {
                counts.refused += 1
                held[claim.key] = nil
            }
        }
        await writer.close()
        await pool.close()
        return counts
    }
}
