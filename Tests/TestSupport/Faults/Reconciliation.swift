import BridgeCore
import Foundation
import PostgresClient

/// What a ledger owes against what the tables hold.
package struct Reconciliation: Sendable {
    /// Events that the bridge answers for.
    package var obligations = 0
    /// Those with a row.
    package var stored = 0
    /// Those without a row, but with a dead letter that holds every byte.
    package var deadLetters = 0
    /// Those without either, fired while a gap says that nobody saw them.
    package var declared = 0
    /// Those that nobody knows of: not stored, and outside every gap; or in one, though they were confirmed, or though the gap
    /// says that the history was read and the history holds them.
    package var lost = 0
    /// Rows beyond the first of one event.
    package var duplicates = 0
    /// Rows that nobody fired.
    package var invented = 0
    /// Rows that say something else than the event did.
    package var altered = 0
    /// Rows that came from the history.
    package var backfilled = 0
    /// A few of what is wrong, for a person.
    package var examples: [String] = []

    package init() {}

    package var isClean: Bool { lost == 0 && duplicates == 0 && invented == 0 && altered == 0 }

    package static func + (left: Reconciliation, right: Reconciliation) -> Reconciliation {
        var sum = left
        sum.obligations += right.obligations
        sum.stored += right.stored
        sum.deadLetters += right.deadLetters
        sum.declared += right.declared
        sum.lost += right.lost
        sum.duplicates += right.duplicates
        sum.invented += right.invented
        sum.altered += right.altered
        sum.backfilled += right.backfilled
        sum.examples += right.examples
        return sum
    }
}

extension Reconciliation: CustomStringConvertible {
    package var description: String {
        let figures =
            "obligations \(obligations), stored \(stored), dead letters \(deadLetters), declared in gaps \(declared), "
            + "lost \(lost), duplicates \(duplicates), invented \(invented), altered \(altered), backfilled \(backfilled)"
        return examples.isEmpty ? figures : figures + "\n" + examples.joined(separator: "\n")
    }
}

/// Which excuses count in a reconciliation.
package struct ReconciliationRules: Sendable {
    /// Whether a gap excuses an event that the bridge had confirmed: true where the test destroys the spool.
    package var gapsExcuseOwed = false
    /// Whether a gap excuses a state that the history holds: true where the test keeps the history from the bridge.
    package var gapsExcuseRecorded = false
    /// Whether rows that nobody fired are welcome: true where the test sends other events, too.
    package var ignoresInvented = false

    package init() {}
}

