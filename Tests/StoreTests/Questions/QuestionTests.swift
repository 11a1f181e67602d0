import BridgeCore
import Foundation
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// The stable views and functions that answer what people ask.
@Suite(.needsPostgres) struct QuestionTests {
    private static let motion = QuestionHouse.context(0, "A")
    private static let run = QuestionHouse.context(5, "B")
    private static let asked = QuestionHouse.context(60_000, "C")

    /// Motion, an automation that calls a service for the lamp; a minute later a person switches it off; then the lamp itself.
    private static let events: [QuestionHouse.Event] = [
        .init(number: 1, after: 0, entity: "binary_sensor.hall_motion", old: "off", new: "on", context: motion),
        .init(
            number: 2, after: 0.005, type: "automation_triggered",
            attributes:
                #"{"name": "Hall light", "entity_id": "automation.hall_light", "source": "state of binary_sensor.hall_motion"}"#,
            context: run, parent: motion),
        .init(
            number: 3, after: 0.006, entity: "automation.hall_light", old: "on", new: "on", context: run, parent: motion
        ),
        .init(
            number: 4, after: 0.009, type: "call_service",
            attributes: #"{"domain": "light", "service": "turn_on", "service_data": {"entity_id": ["light.kitchen"]}}"#,
            context: run, parent: motion),
        .init(number: 5, after: 0.07, entity: "light.kitchen", old: "off", new: "on", context: run, parent: motion),
        .init(
            number: 6, after: 30, entity: "person.ada", old: "not_home", new: "home",
            attributes: #"{"friendly_name": "Ada", "user_id": "0123456789abcdef"}"#,
            context: QuestionHouse.context(30_000, "D")),
        .init(
            number: 7, after: 60, type: "call_service", attributes: #"{"domain": "light", "service": "turn_off"}"#,
            context: asked, user: "0123456789abcdef"),
        .init(
            number: 8, after: 60.1, entity: "light.kitchen", old: "on", new: "off", context: asked,
            user: "0123456789abcdef"),
        .init(
            number: 9, after: 120, entity: "light.kitchen", old: "off", new: "unavailable",
            context: QuestionHouse.context(120_000, "E")),
        .init(
            number: 10, after: 130, entity: "sensor.power", old: "1", new: "2",
            context: QuestionHouse.context(130_000, "F")),
        .init(number: 11, after: 140, entity: "sensor.old", new: "7", context: "0a1b", parent: "0a1b"),
    ]

    private static func with(_ body: (QuestionHouse) async throws -> Void) async throws {
        try await QuestionHouse.with { house in
            try await house.add(events)
            try await body(house)
        }
    }

    private static func chain(_ house: QuestionHouse, _ number: Int) async throws -> [String] {
        try await house.database.column(
            "SELECT concat_ws('|', step, kind, name, what) FROM home_assistant_who_did_it('\(QuestionHouse.id(number))') ORDER BY step"
        )
    }

    private static func around(_ house: QuestionHouse, _ rest: String) async throws -> [String] {
        try await house.database.column(
            """
            SELECT concat_ws('|', right(event_id::text, 2), what)
            FROM home_assistant_what_happened_around('\(QuestionHouse.start)'::timestamptz + interval '2 minutes', '1 minute'\(rest))
            """)
    }

