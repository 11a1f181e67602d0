import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// The state of everything at a moment, by the roll-ups and by the events alone: one answer.
@Suite(.needsPostgres) struct StatesOfTests {
    private static func answer(_ house: RollupHouse, at moment: String) async throws -> [String] {
        try await house.database.column(
            """
            SELECT concat_ws('|', entity_id, state, coalesce(value::text, '-'), attributes, last_updated, event_id, source)
            FROM home_assistant_states_of($1, $2::timestamptz) ORDER BY entity_id
            """, [.id(house.connection), .text(moment)])
    }

    /// With more marks than the roll-ups are asked beside, the events have to answer.
    private static func answerOfEvents(_ house: RollupHouse, at moment: String) async throws -> [String] {
        try await house.database.session.execute("BEGIN")
        do {
            _ = try await house.database.session.query(
                """
                INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start)
                SELECT $1, '1990-01-01Z'::timestamptz + n * interval '5 minutes' FROM generate_series(1, 101) AS n
                """, [.id(house.connection)])
            let answer = try await answer(house, at: moment)
            try await house.database.session.execute("ROLLBACK")
            return answer
        } catch {
            try await house.database.session.execute("ROLLBACK")
            throw error
        }
    }

    /// Two states of one moment have no order: one of them is enough.
    private static func withoutTies(_ states: [PastState]) -> [PastState] {
        var seen: Set<String> = []
        return states.filter { seen.insert("\($0.entity) \($0.at.microseconds)").inserted }
    }

    @Test(arguments: [PastZone.lordHowe, .berlin])
    func rollUpsAndEventsGiveOneAnswer(zone: PastZone) async throws {
        let seed = TestSeed.value
        print("Seed of rollUpsAndEventsGiveOneAnswer: \(seed)")
        try await RollupHouse.with(zone: zone.name) { house in
            var past = PastHouse(zone: zone, generator: SeededGenerator(seed: seed))
            let states = Self.withoutTies(past.states())
            var generator = past.generator
            // A few come late, and one entity is heard for the first time after the roll-ups were made.
            var late = states.filter { _ in Int.random(in: 0..<60, using: &generator) == 0 }.prefix(40).map { $0 }
            let lateIDs = Set(late.map(\.id))
            try await house.copy(states.filter { !lateIDs.contains($0.id) })
            try await house.rollUp()
            late.append(PastState(entity: "sensor.fresh", at: try #require(late.last ?? states.last).at, state: "7"))
            try await house.copy(late)
            let marks = try await house.marks()
            try #require(1...100 ~= marks)
            let mark = try await house.database.scalar("SELECT marked_until::text FROM home_assistant_rollup_progress")
            try #require(mark == "infinity")

            var moments = (0..<60).map { _ in
                Timestamp(
                    microseconds: (zone.start - 86_400) * 1_000_000
                        + Int64.random(in: 0..<(zone.days + 4) * 86_400_000_000, using: &generator)
                ).iso8601
            }
            // The very moment of a change, that before it, and the ends of buckets.
            for _ in 0..<20 {
                let at = try #require(states.randomElement(using: &generator)).at.microseconds
                let moment = [at, at - 1, at / 300_000_000 * 300_000_000].randomElement(using: &generator) ?? at
                moments.append(Timestamp(microseconds: moment).iso8601)
            }
            var rows = 0
            for moment in moments + ["infinity"] {
                let fast = try await Self.answer(house, at: moment)
                let plain = try await Self.answerOfEvents(house, at: moment)
                #expect(fast == plain, "Seed \(seed), \(zone), at \(moment)")
                rows += plain.count
            }
            #expect(rows > 100, "Seed \(seed)")

            // That the roll-ups were asked at all: without events they alone can answer.
            try await house.rollUp()
            let before = try await Self.answer(house, at: "infinity")
            _ = try await house.database.session.query("DELETE FROM home_assistant_events")
            let after = try await Self.answer(house, at: "infinity")
            func names(_ answer: [String]) -> [String] {
                answer.map { $0.split(separator: "|").prefix(3).joined(separator: "|") }
            }
            #expect(names(after) == names(before) && !after.isEmpty, "Seed \(seed), \(zone)")
            #expect(try await Self.answerOfEvents(house, at: "infinity").isEmpty)
        }
    }
}
