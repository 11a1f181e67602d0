import BridgeCore
import FoundationEssentials
import PostgresClient

extension ExecutionRepository {
    /// For how long after an effect a person's reversal of it counts.
    package static let overrideWindow: Duration = .seconds(300)

    /// How a look for reversals went.
    package struct OverrideCheck: Sendable, Equatable {
        /// Runs that have been looked at.
        package var checked = 0
        /// Those among them of which a person reversed an effect.
        package var overridden = 0
        /// The automations whose runs were looked at.
        package var automations: Set<AutomationID> = []

        package init() {}
    }

    /// Counts the effects of successful runs, and finds out which of them a person reversed: the oldest `limit` runs that ended
    /// more than five minutes ago and were not looked at yet, fewer where they lie far apart. None are left when none was checked.
    ///
    /// An effect is a stored change of state with the run's context, or one that the run's context caused; not those of automations
    /// and scripts, which tell of their own running. It is reversed when the entity goes from the state of the effect back to the
    /// one before, or to its opposite, within five minutes and not by the run itself: by a person's command, or, for things that people
    /// switch by hand, without any cause that Home Assistant knows of. A run is looked at once everything is stored that
    /// Home Assistant sent until five minutes after its end.
    package func checkOverrides(
        of connection: ConnectionID, limit: Int = 200, under claims: LeaseClaims? = nil
    ) async throws -> OverrideCheck? {
        try await write(connection, claims) { session in
            let due = try session.query(
                Self.listUnchecked, [.id(connection), .int(Int64(limit))], name: "list_unchecked_executions")
            var check = OverrideCheck()
            guard !due.isEmpty else { return check }
            var ids: [String] = []
            // Of a run that took hours only the last one is searched, so that it does not cost what the others cost together.
            var start: Timestamp?
            var end: Timestamp?
            for row in due {
                let completed = try row.timestamp("completed_at")
                let from = max(try row.timestamp("started_at"), completed.adding(seconds: -3_600))
                // All events of the time are read: runs that lie far apart are not looked at together.
                if let start, completed > start.adding(seconds: Self.longestSpan) { break }
                ids.append(try row.uuid("id").uuidString)
                check.automations.insert(try row.id("automation_id"))
                start = min(start ?? from, from)
                end = max(end ?? completed, completed)
            }
            guard let start, let end else { return check }
            let rows = try session.query(
                Self.markOverrides,
                [
                    .id(connection), .textArray(ids), .timestamp(start.adding(seconds: -1)),
                    .timestamp(end.adding(seconds: Self.effectTail)),
                ], name: "check_overrides")
            check.checked = rows.count
            for row in rows where try row.bool("is_overridden") { check.overridden += 1 }
            return check
        }
    }

    /// Seconds from the first to the last event that are read at once.
    private static let longestSpan: Int64 = 7_200

    /// Seconds after the end of a run in which devices still report what it told them to do.
    private static let effectTail: Int64 = 10

    /// The sight of Home Assistant ends where the watermark says; without one, all that there is counts as seen.
    private static let listUnchecked = """
        SELECT id, automation_id, started_at, completed_at FROM automation_executions
        WHERE connection_id = $1 AND status = 'success' AND overrides_checked_at IS NULL
            AND completed_at < LEAST(
                now(), (SELECT seen_until FROM home_assistant_connection_watermarks WHERE connection_id = $1)
            ) - interval '320 seconds'
        ORDER BY completed_at LIMIT $2::int
        """

    /// Things that people switch at the thing itself, so that a change without a known cause is theirs.
    private static let handOperated = """
        ('alarm_control_panel', 'climate', 'cover', 'fan', 'humidifier', 'input_boolean', 'input_select', 'light', 'lock',
            'media_player', 'siren', 'switch', 'vacuum', 'valve', 'water_heater')
        """

