import BridgeCore
import Foundation
import Testing
import TestSupport

/// Input that PostgreSQL or the decoder refuses costs itself a dead letter and nothing else anything.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct BadInputTests {
    private func state(_ entity: String, _ number: Int, attributes: String = "{}", state: String? = nil) -> String {
        let time = Timestamp(microseconds: 1_795_000_000_000_000 + Int64(number)).iso8601
        return """
            {"event_type":"state_changed","data":{"entity_id":"\(entity)","old_state":null,"new_state":{"entity_id":\
            "\(entity)","state":"\(state ?? "\(number)")","attributes":\(attributes),"last_updated":"\(time)"}},\
            "time_fired":"\(time)","context":{"id":"c\(number)","parent_id":null,"user_id":null}}
            """
    }

    private func run(_ events: [String], _ check: @Sendable @escaping (Bridge, FakeHomeAssistant) async throws -> Void)
        async throws
    {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        try await Bridge.with(prepare: { try await $0.addConnection(url: fake.url) }) { bridge async throws in
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            fake.push(events.map { (type: "state_changed", json: $0) })
            try await check(bridge, fake)
        }
    }

    @Test func repairsWhatPostgresCannotHoldAndKeepsTheOriginal() async throws {
        try await run([
            state("sensor.nul", 1, attributes: #"{"a":"x\u0000y"}"#, state: #"\u0000"#),
            state("sensor.half", 2, attributes: #"{"a":"\ud800"}"#), state("sensor.good", 3),
        ]) { bridge, _ async throws in
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 3))
            let rows = try await bridge.rows(
                "SELECT entity_id, new_state, attributes->>'a' FROM home_assistant_events ORDER BY timestamp")
            #expect(rows[0] == ["sensor.nul", "\u{FFFD}", "x\u{FFFD}y"])
            #expect(rows[1] == ["sensor.half", "2", "\u{FFFD}"])
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_dead_letters", toGive: 2))
            let letters = try await bridge.rows(
                "SELECT reason_code, convert_from(payload, 'UTF8') FROM home_assistant_dead_letters")
            #expect(letters.allSatisfy { $0[0] == "repaired" })
            #expect(letters.contains { $0[1]?.contains(#"x\u0000y"#) == true })
            #expect(letters.contains { $0[1]?.contains(#"\ud800"#) == true })
        }
    }

    @Test func onePoisonEventInTenThousandCostsOneDeadLetter() async throws {
        var events = (0..<10_000).map { state("sensor.s\($0 % 100)", $0) }
        events[6_173] = state("sensor.poison", 6_173, attributes: #"{"n":1e999}"#)
        try await run(events) { bridge, _ async throws in
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_events", toGive: 9_999, within: .seconds(60)))
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_dead_letters", toGive: 1))
            let letter = try await bridge.rows("SELECT reason_code, event_type FROM home_assistant_dead_letters")
            #expect(letter == [["number_out_of_range", "state_changed"]])
        }
    }

    /// PostgreSQL itself refuses a row that the decoder has nothing against: the batch is halved until it is found. What that
    /// costs is counted by PostgreSQL: one failed transaction for each halving, and none for the frames after it.
    @Test func aRowThatOnlyPostgresRefusesIsFoundByHalving() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        try await Bridge.with(prepare: { bridge in
            let session = try await bridge.database.connect()
            try await session.execute(
                "ALTER TABLE home_assistant_events ADD CONSTRAINT no_poison CHECK (new_state IS DISTINCT FROM 'poison')"
            )
            await session.close()
            try await bridge.addConnection(url: fake.url)
        }) { bridge async throws in
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            var events = (0..<10_000).map { state("sensor.s\($0 % 10)", $0) }
            events[3_117] = state("sensor.s1", 3_117, state: "poison")
            let subscription = fake.snapshot.connections.last?.subscriptions.keys.first ?? 0
            let messages = events.map { #"{"type":"event","event":\#($0),"id":\#(subscription)}"# }
            let before = try await rollbacks(bridge)
            fake.push(frames: ServerFrame.encode(Array("[\(messages.joined(separator: ","))]".utf8)))
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_events", toGive: 9_999, within: .seconds(60)))
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_dead_letters", toGive: 1))
            #expect(
                try await bridge.rows("SELECT reason_code, sql_state, event_type FROM home_assistant_dead_letters")
                    == [["refused_by_postgresql", "23514", "state_changed"]])
            // PostgreSQL's sessions report their counts with a delay of a second or so, or when they next have work.
            try await Task.sleep(for: .seconds(1))
            for number in 0..<20 {
                fake.push(eventType: "state_changed", json: state("sensor.later", 20_000 + number))
                #expect(
                    try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 10_000 + number))
            }
            // 10,000 rows, halved until one is left: 14 or 15 refusals, and a few for the ways that were tried before.
            #expect(try await bridge.eventually { try await rollbacks(bridge) > before })
            let cost = try await rollbacks(bridge) - before
            #expect((2...20).contains(cost), "\(cost)")
        }
    }

    /// Transactions of this database that failed, as far as its sessions have reported them.
    private func rollbacks(_ bridge: Bridge) async throws -> Int {
        try await bridge.count("SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()")
    }

    /// One flipped byte in each of several messages: the others of the frame become rows, and the frame is kept.
    @Test func brokenMessagesCostNoNeighbours() async throws {
        try await run([state("sensor.a", 1)]) { bridge, fake async throws in
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 1))
            let subscription = fake.snapshot.connections.last?.subscriptions.keys.first ?? 0
            var messages = (2..<102).map { number in
                #"{"type":"event","event":\#(state("sensor.b", number)),"id":\#(subscription)}"#
            }
            messages[10] = messages[10].replacingOccurrences(of: #""context":"#, with: #"context":"#)
            messages[20] = messages[20].replacingOccurrences(of: #""time_fired":"#, with: #""time_fired";"#)
            messages[30] = String(messages[30].dropLast())
            fake.push(frames: ServerFrame.encode(Array("[\(messages.joined(separator: ","))]".utf8)))
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 98))
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_dead_letters", toGive: 1))
            #expect(
                try await bridge.rows(
                    "SELECT reason_code, octet_length(payload) > 10000 FROM home_assistant_dead_letters")
                    == [["json_unexpected_byte", "t"]])
            #expect(fake.snapshot.connections.count == 1)
        }
    }

    @Test func aRowOfTenMegabytesIsStored() async throws {
        let blob = String(repeating: "0123456789abcdef", count: 650_000)
        try await run([state("sensor.big", 1, attributes: #"{"blob":"\#(blob)"}"#), state("sensor.good", 2)]) {
            bridge, fake async throws in
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 2))
            #expect(
                try await bridge.rows(
                    "SELECT length(attributes->>'blob') FROM home_assistant_events WHERE entity_id = 'sensor.big'")
                    == [["10400000"]])
            #expect(fake.snapshot.connections.count == 1)
        }
    }

    @Test func deepNestingAndMissingFieldsBecomeDeadLetters() async throws {
        let deep = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
        let fine = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        try await run([
            state("sensor.deep", 1, attributes: #"{"a":\#(fine)}"#),
            #"{"event_type":"state_changed","data":{"entity_id":"a.b","new_state":{"state":1}},"time_fired":"2026-11-21T00:00:00Z"}"#,
            #"{"data":{},"time_fired":"2026-11-21T00:00:00Z"}"#, state("sensor.good", 2),
        ]) { bridge, fake async throws in
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 2))
            fake.push(eventType: "state_changed", json: state("sensor.deep", 3, attributes: #"{"a":\#(deep)}"#))
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_dead_letters", toGive: 3))
            let codes = try await bridge.rows("SELECT reason_code FROM home_assistant_dead_letters ORDER BY 1")
            #expect(codes == [["json_too_deep"], ["missing_field"], ["missing_field"]])
        }
    }

    @Test func aBrokenFrameKeepsTheEventsBeforeTheBreakAndTheSession() async throws {
        try await run([state("sensor.a", 1)]) { bridge, fake async throws in
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 1))
            let subscription = fake.snapshot.connections.last?.subscriptions.keys.first ?? 0
            let good = #"{"type":"event","event":\#(state("sensor.b", 2)),"id":\#(subscription)}"#
            fake.push(frames: ServerFrame.encode(Array("[\(good),{\"type\":\"event\",\"event\":{,".utf8)))
            fake.push(eventType: "state_changed", json: state("sensor.c", 3))
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 3))
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_dead_letters", toGive: 1))
            #expect(fake.snapshot.connections.count == 1)
        }
    }
}