extension EventLedger {
    /// Compares this ledger with the rows of `connection`.
    package func reconcile(
        _ session: PostgresConnection, connection: UUID, rules: ReconciliationRules = ReconciliationRules()
    ) async throws -> Reconciliation {
        try await session.execute("DROP TABLE IF EXISTS pg_temp.ledger; \(Self.table)", deadline: .seconds(60))
        let entries = entries
        let from = accountableFrom
        for start in stride(from: 0, to: entries.count, by: 4_000) {
            let part = entries[start..<min(start + 4_000, entries.count)]
            let json = "[\(part.map { Self.row($0, isOwing: $0.number >= from) }.joined(separator: ","))]"
            _ = try await session.query(Self.fill, [.json(json)], deadline: .seconds(60))
        }
        let parameters: [PostgresValue] = [.uuid(connection)]
        // Fresh tables have no statistics, and without them each comparison is a loop in a loop.
        try await session.execute("ANALYZE pg_temp.ledger; ANALYZE home_assistant_events", deadline: .seconds(120))
        for statement in Self.marks { _ = try await session.query(statement, parameters, deadline: .seconds(120)) }
        var result = Reconciliation()
        let lost = Self.lost(rules)
        let figures = try await session.query(
            """
            SELECT count(*) FILTER (WHERE owing), count(*) FILTER (WHERE owing AND rows > 0),
                count(*) FILTER (WHERE owing AND rows = 0 AND letters > 0),
                count(*) FILTER (WHERE owing AND rows = 0 AND letters = 0 AND declared AND NOT (\(lost))),
                count(*) FILTER (WHERE \(lost)), coalesce(sum(rows - 1) FILTER (WHERE rows > 1), 0)::bigint,
                count(*) FILTER (WHERE altered), count(*) FILTER (WHERE source = 'backfill')
            FROM pg_temp.ledger
            """, deadline: .seconds(60))
        if let row = figures.first {
            result.obligations = try row[0].int
            result.stored = try row[1].int
            result.deadLetters = try row[2].int
            result.declared = try row[3].int
            result.lost = try row[4].int
            result.duplicates = try row[5].int
            result.altered = try row[6].int
            result.backfilled = try row[7].int
        }
        for row in try await session.query(Self.invented, parameters, deadline: .seconds(60))
        where !rules.ignoresInvented {
            result.invented += 1
            if result.invented <= 5 { result.examples.append("invented: \(try row[0].string)") }
        }
        for row in try await session.query(
            """
            SELECT concat_ws(' ', CASE WHEN altered THEN 'altered' WHEN rows > 1 THEN 'duplicate' ELSE 'lost' END, 'number',
                number, event_type, entity_id, at, 'copies', copies, CASE WHEN owed THEN 'owed' END,
                CASE WHEN declared THEN 'declared' END, CASE WHEN recorded THEN 'recorded' END,
                CASE WHEN partial THEN 'partial' END)
            FROM pg_temp.ledger WHERE \(lost) OR altered OR rows > 1 ORDER BY number LIMIT 8
            """)
        { result.examples.append(try row[0].string) }
        if result.lost > 0 {
            for row in try await session.query(
                """
                SELECT concat_ws(' ', 'gap', cause, started_at, ended_at, status, reason) FROM home_assistant_event_gaps
                WHERE connection_id = $1 ORDER BY started_at DESC LIMIT 6
                """, parameters)
            { result.examples.append(try row[0].string) }
        }
        return result
    }

    // MARK: SQL

    private static let table = """
        CREATE TEMP TABLE ledger (
            number bigint, kind text, event_type text, entity_id text, at timestamptz, old_state text, new_state text,
            attributes jsonb, context text, recorded boolean, owed boolean, owing boolean, copies int,
            rows bigint NOT NULL DEFAULT 0, letters bigint NOT NULL DEFAULT 0, declared boolean NOT NULL DEFAULT false,
            partial boolean NOT NULL DEFAULT false, altered boolean NOT NULL DEFAULT false, source text);
        CREATE INDEX ON ledger (at);
        """

    private static let fill = """
        INSERT INTO pg_temp.ledger (number, kind, event_type, entity_id, at, old_state, new_state, attributes, context,
            recorded, owed, owing, copies)
        SELECT number, kind, event_type, entity_id, at, old_state, new_state, attributes, context, recorded, owed, owing,
            copies
        FROM jsonb_to_recordset($1::jsonb) AS entry (number bigint, kind text, event_type text, entity_id text,
            at timestamptz, old_state text, new_state text, attributes jsonb, context text, recorded boolean,
            owed boolean, owing boolean, copies int)
        """