    /// The runs `$2`, with effects from `$3` to `$4`. The events of that time are read once for all of them; what came after
    /// an effect is found by the index on entities.
    private static let markOverrides = """
        WITH run AS MATERIALIZED (
            SELECT id, context_id, started_at FROM automation_executions
            WHERE connection_id = $1 AND id = ANY ($2::uuid[])
        ), change AS MATERIALIZED (
            SELECT id, entity_id, old_state, new_state, timestamp, context_id, context_parent_id
            FROM home_assistant_events
            WHERE connection_id = $1 AND timestamp >= $3::timestamptz AND timestamp <= $4::timestamptz
                AND event_type = 'state_changed' AND context_id IS NOT NULL
                AND split_part(entity_id, '.', 1) NOT IN ('automation', 'script')
                AND (context_id IN (SELECT context_id FROM run) OR context_parent_id IN (SELECT context_id FROM run))
        ), effect AS MATERIALIZED (
            SELECT run.id AS run_id, run.context_id AS run_context, run.started_at, change.*
            FROM run
            JOIN change ON change.context_id = run.context_id
            UNION
            SELECT run.id, run.context_id, run.started_at, change.*
            FROM run
            JOIN change ON change.context_parent_id = run.context_id AND change.context_id <> run.context_id
        ), counted AS (
            SELECT run_id, count(*) AS effects FROM effect GROUP BY run_id
        ), reversal AS MATERIALIZED (
            SELECT effect.run_id, effect.entity_id, effect.old_state AS before, effect.new_state AS effect,
                back.new_state AS after, back.timestamp, back.id, back.context_user_id,
                round(extract(epoch FROM back.timestamp - effect.timestamp)::numeric, 3) AS seconds
            FROM effect
            CROSS JOIN LATERAL (
                SELECT event.* FROM home_assistant_events AS event
                WHERE event.entity_id = effect.entity_id AND event.connection_id = $1
                    AND event.event_type = 'state_changed'
                    AND event.timestamp > effect.timestamp
                    AND event.timestamp <= effect.timestamp + interval '300 seconds'
                    AND event.old_state IS DISTINCT FROM event.new_state
                -- The next change alone: what a person does after something else has changed it undoes that.
                ORDER BY event.timestamp LIMIT 1
            ) AS back
            WHERE effect.old_state IS DISTINCT FROM effect.new_state
                AND back.old_state = effect.new_state AND back.timestamp >= effect.started_at
                AND back.new_state NOT IN ('unavailable', 'unknown')
                AND (back.new_state = effect.old_state
                    OR (effect.new_state, back.new_state) IN (
                        ('on', 'off'), ('off', 'on'), ('open', 'closed'), ('closed', 'open'), ('opening', 'closing'),
                        ('closing', 'opening'), ('locked', 'unlocked'), ('unlocked', 'locked')))
                AND back.context_id IS DISTINCT FROM effect.run_context
                AND back.context_parent_id IS DISTINCT FROM effect.run_context
                AND (back.context_user_id IS NOT NULL
                    OR back.context_parent_id IS NULL
                        AND split_part(effect.entity_id, '.', 1) IN \(handOperated)
                        -- An automation that a time or a device without a context started has no parent either.
                        AND NOT EXISTS (
                            SELECT FROM automation_executions AS other
                            WHERE other.connection_id = $1 AND other.context_id = back.context_id
                                AND other.started_at <= back.timestamp + interval '1 second'
                                AND other.started_at > back.timestamp - interval '1 day'))
        ), reversed AS (
            SELECT run_id, min(timestamp) AS overridden_at,
                (array_agg(
                    jsonb_build_object(
                        'entity_id', entity_id, 'before', before, 'effect', effect, 'after', after, 'at', timestamp,
                        'seconds', seconds, 'event_id', id, 'user_id', context_user_id)
                    ORDER BY timestamp, entity_id))[1:20] AS details
            FROM reversal GROUP BY run_id
        )
        UPDATE automation_executions AS execution SET
            effect_count = CASE WHEN run.context_id IS NOT NULL THEN coalesce(counted.effects, 0) END,
            overrides_checked_at = now(), overridden_at = reversed.overridden_at,
            override_details = CASE
                WHEN reversed.run_id IS NOT NULL THEN jsonb_build_object('reversals', to_jsonb(reversed.details))
            END
        FROM run
        LEFT JOIN counted ON counted.run_id = run.id
        LEFT JOIN reversed ON reversed.run_id = run.id
        WHERE execution.id = run.id
        RETURNING execution.automation_id, execution.overridden_at IS NOT NULL AS is_overridden
        """
}
