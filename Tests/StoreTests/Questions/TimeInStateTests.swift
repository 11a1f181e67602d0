import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// How long something was in each state, counted from events, from roll-ups, and from both, against a count by hand.
@Suite(.needsPostgres) struct TimeInStateTests {
    /// When a door changed, in seconds after the start, and to what; `nil` for a removal.
    private typealias Change = (at: Int, state: String?)

    private static let day = 86_400

    private static func changes(_ generator: inout SeededGenerator) -> [Change] {
        var changes: [Change] = []
        var at = Int.random(in: 0..<day, using: &generator)
        while at < 20 * day {
            let state =
                ["open", "closed", "open", "closed", "unavailable", nil].randomElement(using: &generator) ?? nil
            changes.append((at, state))
            // Now several within an hour, now none for a day.
            let pause = [600, 7_200, 150_000].randomElement(using: &generator) ?? 600
            at += Int.random(in: 1..<pause, using: &generator)
        }
        return changes
    }

    private static func seconds(_ changes: [Change], from: Int, to: Int) -> [String: Int] {
        var seconds: [String: Int] = [:]
        for (number, change) in changes.enumerated() {
            let end = number + 1 < changes.count ? changes[number + 1].at : Int.max
            let held = min(end, to) - max(change.at, from)
            if let state = change.state, held > 0 { seconds[state, default: 0] += held }
        }
        return seconds
    }

    @Test func agreesWithACountByHand() async throws {
        var generator = SeededGenerator(seed: TestSeed.value)
        let changes = Self.changes(&generator)
        try await QuestionHouse.with { house in
            try await store(changes, in: house)
            try await storeHours(of: changes, in: house)
            for _ in 0..<60 {
                let from = Int.random(in: -Self.day..<19 * Self.day, using: &generator)
                let to = from + Int.random(in: 1..<20 * Self.day, using: &generator)
                try await compare(changes, house, from: from, to: to)
            }
            // The older half of the events goes: whole hours are still known, but not what is shorter.
            let cut = 10 * Self.day
            _ = try await house.database.session.query(
                "DELETE FROM home_assistant_events WHERE timestamp < $1::timestamptz + $2::int * interval '1 second'",
                [.text(QuestionHouse.start), .int(Int64(cut))])
            for _ in 0..<40 {
                let from = Int.random(in: 0..<cut / 3_600, using: &generator) * 3_600
                let to = from + Int.random(in: 8 * 24..<16 * 24, using: &generator) * 3_600
                try await compare(changes, house, from: from, to: to)
            }
        }
    }

    private func compare(_ changes: [Change], _ house: QuestionHouse, from: Int, to: Int) async throws {
        let rows = try await house.database.session.query(
            """
            SELECT state, round(seconds)::bigint AS seconds
            FROM home_assistant_time_in_state('binary_sensor.front_door', $1::timestamptz + $2::int * interval '1 second',
                $1::timestamptz + $3::int * interval '1 second')
            """, [.text(QuestionHouse.start), .int(Int64(from)), .int(Int64(to))])
        var answer: [String: Int] = [:]
        for row in rows { answer[try row.string("state")] = try row.int("seconds") }
        #expect(
            answer == Self.seconds(changes, from: from, to: to), "from \(from) to \(to), seed \(TestSeed.value)")
    }

    private func store(_ changes: [Change], in house: QuestionHouse) async throws {
        for (number, change) in changes.enumerated() {
            try await house.add([
                .init(
                    number: number, after: Double(change.at), entity: "binary_sensor.front_door",
                    old: number == 0 ? nil : changes[number - 1].state, new: change.state)
            ])
        }
    }

    /// The hourly roll-ups, as the job makes them: of each hour with an event.
    private func storeHours(of changes: [Change], in house: QuestionHouse) async throws {
        for hour in Set(changes.map { $0.at / 3_600 }) {
            let seconds = Self.seconds(changes, from: hour * 3_600, to: (hour + 1) * 3_600)
            let inside = changes.filter { $0.at / 3_600 == hour }
            let parts = seconds.map { "\"\($0.key)\": \($0.value)" }.sorted().joined(separator: ", ")
            _ = try await house.database.session.query(
                """
                INSERT INTO home_assistant_states_hourly
                    (connection_id, entity_id, bucket_start, sample_count, last_state, state_seconds)
                VALUES ($1, 'binary_sensor.front_door', $2::timestamptz + $3::int * interval '1 hour', $4, $5, $6::jsonb)
                """,
                [
                    .id(house.connection), .text(QuestionHouse.start), .int(Int64(hour)), .int(Int64(inside.count)),
                    .optional(inside.last?.state) { .text($0) }, seconds.isEmpty ? .null : .text("{\(parts)}"),
                ])
        }
    }
}