    /// Rows by the natural key, letters by the bytes, gaps by the time.
    private static let marks = [
        """
        UPDATE pg_temp.ledger AS l SET rows = found.rows, source = found.source, altered = found.altered
        FROM (
            SELECT l.number, count(*) AS rows, min(e.source) AS source, bool_or(
                e.new_state IS DISTINCT FROM l.new_state
                OR (l.kind = 'state' AND e.attributes IS DISTINCT FROM l.attributes)
                OR (e.source = 'live' AND (e.old_state IS DISTINCT FROM l.old_state OR e.context_id IS DISTINCT FROM l.context))
            ) AS altered
            FROM pg_temp.ledger AS l JOIN home_assistant_events AS e ON e.connection_id = $1
                AND e.event_type = 'state_changed' AND e.entity_id = l.entity_id AND e.timestamp = l.at
            WHERE l.kind <> 'other' GROUP BY l.number
        ) AS found WHERE found.number = l.number
        """,
        """
        UPDATE pg_temp.ledger AS l SET rows = found.rows, source = found.source, altered = found.altered
        FROM (
            SELECT l.number, count(*) AS rows, min(e.source) AS source, bool_or(
                e.attributes IS DISTINCT FROM l.attributes OR e.timestamp <> l.at OR e.context_id IS DISTINCT FROM l.context
            ) AS altered
            FROM pg_temp.ledger AS l JOIN home_assistant_events AS e ON e.connection_id = $1
                AND e.event_type = l.event_type AND e.timestamp = l.at
            WHERE l.kind = 'other' AND e.attributes->>'n' = l.number::text GROUP BY l.number
        ) AS found WHERE found.number = l.number
        """,
        """
        UPDATE pg_temp.ledger AS l SET letters = 1
        FROM home_assistant_dead_letters AS d
        WHERE d.connection_id = $1 AND l.rows = 0 AND l.owing
            AND position(convert_to('"C' || l.number || '"', 'UTF8') IN d.payload) > 0
        """,
        """
        UPDATE pg_temp.ledger AS l SET declared = true, partial = EXISTS (
            SELECT FROM home_assistant_event_gaps AS g WHERE g.connection_id = $1 AND g.status <> 'backfilled'
                AND l.at BETWEEN g.started_at AND coalesce(g.ended_at, 'infinity'))
        WHERE l.rows = 0 AND EXISTS (
            SELECT FROM home_assistant_event_gaps AS g WHERE g.connection_id = $1
                AND l.at BETWEEN g.started_at AND coalesce(g.ended_at, 'infinity'))
        """,
    ]

    private static let invented = """
        SELECT concat_ws(' ', e.event_type, e.entity_id, e.timestamp, e.source, left(e.attributes::text, 60))
        FROM home_assistant_events AS e
        LEFT JOIN pg_temp.ledger AS state ON e.event_type = 'state_changed' AND state.kind <> 'other'
            AND state.entity_id = e.entity_id AND state.at = e.timestamp
        LEFT JOIN pg_temp.ledger AS other ON e.event_type <> 'state_changed' AND other.event_type = e.event_type
            AND other.at = e.timestamp AND other.number::text = e.attributes->>'n'
        WHERE e.connection_id = $1 AND e.timestamp >= (SELECT min(at) FROM pg_temp.ledger)
            AND state.number IS NULL AND other.number IS NULL
        """

    private static func lost(_ rules: ReconciliationRules) -> String {
        var excuses = "declared"
        if !rules.gapsExcuseOwed { excuses += " AND NOT owed" }
        if !rules.gapsExcuseRecorded { excuses += " AND NOT (recorded AND NOT partial)" }
        return "owing AND rows = 0 AND letters = 0 AND NOT (\(excuses))"
    }

    private static func row(_ entry: Entry, isOwing: Bool) -> String {
        func text(_ value: String?) -> String { value.map { "\"\($0)\"" } ?? "null" }
        let kind =
            switch entry.kind {
            case .state: "state"
            case .removal: "removal"
            case .other: "other"
            }
        let key =
            #""number":\#(entry.number),"kind":"\#(kind)","event_type":"\#(entry.type)","at":"\#(entry.time.iso8601)""#
        let states =
            #""entity_id":\#(text(entry.entity)),"old_state":\#(text(entry.oldState)),"new_state":\#(text(entry.newState))"#
        let flags =
            #""recorded":\#(entry.isRecorded),"owed":\#(entry.isOwed),"owing":\#(isOwing),"copies":\#(entry.copies)"#
        return "{\(key),\(states),\(flags),\"attributes\":\(entry.attributes),\"context\":\"\(entry.context)\"}"
    }
}
