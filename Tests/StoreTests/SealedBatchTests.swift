import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

/// What stands between rows and their commit: leases, the cursor of the spool, and the ledger of gaps.
@Suite(.needsPostgres) struct SealedBatchTests {
    private let bridge = BridgeID()
    private let run = UUID()

    /// Makes `bridge` the holder of the lease under `epoch`.
    private func hold(
        _ connection: ConnectionID, epoch: Int64, by holder: BridgeID, in database: StoreDatabase,
        sameSince: Int64? = nil
    ) async throws {
        _ = try await database.session.query(
            """
            UPDATE home_assistant_connection_leases
            SET holder = $2, epoch = $3, same_holder_since = $4, last_holder = $2, expires_at = now() + interval '10 s'
            WHERE connection_id = $1
            """, [.id(connection), .id(holder), .int(epoch), .int(sameSince ?? epoch)])
    }

    private func row(_ connection: ConnectionID, source: String = "live", state: String = "on") -> EventRow {
        var row = EventRow(connection: connection, timestamp: .now)
        row.source = source
        row.new = state
        return row
    }

    private func cursor(_ database: StoreDatabase) async throws -> String? {
        try await database.scalar(
            "SELECT committed_sequence FROM home_assistant_spool_cursors WHERE run_id = $1", [.uuid(run)])
    }

