import BridgeCore
import FoundationEssentials
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Ingest

/// Imports into a real database: everything once, whatever was there and however often it stops.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct HistoryImporterTests {
    private static let start = Timestamp(microseconds: 1_795_223_601_341_154)
    private static let context = "01A200E44EEDA65FAF873892F4E970AF"

    private static func live(_ entity: String, _ old: String?, _ new: String, at time: Timestamp) -> String {
        let before = old.map { #"{"entity_id":"\#(entity)","state":"\#($0)"}"# } ?? "null"
        return #"{"event_type":"state_changed","data":{"entity_id":"\#(entity)","old_state":\#(before),"new_state":"#
            + #"{"entity_id":"\#(entity)","state":"\#(new)","attributes":{"live":true},"last_updated":"\#(time.iso8601)"}},"#
            + #""origin":"LOCAL","time_fired":"\#(time.iso8601)","context":{"id":"01LIVE","parent_id":null,"user_id":null}}"#
    }

    @Test func storesWhatTheRecorderHasAsLiveEventsAreStored() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        try file.add("light.a", "off", at: Self.start, attributes: #"{"friendly_name":"A"}"#)
        try file.add(
            "light.a", "21.5", at: Self.start.adding(seconds: 1), attributes: #"{"friendly_name":"A"}"#,
            context: Self.context, user: "00000000000000000000000000000001")
        try file.add("light.a", nil, at: Self.start.adding(seconds: 2))
        try file.addEvent("call_service", #"{"domain":"light"}"#, at: Self.start, context: Self.context)
        try await ImportHouse.with { house in
            let done = try await house.run(.recorderFile(path: file.path))
            #expect(done.rowsRead == 4 && done.rowsAdded == 4 && done.finishedAt != nil && done.error == nil)
            #expect(done.oldest == Self.start && done.newest == Self.start.adding(seconds: 2))
            let lines = try await house.lines(
                """
                SELECT event_type, entity_id, old_state, new_state, value, attributes, context_id, context_user_id, source
                FROM home_assistant_events ORDER BY timestamp, event_type DESC
                """)
            #expect(
                lines == [
                    #"state_changed|light.a|∅|off|∅|{"friendly_name": "A"}|∅|∅|import"#,
                    #"call_service|∅|∅|∅|∅|{"domain": "light"}|01M80E8KQDMSFTZ1SRJBTEJW5F|∅|import"#,
                    #"state_changed|light.a|off|21.5|21.5|{"friendly_name": "A"}|01M80E8KQDMSFTZ1SRJBTEJW5F|00000000000000000000000000000001|import"#,
                    "state_changed|light.a|21.5|∅|∅|∅|∅|∅|import",
                ])
            let months = try await house.count("home_assistant_events_default")
            #expect(months == 0)
        }
    }

    @Test func liveRowsStayAndWeakerOnesAreReplaced() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        for offset in Int64(0)..<4 { try file.add("light.a", "s\(offset)", at: Self.start.adding(seconds: offset)) }
        // Its data was too large for the recorder, so that its bytes are others than those that were seen live.
        try file.addEvent("big_event", "{}", at: Self.start, context: Self.context)
        try await ImportHouse.with { house in
            try await house.receive([
                Self.live("light.a", "s0", "s1", at: Self.start.adding(seconds: 1)),
                #"{"event_type":"big_event","data":{"text":"all of it"},"origin":"LOCAL","time_fired":"\#(Self.start.iso8601)","context":{"id":"01M80E8KQDMSFTZ1SRJBTEJW5F","parent_id":null,"user_id":null}}"#,
            ])
            // The same state from the history, which knows less.
            try await house.receive([Self.live("light.a", "s1", "s2", at: Self.start.adding(seconds: 2))])
            _ = try await house.session.query(
                "UPDATE home_assistant_events SET source = 'backfill', old_state = NULL WHERE new_state = 's2'")
            let before = try await house.lines(
                "SELECT event::text FROM home_assistant_events AS event WHERE source = 'live' ORDER BY id")
            let done = try await house.run(.recorderFile(path: file.path))
            #expect(done.rowsAdded == 3)
            let lines = try await house.lines(
                "SELECT old_state, new_state, source FROM home_assistant_events WHERE entity_id = 'light.a' ORDER BY timestamp"
            )
            #expect(lines == ["∅|s0|import", "s0|s1|live", "s1|s2|import", "s2|s3|import"])
            #expect(try await house.count("home_assistant_events WHERE event_type = 'big_event'") == 1)
            let after = try await house.lines(
                "SELECT event::text FROM home_assistant_events AS event WHERE source = 'live' ORDER BY id")
            #expect(before == after)
        }
    }

    @Test func secondImportAddsNothing() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        for offset in Int64(0)..<300 { try file.add("sensor.a", "\(offset)", at: Self.start.adding(seconds: offset)) }
        try await ImportHouse.with { house in
            #expect(try await house.run(.recorderFile(path: file.path)).rowsAdded == 300)
            let rows = try await house.lines("SELECT event::text FROM home_assistant_events AS event ORDER BY id")
            let second = try await house.run(.recorderFile(path: file.path))
            #expect(second.rowsAdded == 0 && second.rowsRead == 300)
            #expect(try await house.lines("SELECT event::text FROM home_assistant_events AS event ORDER BY id") == rows)
            try file.add("sensor.a", "new", at: Self.start.adding(seconds: 900))
            #expect(try await house.run(.recorderFile(path: file.path)).rowsAdded == 1)
            #expect(try await house.count("home_assistant_import WHERE finished_at IS NOT NULL") == 3)
        }
    }

    @Test func historyOfYearsLiesInMonthsOfItsOwn() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        for month in Int64(0)..<20 {
            try file.add("sensor.a", "\(month)", at: Self.start.adding(seconds: -month * 30 * 86_400))
        }
        // A clock that was wrong.
        try file.add("sensor.a", "early", at: Timestamp(microseconds: 1_000_000))
        try await ImportHouse.with { house in
            let done = try await house.run(.recorderFile(path: file.path))
            let strays = try await house.lines("SELECT new_state FROM home_assistant_events_default")
            #expect(done.rowsAdded == 21 && strays == ["early"])
        }
    }

    /// What PostgreSQL cannot hold, and what no state can be.
    @Test func strangeRowsCostNoOthers() async throws {
        let file = try RecorderFile()
        try file.makeTables()
        try file.add("sensor.a", "1", at: Self.start)
        try file.add("sensor.b", "2", at: Self.start, attributes: "{broken")
        try file.add("sensor.c", "3", at: Self.start, attributes: #"{"nul":"\u0000"}"#)
        try file.run(
            "INSERT INTO states (state, last_updated_ts, metadata_id) VALUES ('4', NULL, 1), ('5', 1e300, 1), ('6', 1795223609, 99)"
        )
        try file.run(
            "INSERT INTO states (state, last_updated_ts, metadata_id) VALUES (CAST(x'ff41' AS TEXT), 1795223609, 1)")
        try await ImportHouse.with { house in
            let done = try await house.run(.recorderFile(path: file.path))
            #expect(done.rowsRead == 7 && done.rowsUnusable == 3)
            let states = try await house.lines(
                "SELECT new_state FROM home_assistant_events ORDER BY entity_id, timestamp")
            #expect(states == ["1", "\u{FFFD}A", "3"])
            let letters = try await house.count(
                "home_assistant_dead_letters WHERE connection_id = '\(house.connection)'")
            #expect(letters == 3)
        }
    }

    // MARK: Interruptions

    /// Ends after some pages, as if it were killed: before or after what was read is noted.
    private actor FailingSource: ImportSource {
        nonisolated let kind: ImportKind
        nonisolated let name: String
        nonisolated let fingerprint: String
        nonisolated let phases: [ImportPhase]
        private let source: RecorderSource
        private var left: Int

        init(_ source: RecorderSource, pages: Int) {
            self.source = source
            left = pages
            kind = source.kind
            name = source.name
            fingerprint = source.fingerprint
            phases = source.phases
        }

        func extent(of phase: ImportPhase, _ range: Range<Timestamp>) async throws -> ImportExtent? {
            try await source.extent(of: phase, range)
        }

        func page(
            of phase: ImportPhase, after position: ImportPosition?, in extent: ImportExtent, _ range: Range<Timestamp>
        ) async throws -> ImportPage {
            left -= 1
            if left < 0 { throw ImportError(.locked, "Somebody holds it.") }
            return try await source.page(of: phase, after: position, in: extent, range)
        }

        func close() async {}
    }

    @Test func goesOnWhereItStopped() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let file = try RecorderFile()
        try file.makeTables()
        try file.run("BEGIN")
        for number in 0..<13_000 {
            try file.add(
                "sensor.s\(number % 50)", number.isMultiple(of: 97) ? nil : "\(number)",
                at: Timestamp(microseconds: Self.start.microseconds + Int64(number) * 61_000_003))
            if number.isMultiple(of: 10) {
                try file.addEvent(
                    "tick", "{\"n\":\(number)}", at: Self.start.adding(seconds: Int64(number)), context: Self.context)
            }
        }
        try file.run("COMMIT")
        let wanted = try Set(
            RecorderFile.rows(
                of: file.path,
                """
                SELECT states_meta.entity_id, state, last_updated_ts FROM states JOIN states_meta USING (metadata_id)
                """
            ).map {
                "\($0[0] ?? "")|\($0[1] ?? "∅")|\(Timestamp(secondsSince1970: Double($0[2] ?? "") ?? 0)?.iso8601 ?? "")"
            })
        try await ImportHouse.with { house in
            var runs = 0
            while true {
                runs += 1
                try #require(runs < 30, "seed \(seed)")
                let source = try await RecorderSource(try await SQLiteHistory(path: file.path))
                let pages = Int.random(in: 1...3, using: &generator)
                do {
                    let done = try await house.run(FailingSource(source, pages: pages))
                    #expect(done.rowsRead == 14_300, "seed \(seed)")
                    break
                } catch let error as ImportError {
                    #expect(error.code == .locked)
                    if runs.isMultiple(of: 2) {
                        // As if it had been killed between the rows and the note of them.
                        _ = try await house.session.query(
                            """
                            UPDATE home_assistant_import SET position = jsonb_set(position, '{number}',
                                to_jsonb(greatest(0, (position ->> 'number')::bigint - 1000))), rows_read = rows_read - 1000
                            WHERE position IS NOT NULL AND (position ->> 'number')::bigint > 1000
                            """)
                    }
                }
                await source.close()
            }
            let stored = try await house.session.query(
                "SELECT entity_id, new_state, timestamp FROM home_assistant_events WHERE event_type = 'state_changed'"
            ).map { row in
                "\(try row.string("entity_id"))|\(try row.optionalString("new_state") ?? "∅")|\(try row.timestamp("timestamp").iso8601)"
            }
            #expect(stored.count == 13_000 && Set(stored) == wanted, "seed \(seed)")
            #expect(try await house.count("home_assistant_events WHERE event_type = 'tick'") == 1_300, "seed \(seed)")
        }
    }
}
