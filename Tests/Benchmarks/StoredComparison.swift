import BridgeCore
import Foundation
import PostgresClient
import TestSupport

/// The rate of a house with years of events behind it, as a ratio to that of a new one, on databases of their own, in turns. The new
/// one keeps its few events: without them, each round would begin with vectors for all that it says.
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
                var new = try await ComparedBridge(executable: executable, database: second.url)
                defer { new.stop() }
                let (fullSession, newSession) = (try await first.connect(), try await second.connect())
                for round in -1...rounds {
                    // Twice to begin with, so that what is measured are houses whose texts are known.
                    let counts = round > 0
                    for isFull in round.isMultiple(of: 2) ? [true, false] : [false, true] {
                        try await (isFull ? fullSession : newSession).execute("CHECKPOINT", deadline: .seconds(600))
                        if isFull {
                            try await full.flood(events, counts: counts)
                            try await full.settle()
                        } else {
                            try await new.flood(events, counts: counts)
                            try await new.settle()
                        }
                    }
                    guard counts else { continue }
                    note(
                        "Round \(round) of \(rounds): \(Int(full.rates[round - 1])) events/s beside \(millions) million, \(Int(new.rates[round - 1])) in a new house"
                    )
                }
                await fullSession.close()
                await newSession.close()
                let ratios = zip(full.rates, new.rates).map { $0 / $1 }
                return [
                    BenchResult(
                        name: "stored_millions", title: "stored events, millions", value: Double(millions), digits: 0),
                    BenchResult(
                        name: "stored_events_per_second", title: "rate beside them, events/s", value: full.rates.median,
                        digits: 0),
                    BenchResult(
                        name: "new_events_per_second", title: "rate of a new house, events/s",
                        value: new.rates.median, digits: 0),
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
        for statement in ["SET synchronous_commit = off", "SET maintenance_work_mem = '512MB'", Self.fillMonth] {
            try await session.execute(statement)
        }
        for month in 0..<Self.months {
            _ = try await session.query(
                "SELECT pg_temp.fill_month($1, $2, $3)",
                [.id(house), .int(Int64(month)), .int(Int64(millions * 1_000_000 / Self.months))], deadline: hour)
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

    /// Events of a house, spread over the month that was so many months ago, of this one over what is past of it. The indexes are made
    /// afterwards, which takes a third of the time: the month leaves the table for as long.
    private static let fillMonth = """
        CREATE FUNCTION pg_temp.fill_month(p_house uuid, p_month bigint, p_rows bigint) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            first timestamptz := date_trunc('month', now(), 'UTC') - make_interval(months => p_month::integer);
            part regclass;
            bounds text;
            made record;
        BEGIN
            SELECT inhrelid::regclass, pg_get_expr(relpartbound, pg_class.oid) INTO STRICT part, bounds
            FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'home_assistant_events'::regclass
                AND relname = to_char(first AT TIME ZONE 'UTC', '"home_assistant_events_y"YYYY"m"MM');
            CREATE TEMPORARY TABLE fill_indexes ON COMMIT DROP AS
            SELECT pg_index.indexrelid::regclass::text AS name, conname
            FROM pg_index JOIN pg_inherits ON inhrelid = indexrelid LEFT JOIN pg_constraint ON conindid = indexrelid
            WHERE indrelid = part;
            EXECUTE format('ALTER TABLE home_assistant_events DETACH PARTITION %s', part);
            FOR made IN SELECT * FROM fill_indexes LOOP
                IF made.conname IS NULL THEN
                    EXECUTE format('DROP INDEX %s', made.name);
                ELSE
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', part, made.conname);
                END IF;
            END LOOP;
            EXECUTE format(
                $insert$
                INSERT INTO %s (connection_id, event_type, entity_id, old_state, new_state, value, timestamp)
                SELECT
                    $1, 'state_changed', 'sensor.stored_' || number %% 400, (number %% 3000)::text,
                    ((number + 7) %% 3000)::text, (number + 7) %% 3000,
                    $2 + (least($2 + interval '1 month', now()) - $2) * (number::double precision / $3)
                FROM generate_series(0, $3 - 1) AS number
                $insert$, part) USING p_house, first, p_rows;
            EXECUTE format('ALTER TABLE home_assistant_events ATTACH PARTITION %s %s', part, bounds);
        END;
        $$
        """
}