    @Test func rowsAndCursorAreCommittedTogether() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            try await hold(home, epoch: 3, by: bridge, in: database)
            let seal = BatchSeal(bridge: bridge, claims: [home: 3], positions: [run: 17])
            #expect(
                try await EventTable.copyDirect(database.writer, rows: [row(home)], seal: seal) == 1
            )
            #expect(try await cursor(database) == "17")
            // An older position never moves it back.
            let older = BatchSeal(bridge: bridge, claims: [:], positions: [run: 5])
            try await EventTable.sealAlone(database.writer, seal: older)
            #expect(try await cursor(database) == "17")
            let cursors = SpoolCursorRepository(database.pool)
            #expect(try await cursors.load(bridge: bridge, keeping: [run]) == [run: 17])
            #expect(try await cursors.load(bridge: BridgeID(), keeping: []) == [:])
            #expect(try await cursors.load(bridge: bridge, keeping: []) == [:])
        }
    }

    @Test(arguments: [true, false])
    func aStaleEpochStoresNothing(isDirect: Bool) async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let other = BridgeID()
            try await hold(home, epoch: 4, by: other, in: database)
            let row = row(home)
            let chunks = EventRow.chunks([row])
            for (holder, epoch) in [(bridge, Int64(4)), (bridge, 3), (other, 3)] {
                let seal = BatchSeal(bridge: holder, claims: [home: epoch], positions: [run: 9])
                let error = try await thrown(PostgresError.self) {
                    if isDirect {
                        _ = try await EventTable.copyDirect(database.writer, rows: [row], seal: seal)
                    } else {
                        _ = try await EventTable.copyThroughStaging(database.writer, chunks: chunks, seal: seal)
                    }
                }
                #expect(error.isLostLease && error.lostLease == home && !error.rejectsData)
            }
            #expect(try await EventRepository(database.pool).count() == 0)
            #expect(try await cursor(database) == nil)
            // Without a claim, what came under an earlier lease is stored.
            let seal = BatchSeal(bridge: bridge, claims: [home: nil], positions: [run: 9])
            #expect(try await EventTable.copyDirect(database.writer, rows: [row], seal: seal) == 1)
        }
    }

    @Test func theBestSourceOfARowCountsInWhateverOrderTheyCome() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let sources = ["backfill", "snapshot", "import", "live"]
            var orders: [[String]] = [[]]
            for _ in sources {
                orders = orders.flatMap { order in sources.filter { !order.contains($0) }.map { order + [$0] } }
            }
            #expect(orders.count == 24)
            for order in orders {
                let id = UUID()
                let time = Timestamp.now
                for source in order {
                    var row = row(home, source: source, state: source)
                    row.id = id
                    row.timestamp = time
                    _ = try await EventTable.copyThroughStaging(database.writer, chunks: EventRow.chunks([row]))
                }
                let stored = try await database.column(
                    "SELECT new_state || ' ' || source FROM home_assistant_events WHERE id = $1", [.uuid(id)])
                #expect(stored == ["live live"], "\(order)")
            }
            // And within one batch.
            let id = UUID()
            let time = Timestamp.now
            let batch = ["snapshot", "live", "backfill"].map { source in
                var row = row(home, source: source, state: source)
                row.id = id
                row.timestamp = time
                return row
            }
            #expect(try await EventTable.copyThroughStaging(database.writer, chunks: EventRow.chunks(batch)) == 1)
            #expect(
                try await database.scalar("SELECT source FROM home_assistant_events WHERE id = $1", [.uuid(id)])
                    == "live")
        }
    }

    // MARK: Gaps

    private func note(
        _ kinds: [(Sighting.Kind, Int64)], cause: GapCause = .disconnected, epoch: Int64 = 1,
        of connection: ConnectionID, in database: StoreDatabase
    ) async throws {
        let sightings = kinds.map { kind, seconds in
            Sighting(
                connection: connection, epoch: epoch, kind: kind, at: .sample.adding(seconds: seconds), cause: cause,
                detail: kind == .lost ? "It's \"gone\", {really}" : nil)
        }
        try await EventTable.sealAlone(database.writer, seal: BatchSeal(bridge: bridge, sightings: sightings))
    }

    /// The gaps as `cause start end status`, in seconds from the sample time.
    private func gaps(_ database: StoreDatabase) async throws -> [String] {
        try await database.column(
            """
            SELECT format('%s %s %s %s', cause, extract(epoch FROM started_at - $1)::int,
                coalesce(extract(epoch FROM ended_at - $1)::int::text, '-'), status)
            FROM home_assistant_event_gaps ORDER BY started_at, opened_at
            """, [.timestamp(.sample)])
    }

    @Test func sightingsBecomeGapsBoundedByTheWatermark() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            try await hold(home, epoch: 1, by: bridge, in: database)
            // Before the first sight there is nothing to miss.
            try await note([(.lost, -5), (.regained, 0)], of: home, in: database)
            #expect(try await gaps(database) == [])
            try await note([(.watermark, 10), (.watermark, 25), (.lost, 30)], of: home, in: database)
            #expect(try await gaps(database) == ["disconnected 25 - open"])
            // A second loss before the first has ended is the same loss.
            try await note([(.lost, 40)], cause: .bridgeLost, of: home, in: database)
            #expect(try await gaps(database) == ["disconnected 25 - open"])
            try await note([(.regained, 50), (.missed, 55)], cause: .undelivered, of: home, in: database)
            #expect(try await gaps(database) == ["disconnected 25 50 open", "undelivered 50 55 open"])
            #expect(
                try await database.column("SELECT detail FROM home_assistant_event_gaps WHERE detail IS NOT NULL")
                    == ["It's \"gone\", {really}"])
            #expect(
                try await database.column(
                    "SELECT events_lost FROM home_assistant_event_gaps WHERE cause = 'undelivered'")
                    == ["1"])
        }
    }

    @Test func theWordOfABridgeThatWasReplacedDoesNotCount() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            try await hold(home, epoch: 1, by: bridge, in: database)
            try await note([(.regained, 0), (.watermark, 60)], of: home, in: database)
            // The same bridge after a restart: what its spool kept is still its word.
            try await hold(home, epoch: 2, by: bridge, in: database, sameSince: 1)
            try await note([(.watermark, 75), (.lost, 80)], epoch: 1, of: home, in: database)
            #expect(try await gaps(database) == ["disconnected 75 - open"])
            try await note([(.regained, 90)], epoch: 2, of: home, in: database)
            // Another one has spoken since.
            try await hold(home, epoch: 3, by: BridgeID(), in: database)
            try await note([(.watermark, 100), (.lost, 101), (.regained, 102)], epoch: 2, of: home, in: database)
            #expect(try await gaps(database) == ["disconnected 75 90 open"])
            #expect(
                try await database.scalar(
                    "SELECT extract(epoch FROM seen_until - $1)::int FROM home_assistant_connection_watermarks",
                    [.timestamp(.sample)]) == "90")
        }
    }

    @Test func aClockThatWasAheadDoesNotHideAGap() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            try await hold(home, epoch: 1, by: bridge, in: database)
            // The bridge's clock was a day ahead, and is right again.
            try await note(
                [(.regained, 0), (.watermark, 86_400), (.lost, 10), (.regained, 20)], of: home, in: database)
            let gap = try #require(try await gaps(database).first)
            #expect(gap == "disconnected 10 20 open")
            try await note([(.watermark, 30), (.lost, 40), (.regained, 50)], of: home, in: database)
            #expect(try await gaps(database).contains("disconnected 30 50 open"))
        }
    }

    @Test func aRemovedConnectionTakesItsGapsAndLeaseAlong() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            try await hold(home, epoch: 1, by: bridge, in: database)
            try await note([(.regained, 0), (.lost, 1)], of: home, in: database)
            try await database.connections.markRemoved(home)
            _ = try await database.connections.deleteRemoved(home)
            #expect(try await gaps(database) == [])
            // What comes late is no error.
            try await note([(.regained, 5), (.lost, 6)], of: home, in: database)
            #expect(try await gaps(database) == [])
        }
    }
}
