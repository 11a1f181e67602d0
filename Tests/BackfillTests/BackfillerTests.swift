import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store
import Testing

@testable import Ingest

@Suite(.needsPostgres) struct BackfillerTests {
    /// A gap of three minutes that ended a minute ago; the bridge saw states before it.
    private static let end = Timestamp.now.adding(seconds: -60)
    private static let start = end.adding(seconds: -180)

    private static let backfilled = """
        SELECT entity_id, old_state, new_state, attributes::text, value::text FROM home_assistant_events
        WHERE source = 'backfill' ORDER BY timestamp
        """

    private static func prepared(_ body: (BackfillHouse) async throws -> Void) async throws {
        try await BackfillHouse.with { house in
            house.history.set("sensor.a", "0", at: start.adding(seconds: -100))
            try await house.receive([
                Live.state("sensor.a", "0", at: start.adding(seconds: -100)),
                Live.event("call_service", at: start.adding(seconds: -99)),
                Live.event("lab_ok", at: start.adding(seconds: -98)),
            ])
            try await body(house)
        }
    }

    @Test func storesWhatHappenedInTheGapAndClosesIt() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.set("sensor.a", "1.5", attributes: #"{"u":"°C"}"#, at: Self.start.adding(seconds: 10))
            house.history.set("sensor.a", "1.5", attributes: #"{"u":"K"}"#, at: Self.start.adding(seconds: 20))
            house.history.remove("sensor.a", at: Self.start.adding(seconds: 30))
            house.history.set("sensor.a", "back", at: Self.start.adding(seconds: 40))
            house.history.set("light.new", "on", at: Self.start.adding(seconds: 50))
            let closed = try await house.backfiller().repair([gap])
            #expect(
                try await house.rows(Self.backfilled) == [
                    ["sensor.a", "0", "1.5", #"{"u": "°C"}"#, "1.5"],
                    ["sensor.a", "1.5", "1.5", #"{"u": "K"}"#, "1.5"],
                    ["sensor.a", "1.5", nil, nil, nil], ["sensor.a", nil, "back", "{}", nil],
                    ["light.new", nil, "on", "{}", nil],
                ])
            let row = try #require(closed.first)
            #expect(row.status == .backfilled && row.reason == nil && closed.count == 1)
            #expect(row.rowsAdded == 5 && row.rowsFound == 5 && row.entities == 2 && row.passes == 2)
            #expect(row.unrecoverableTypes == ["automation_triggered", "call_service", "lab_ok", "script_started"])
            #expect(try await house.gaps.repairable(house.connection).isEmpty)
        }
    }

    @Test func addsNothingToWhatCameLive() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            var live: [String] = []
            for number in 0..<300 {
                let time = Self.start.adding(microseconds: Int64(number) * 500_003 + 7)
                house.history.set("sensor.a", "\(number)", at: time)
                live.append(Live.state("sensor.a", "\(number)", at: time))
            }
            let gone = Self.start.adding(seconds: 170)
            house.history.remove("sensor.a", at: gone)
            live.append(Live.removal("sensor.a", old: "299", at: gone))
            try await house.receive(live)
            // The recorder has committed what came later, so that one reading is sure to have found everything.
            house.history.set("sensor.b", "1", at: Self.end.adding(seconds: 20))
            let before = try await house.rows(
                "SELECT md5(string_agg(e::text, '' ORDER BY id)) FROM home_assistant_events e")
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.status == .backfilled && closed.first?.rowsFound == 301)
            #expect(closed.first?.rowsAdded == 0 && closed.first?.passes == 1)
            #expect(
                try await house.rows("SELECT md5(string_agg(e::text, '' ORDER BY id)) FROM home_assistant_events e")
                    == before)
        }
    }

    @Test func readsAgainUntilNothingIsAdded() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.set("sensor.a", "1", at: Self.start.adding(seconds: 1))
            house.history.isCommitting = false
            house.history.set("sensor.a", "2", at: Self.start.adding(seconds: 2))
            let port = Self.port(of: house) { look in
                if look == 2 { house.history.isCommitting = true }
            }
            let closed = try await house.backfiller(port: port).repair([gap])
            #expect(closed.first?.passes == 3 && closed.first?.rowsAdded == 2 && closed.first?.rowsFound == 2)
        }
    }

    /// A port that calls `onLook` with the number of each question about the recorder, counted from 1.
    private static func port(of house: BackfillHouse, onLook: @escaping @Sendable (Int) -> Void) -> CommandPort {
        let asked = LockedBox(0)
        return house.port { (fields) throws(CommandFailure) in
            guard fields.contains("recorder/info") else { return }
            onLook(
                asked.withLock {
                    $0 += 1
                    return $0
                })
        }
    }

    /// Readings that add nothing prove nothing while the recorder has something to write, nor right after: it commits later.
    @Test func waitsForARecorderThatIsBehind() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.isCommitting = false
            house.history.set("sensor.a", "2", at: Self.start.adding(seconds: 2))
            house.history.backlog = 400
            var pacing = BackfillHouse.pacing
            pacing.settling = .milliseconds(40)
            let port = Self.port(of: house) { look in
                if look == 5 { house.history.backlog = 3 }
                if look == 6 { house.history.isCommitting = true }
            }
            let closed = try await house.backfiller(port: port, pacing: pacing).repair([gap])
            #expect(closed.first?.passes == 3 && closed.first?.rowsAdded == 1)
            #expect(closed.first?.status == .backfilled)
        }
    }

    /// The recorder writes in the order of events: a later state in the history says that the gap is in it, too.
    @Test(arguments: [0, 40_000]) func aLaterStateTellsWhatIsCommitted(backlog: Int) async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            // More than are asked about at once.
            for number in 0..<Backfiller.sample {
                house.history.set("light.l\(number)", "off", at: Self.start.adding(seconds: -100))
            }
            house.history.isCommitting = false
            house.history.set("sensor.a", "2", at: Self.start.adding(seconds: 2))
            house.history.set("sensor.b", "late", at: Self.end.adding(seconds: 11))
            house.history.backlog = backlog
            var pacing = BackfillHouse.pacing
            pacing.settling = .seconds(3_600)
            let port = Self.port(of: house) { look in
                if look == 4 { house.history.isCommitting = true }
            }
            let closed = try await house.backfiller(port: port, pacing: pacing).repair([gap])
            #expect(closed.first?.passes == 3 && closed.first?.rowsAdded == 1)
            #expect(closed.first?.status == .backfilled)
        }
    }

    /// Whatever the recorder says of its backlog: while nothing shows that it has committed, the gap stays open.
    @Test(arguments: [0, 400]) func withoutASignOfTheRecorderTheGapStaysOpen(backlog: Int) async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.set("sensor.a", "last", at: Self.end.adding(seconds: 9))
            house.history.backlog = backlog
            var pacing = BackfillHouse.pacing
            pacing.settling = backlog == 0 ? .seconds(3_600) : .zero
            await #expect(throws: BackfillPostponed.self) {
                _ = try await house.backfiller(pacing: pacing).repair([gap])
            }
            let open = try await house.gaps.repairable(house.connection)
            #expect(open.first?.passes == 1 && open.first?.rowsAdded == 1)
            // Not for ever; and then it says so.
            pacing.passesInAll = 2
            let closed = try await house.backfiller(pacing: pacing).repair(open)
            #expect(closed.first?.status == .partial && closed.first?.reason?.contains("recorder") == true)
        }
    }

    /// A gap that has just ended is never closed by its first reading, though that adds nothing: the recorder may be behind.
    @Test func aFreshGapIsReadTwice() async throws {
        try await Self.prepared { house in
            // By a clock that is ahead, so that it stays fresh however slow the machine is.
            let gap = try await house.openGap(from: Self.start, to: Timestamp.now.adding(seconds: 3_600))
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.passes == 2 && closed.first?.status == .backfilled)
        }
    }

    @Test func overlappingGapsShareNothingAndCloseTogether() async throws {
        try await Self.prepared { house in
            let first = try await house.openGap(from: Self.start, to: Self.start.adding(seconds: 60))
            let second = try await house.openGap(
                from: Self.start.adding(seconds: 65), to: Self.start.adding(seconds: 90))
            let inside = try await house.openGap(
                from: Self.start.adding(seconds: 35), to: Self.start.adding(seconds: 36))
            for number in 0..<100 {
                house.history.set("sensor.a", "\(number)", at: Self.start.adding(seconds: Int64(number)))
            }
            let closed = try await house.backfiller().repair([second, inside, first])
            #expect(closed.map(\.status) == [.backfilled, .backfilled, .backfilled])
            let added = Dictionary(uniqueKeysWithValues: closed.map { ($0.id, $0.rowsAdded) })
            // Seconds 0 to 69 belong to the first, with its ten seconds after the end; the rest to the second.
            #expect(added[first.id] == 70 && added[inside.id] == 0 && added[second.id] == 30)
            #expect(
                try await house.count("SELECT count(*) FROM home_assistant_events WHERE source = 'backfill'") == 100)
        }
    }

    @Test func asksInPiecesThatStaySmall() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            let pad = String(repeating: "x", count: 200)
            for entity in 0..<150 {
                for number in 0..<100 {
                    house.history.set(
                        "sensor.s\(entity)", "\(number)", attributes: #"{"p":"\#(pad)"}"#,
                        at: Self.start.adding(microseconds: Int64(number) * 1_700_000 + Int64(entity)))
                }
            }
            let sizes = LockedBox<[Int]>([])
            let own = BackfillSink(pool: house.pool)
            let closed = try await house.backfiller(sink: { batch in
                sizes.withLock { $0.append(batch.frames[0].bytes.count) }
                return try await own.write(batch)
            }).repair([gap])
            #expect(closed.first?.status == .backfilled && closed.first?.rowsAdded == 15_000)
            let largest = sizes.withLock { $0.max() } ?? 0
            #expect(largest < 2 << 20, "\(largest)")
            #expect(sizes.withLock(\.count) > 6)
            // The state before is carried from piece to piece.
            let broken = try await house.count(
                """
                SELECT count(*) FROM (
                    SELECT old_state, lag(new_state) OVER (PARTITION BY entity_id ORDER BY timestamp) AS before
                    FROM home_assistant_events WHERE source = 'backfill' AND entity_id <> 'sensor.a'
                ) AS row WHERE old_state IS DISTINCT FROM before
                """)
            #expect(broken == 0)
        }
    }

    @Test func oneEntityThatCannotBeReadCostsOnlyItself() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            for entity in 0..<40 { house.history.set("sensor.s\(entity)", "1", at: Self.start.adding(seconds: 5)) }
            house.history.refuse("sensor.s17", code: "unknown_error")
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.status == .partial && closed.first?.rowsAdded == 39)
            #expect(closed.first?.reason?.contains("sensor.s17") == true)
        }
    }

    @Test func saysWhenHistoryBeginsTooLate() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            for second in 0..<100 {
                house.history.set("sensor.a", "\(second)", at: Self.start.adding(seconds: Int64(second)))
            }
            house.history.purge(before: Self.start.adding(seconds: 50))
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.status == .partial && closed.first?.rowsAdded == 50)
            #expect(closed.first?.reason?.contains(Self.start.adding(seconds: 50).iso8601) == true)
        }
    }

    @Test func aPurgedHistoryRecoversNothing() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.purge(before: .now)
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.status == .unrecoverable && closed.first?.reason != nil)
        }
    }

    @Test func withoutTheHistoryIntegrationNothingIsRecoverable() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.isLoaded = false
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.status == .unrecoverable && closed.first?.passes == 0)
            #expect(
                closed.first?.unrecoverableTypes == [
                    "automation_triggered", "call_service", "lab_ok", "script_started",
                ])
            #expect(house.history.queries.count == BackfillHouse.pacing.tries)
        }
    }

    @Test func waitsForAHistoryThatIsNotLoadedYet() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.set("sensor.a", "1", at: Self.start.adding(seconds: 5))
            house.history.isLoaded = false
            let port = house.port { (_) throws(CommandFailure) in
                if house.history.queries.count == 2 { house.history.isLoaded = true }
            }
            let closed = try await house.backfiller(port: port).repair([gap])
            #expect(closed.first?.status == .backfilled && closed.first?.rowsAdded == 1)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5])
    func aLostConnectionLeavesTheGapToTheNextOne(commands: Int) async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            for second in 0..<100 {
                house.history.set("sensor.a", "\(second)", at: Self.start.adding(seconds: Int64(second)))
            }
            let left = LockedBox(commands)
            let port = house.port { (_) throws(CommandFailure) in
                let isOver = left.withLock {
                    $0 -= 1
                    return $0 < 0
                }
                if isOver { throw .disconnected }
            }
            await #expect(throws: CommandFailure.disconnected) {
                _ = try await house.backfiller(port: port).repair([gap])
            }
            let open = try await house.gaps.repairable(house.connection)
            #expect(open.map(\.id) == [gap.id])
            let closed = try await house.backfiller().repair(open)
            #expect(closed.first?.status == .backfilled && closed.first?.rowsAdded == 100)
        }
    }

    /// A bridge that was killed between the rows and their count: the gap says how many it needed all the same.
    @Test func countsRowsThatAnEarlierTryWrote() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            for second in 0..<10 {
                house.history.set("sensor.a", "\(second)", at: Self.start.adding(seconds: Int64(second)))
            }
            let own = BackfillSink(pool: house.pool)
            await #expect(throws: CancellationError.self) {
                _ = try await house.backfiller(sink: { batch in
                    _ = try await own.write(batch)
                    throw CancellationError()
                }).repair([gap])
            }
            let closed = try await house.backfiller().repair(try await house.gaps.repairable(house.connection))
            #expect(closed.first?.rowsAdded == 10 && closed.first?.status == .backfilled)
        }
    }

    @Test func aHomeAssistantThatDoesNotAnswerIsAskedLater() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            let port = house.port { (fields) throws(CommandFailure) in
                if fields.contains("\"include_start_time_state\":false") { throw .timedOut }
            }
            await #expect(throws: BackfillPostponed.self) { _ = try await house.backfiller(port: port).repair([gap]) }
            #expect(try await house.gaps.repairable(house.connection).count == 1)
        }
    }

    @Test func aRecorderThatDoesNotRecordIsNamed() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.set("sensor.a", "1", at: Self.start.adding(seconds: 5))
            house.history.isRecording = false
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.status == .partial && closed.first?.reason?.contains("not recording") == true)
        }
    }

    @Test func whatPostgresCannotHoldIsADeadLetter() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.set("sensor.a", "a\u{0}b", at: Self.start.adding(seconds: 5))
            house.history.set("sensor.a", "fine", attributes: #"{"n":1e400}"#, at: Self.start.adding(seconds: 6))
            house.history.set("sensor.a", "good", at: Self.start.adding(seconds: 7))
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.status == .backfilled && closed.first?.rowsAdded == 2)
            #expect(
                try await house.rows("SELECT reason_code FROM home_assistant_dead_letters ORDER BY 1") == [
                    ["number_out_of_range"], ["repaired"],
                ])
            #expect(
                try await house.rows(
                    "SELECT old_state, new_state FROM home_assistant_events WHERE source = 'backfill' ORDER BY timestamp"
                )
                    == [["0", "a\u{FFFD}b"], ["a\u{FFFD}b", "good"]])
        }
    }

    /// What a clock that is ahead put after the end by the bridge's clock is read as well.
    @Test func followsAHouseWhoseClockIsAhead() async throws {
        try await Self.prepared { house in
            let gap = try await house.openGap(from: Self.start, to: Self.end)
            house.history.set("sensor.a", "late", at: Self.end.adding(seconds: 300))
            house.history.set("sensor.clock", "now", at: Timestamp.now.adding(seconds: 600))
            let closed = try await house.backfiller().repair([gap])
            #expect(closed.first?.rowsAdded == 1)
            #expect(try await house.count("SELECT count(*) FROM home_assistant_events WHERE new_state = 'late'") == 1)
        }
    }
}