    @Test func causesAreFollowedBackToWhatBegan() async throws {
        try await Self.with { house in
            let lamp = try await Self.chain(house, 5)
            #expect(
                lamp == [
                    "0|event|light.kitchen|off → on",
                    "1|automation|Hall light|ran, triggered by state of binary_sensor.hall_motion",
                    "2|device|binary_sensor.hall_motion|off → on",
                ])
            #expect(
                try await Self.chain(house, 8) == [
                    "0|event|light.kitchen|on → off", "1|service call|called light.turn_off",
                    "2|person|Ada|asked for it",
                ])
            #expect(
                try await Self.chain(house, 9) == [
                    "0|event|light.kitchen|off → unavailable", "1|device|light.kitchen|did it itself",
                ])
            // A context that says it caused itself ends the search.
            #expect(try await Self.chain(house, 11) == ["0|event|sensor.old|is 7"])
            #expect(try await Self.chain(house, 99) == [])
            #expect(
                try await house.database.column(
                    "SELECT concat_ws('|', what, kind, name, began_with) FROM home_assistant_who_changed('light.kitchen')"
                ) == [
                    "off → unavailable|device|light.kitchen|device light.kitchen", "on → off|person|Ada|person Ada",
                    "off → on|automation|Hall light|device binary_sensor.hall_motion",
                ])
        }
    }

    @Test func theIdOfAContextTellsItsTime() async throws {
        try await Self.with { house in
            let time =
                "SELECT home_assistant_context_time('\(QuestionHouse.context(1_234, "Z"))') = '\(QuestionHouse.start)'::timestamptz + interval '1.234 s'"
            let isRight = try await house.database.scalar(time)
            #expect(isRight == "t")
            for other in ["0a1b", "", String(repeating: "U", count: 26), String(repeating: "Z", count: 26)] {
                let time = try await house.database.scalar("SELECT home_assistant_context_time('\(other)')")
                #expect(time == nil, "\(other)")
            }
        }
    }

    @Test func whatHappenedLeavesNumbersOutUnlessAskedFor() async throws {
        try await Self.with { house in
            let short = try await Self.around(house, "")
            #expect(
                short == ["07|called light.turn_off", "08|on → off", "09|off → unavailable"])
            #expect(
                try await Self.around(house, ", with_numbers => true") == [
                    "07|called light.turn_off", "08|on → off", "09|off → unavailable", "10|1 → 2", "11|is 7",
                ])
        }
    }

    @Test func theStateOfEverythingAtAMoment() async throws {
        try await Self.with { house in
            let then = try await house.database.column(
                "SELECT entity_id || '=' || state FROM home_assistant_state_at('\(QuestionHouse.start)'::timestamptz + interval '1 minute')"
            )
            #expect(
                then == [
                    "automation.hall_light=on", "binary_sensor.hall_motion=on", "light.kitchen=on", "person.ada=home",
                ])
            #expect(
                try await house.database.column("SELECT entity_id || ' ' || state FROM home_assistant_unavailable()")
                    == ["light.kitchen unavailable"])
            let changes = try await house.database.column(
                """
                SELECT concat_ws('|', entity_id, before, now)
                FROM home_assistant_changes_since('\(QuestionHouse.start)'::timestamptz + interval '1 minute')
                """)
            #expect(changes == ["sensor.old|7", "sensor.power|1|2", "light.kitchen|on|unavailable"])
        }
    }

    @Test func severalHousesAreToldApartByName() async throws {
        try await Self.with { house in
            _ = try await house.database.addConnection("cabin", owner: "bert")
            let states = "SELECT count(*) FROM home_assistant_state_at"
            let error = try await thrown(PostgresError.self) { _ = try await house.database.scalar("\(states)()") }
            #expect("\(error)".contains("'cabin', 'home'"))
            #expect(try await house.database.scalar("\(states)(house => 'cabin')") == "0")
            #expect(try await house.database.scalar("\(states)(house => 'home')") == "6")
            #expect(try await house.database.scalar("\(states)(house => '\(house.connection)')") == "6")
            await #expect(throws: PostgresError.self) {
                _ = try await house.database.scalar("\(states)(house => 'tent')")
            }
            // A reader sees one of them, and need not say which.
            try await house.database.session.execute(
                "BEGIN; SET LOCAL ROLE ha_bridge_writer; SELECT set_config('app.current_user_id', (SELECT id::text FROM users WHERE username = 'anna'), true); SET LOCAL ROLE ha_bridge_reader"
            )
            #expect(try await house.database.scalar("\(states)()") == "6")
            await #expect(throws: PostgresError.self) {
                _ = try await house.database.scalar("\(states)(house => 'cabin')")
            }
            try await house.database.session.execute("ROLLBACK")
        }
    }

    /// Every example of the README and of a comment, as a reader asks it.
    @Test func everyExampleRuns() async throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        let start = try #require(text.range(of: "<!-- questions -->\n```sql\n")).upperBound
        let end = try #require(text.range(of: "\n```", range: start..<text.endIndex)).lowerBound
        let examples = text[start..<end].components(separatedBy: ";\n").filter { !$0.isEmpty }
        #expect(examples.count > 20)
        try await Self.with { house in
            let comments = try await house.database.column(
                """
                SELECT comment FROM (
                    SELECT obj_description(oid, 'pg_proc') AS comment FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
                    UNION ALL
                    SELECT obj_description(oid, 'pg_class') FROM pg_class
                    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'v'
                ) AS thing
                WHERE comment LIKE '%SELECT %Stable.'
                """)
            var queries = examples
            for comment in comments {
                for sentence in comment.components(separatedBy: ". ") {
                    guard let query = sentence.range(of: "SELECT ") else { continue }
                    queries.append(String(sentence[query.lowerBound...]))
                }
            }
            #expect(queries.count > examples.count + 18)
            try await house.database.session.execute(
                "SELECT set_config('app.current_user_id', (SELECT id::text FROM users WHERE username = 'anna'), false); SET ROLE ha_bridge_reader"
            )
            for query in queries {
                let statement = query.replacingOccurrences(of: "0198…", with: QuestionHouse.id(5))
                // Search by meaning has tests of its own, with a vector.
                if statement.contains("$1") { continue }
                do {
                    _ = try await house.database.session.query(statement)
                } catch {
                    Issue.record("\(statement): \(error)")
                }
            }
            try await house.database.session.execute("RESET ROLE")
        }
    }

    private static let scans = """
        SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_all_tables WHERE relname = 'home_assistant_events_y2026m11'
        """

    /// Questions about one entity, one moment or one event read no month from end to end.
    @Test func noMonthIsReadFromEndToEnd() async throws {
        try await Self.with { house in
            _ = try await house.database.session.query(
                """
                INSERT INTO home_assistant_events
                    (connection_id, event_type, entity_id, old_state, new_state, timestamp, context_id, attributes)
                SELECT $1, 'state_changed', CASE n % 97 WHEN 0 THEN 'light.kitchen' ELSE 'sensor.s' || n % 97 END, 'off', 'on',
                    '2026-11-02 00:00Z'::timestamptz + n * interval '7 seconds', 'c' || n, '{}'
                FROM generate_series(1, 20000) AS n
                """, [.id(house.connection)])
            try await house.database.session.execute("ANALYZE home_assistant_events")
            let moment = "'2026-11-03 00:00Z'::timestamptz"
            for question in [
                "home_assistant_state_at(\(moment))", "home_assistant_changes_since(\(moment))",
                "home_assistant_unavailable()",
                "home_assistant_entity_history('light.kitchen', \(moment) - interval '1 day', \(moment))",
                "home_assistant_time_in_state('light.kitchen', \(moment) - interval '1 day', \(moment))",
                "home_assistant_what_happened_around(\(moment))", "home_assistant_who_did_it('\(QuestionHouse.id(5))')",
                "home_assistant_who_changed('light.kitchen')",
                "home_assistant_top_talkers(\(moment) - interval '1 hour', \(moment))",
                "home_assistant_latest_states",
                "(SELECT FROM home_assistant_events WHERE event_type = 'automation_triggered' ORDER BY timestamp DESC LIMIT 5)",
            ] {
                for role in ["writer", "reader"] {
                    try await house.database.session.execute(
                        "BEGIN; SELECT set_config('app.current_user_id', (SELECT id::text FROM users WHERE username = 'anna'), true); SET LOCAL ROLE ha_bridge_\(role)"
                    )
                    // What the session did before may still be counted as this transaction's.
                    let before = try await house.database.scalar(Self.scans)
                    _ = try await house.database.session.query("SELECT count(*) FROM \(question) AS answer")
                    let after = try await house.database.scalar(Self.scans)
                    try await house.database.session.execute("ROLLBACK")
                    #expect(after == before, "\(question) as \(role)")
                }
            }
        }
    }
}
