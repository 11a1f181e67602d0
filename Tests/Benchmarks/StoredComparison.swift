import BridgeCore
import Foundation
import PostgresClient
import TestSupport

/// The rate of a house with years of events behind it, as a ratio to the rate on an empty table, on databases of their own, in turns.
struct StoredComparison {
    let executable: String
    let events: Int
    let rounds: Int
    /// Millions of events that are there already.
    let millions: Int

    /// They lie in so many months, this one among them.
    private static let months = 24

    func run() async throws -> [BenchResult] {
        try await TestDatabase.with { first in
            try await TestDatabase.with { second in
                var full = try await ComparedBridge(executable: executable, database: first.url) { session, house in
                    try await fill(session, house)
                }
                defer { full.stop() }
                var empty = try await ComparedBridge(executable: executable, database: second.url)
                defer { empty.stop() }
                let (fullSession, emptySession) = (try await first.connect(), try await second.connect())
                for round in -1...rounds {
                    // Twice to begin with, so that what is measured are houses whose texts are known.
                    let counts = round > 0
                    for isFull in round.isMultiple(of: 2) ? [true, false] : [false, true] {
                        if !isFull {
                            try await emptySession.execute("TRUNCATE home_assistant_events", deadline: .seconds(60))
                        }
                        try await (isFull ? fullSession : emptySession).execute("CHECKPOINT", deadline: .seconds(600))
                        if isFull {
                            try await full.flood(events, counts: counts)
                            try await full.settle()
                        } else {
                            try await empty.flood(events, counts: counts)
                            try await empty.settle()
                        }
                    }
                    guard counts else { continue }
                    full.measurement.note(
                        "Round \(round) of \(rounds): \(Int(full.rates[round - 1])) events/s beside \(millions) million, \(Int(empty.rates[round - 1])) on an empty table"
                    )
                }
                await fullSession.close()
                await emptySession.close()
                let ratios = zip(full.rates, empty.rates).map { $0 / $1 }
                return [
                    BenchResult(
                        name: "stored_millions", title: "stored events, millions", value: Double(millions), digits: 0),
                    BenchResult(
                        name: "stored_events_per_second", title: "rate beside them, events/s", value: full.rates.median,
                        digits: 0),
                    BenchResult(
                        name: "empty_events_per_second", title: "rate on an empty table, events/s",
                        value: empty.rates.median, digits: 0),
                    BenchResult(
                        name: "stored_ratio", title: "… ratio, median of the rounds", value: ratios.median,
                        bar: .atLeast(0.9)),
                ]
            }
        }
    }

    /// Stores the events, month by month, and what a bridge would have done meanwhile: the bookkeeping of the roll-ups, statistics.
    private func fill(_ session: PostgresConnection, _ house: ConnectionID) async throws {
        let hour = Duration.seconds(3_600)
        _ = try await session.query(
            "SELECT home_assistant_ensure_event_partitions(now() - interval '\(Self.months - 1) months', now())",
            deadline: hour)
        try await session.execute("SET synchronous_commit = off")
        for month in 0..<Self.months {
            _ = try await session.query(
                Self.month,
                [
                    .id(house), .int(Int64(month)), .int(Int64(millions * 1_000_000 / Self.months)),
                ], deadline: hour)
            if month % 4 == 3 {
                note(
                    String(
                        format: "%.1f million events are there", Double(millions * (month + 1)) / Double(Self.months)))
            }
        }
        _ = try await session.query(
            """
            INSERT INTO home_assistant_rollup_progress (connection_id, time_zone, marked_until) VALUES ($1, 'UTC', 'infinity')
            """, [.id(house)])
        try await session.execute("VACUUM (ANALYZE) home_assistant_events", deadline: hour)
    }

    /// `$3` events of the house `$1`, spread over the month that was `$2` months ago, of this one over what is past of it.
    private static let month = """
        INSERT INTO home_assistant_events
            (connection_id, event_type, entity_id, old_state, new_state, value, timestamp)
        SELECT
            $1::uuid, 'state_changed', 'sensor.stored_' || number % 400, (number % 3000)::text, ((number + 7) % 3000)::text,
            (number + 7) % 3000,
            first + (least(first + interval '1 month', now()) - first) * (number::double precision / $3::bigint)
        FROM (SELECT date_trunc('month', now(), 'UTC') - make_interval(months => $2::integer)) AS month (first)
        CROSS JOIN generate_series(0, $3::bigint - 1) AS number
        """

    private func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
