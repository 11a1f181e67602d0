import BridgeCore
import PostgresClient

/// What a score is made of: one automation and the sums over its runs, read in one statement.
///
/// Runs that are under way, and those that were blocked, are in none of the figures.
package struct ScoreFacts: Sendable, Hashable {
    /// The spans that the figures are about.
    package enum Span {
        /// Older runs say nothing any more.
        package static let window: Int64 = 30 * day
        /// A run of this age weighs half.
        package static let halfLife: Int64 = 14 * day
        /// What people are told about: “in the last two weeks”.
        package static let recent: Int64 = 14 * day
        /// The run time “now”; the rest of the window is “before”.
        package static let present: Int64 = 7 * day
        private static let day: Int64 = 86_400
    }

    /// The automation.
    package var automation: AutomationID
    /// Its house.
    package var connection: ConnectionID
    package var name: String
    package var state: LifecycleState
    /// When it came into `state`.
    package var stateSince: Timestamp
    /// Whether it came from DEGRADED into `state`.
    package var isFreshlyRecovered = false
    /// Whether its problems speak of entities that do not exist.
    package var lacksEntities = false

    /// Runs of the window whose actions began and that are over.
    package var executions = 0
    /// Those of them whose end was seen.
    package var known = 0
    package var successes = 0
    package var failures = 0
    /// Successes, each weighted by its age.
    package var weightedSuccesses = 0.0
    /// Failures, each weighted by its age.
    package var weightedFailures = 0.0
    /// Runs of the last two weeks.
    package var recentExecutions = 0
    package var recentFailures = 0
    package var recentUndone = 0
    /// Successful runs of which it is known whether a person reversed an effect.
    package var checked = 0
    /// Those of them that were reversed.
    package var undone = 0
    /// Successful runs of the last week.
    package var presentRuns = 0
    /// Successful runs of the window before that week.
    package var earlierRuns = 0
    /// Milliseconds.
    package var presentMedian: Double?
    /// Milliseconds.
    package var earlierMedian: Double?
    package var lastExecution: Timestamp?
    /// Seconds from one run to the next that nine in ten of its intervals do not exceed; `nil` below two runs.
    package var usualInterval: Double?
    /// Failures since its last success.
    package var failuresInRow = 0

    /// An automation that has not run.
    package init(
        automation: AutomationID, connection: ConnectionID, name: String, state: LifecycleState, stateSince: Timestamp
    ) {
        self.automation = automation
        self.connection = connection
        self.name = name
        self.state = state
        self.stateSince = stateSince
    }
}

extension ScoreFacts {
    /// A query for the facts of the automations `$1::uuid[]` as of `$2`.
    ///
    /// `date_part` rather than `extract`, which goes by way of `numeric`: a third of the time.
    static let query = """
        SELECT
            automation.id, automation.connection_id, automation.name, automation.lifecycle_state,
            automation.lifecycle_changed_at,
            coalesce(move.previous_state = 'DEGRADED' AND move.new_state = automation.lifecycle_state, FALSE)
                AS is_freshly_recovered,
            EXISTS (SELECT FROM unnest(automation.problems) AS problem WHERE problem ~* 'not exist') AS lacks_entities,
            facts.*
        FROM unnest($1::uuid[]) AS wanted (id)
        JOIN automation_management AS automation ON automation.id = wanted.id
        LEFT JOIN LATERAL (
            SELECT past.previous_state, past.new_state FROM automation_lifecycle_history AS past
            WHERE past.automation_id = automation.id ORDER BY past.sequence DESC LIMIT 1
        ) AS move ON true
        CROSS JOIN LATERAL (
            SELECT
                count(*) AS executions,
                count(*) FILTER (WHERE status <> 'unknown') AS known,
                count(*) FILTER (WHERE status = 'success') AS successes,
                count(*) FILTER (WHERE status = 'failure') AS failures,
                coalesce(sum(weight) FILTER (WHERE status = 'success'), 0) AS weighted_successes,
                coalesce(sum(weight) FILTER (WHERE status = 'failure'), 0) AS weighted_failures,
                count(*) FILTER (WHERE age < \(Span.recent)) AS recent_executions,
                count(*) FILTER (WHERE age < \(Span.recent) AND status = 'failure') AS recent_failures,
                count(*) FILTER (WHERE age < \(Span.recent) AND status = 'success' AND is_undone) AS recent_undone,
                count(*) FILTER (WHERE status = 'success' AND (is_checked OR is_undone)) AS checked,
                count(*) FILTER (WHERE status = 'success' AND is_undone) AS undone,
                count(duration_ms) FILTER (WHERE status = 'success' AND age < \(Span.present)) AS present_runs,
                count(duration_ms) FILTER (WHERE status = 'success' AND age >= \(Span.present)) AS earlier_runs,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms::float8)
                    FILTER (WHERE status = 'success' AND age < \(Span.present)) AS present_median,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms::float8)
                    FILTER (WHERE status = 'success' AND age >= \(Span.present)) AS earlier_median,
                max(started_at) AS last_execution,
                percentile_disc(0.9) WITHIN GROUP (ORDER BY pause) AS usual_interval,
                count(*) FILTER (WHERE status = 'failure' AND (last_success IS NULL OR started_at > last_success))
                    AS failures_in_row
            FROM (
                SELECT
                    status, duration_ms, started_at, age, power(0.5::float8, age / \(Span.halfLife)) AS weight,
                    overrides_checked_at IS NOT NULL AS is_checked, overridden_at IS NOT NULL AS is_undone,
                    date_part('epoch', started_at - lag(started_at) OVER (ORDER BY started_at)) AS pause,
                    max(started_at) FILTER (WHERE status = 'success') OVER () AS last_success
                FROM automation_executions AS execution
                -- The clock of a house may be ahead of ours.
                CROSS JOIN LATERAL (
                    SELECT greatest(0, date_part('epoch', $2::timestamptz - execution.started_at)) AS age
                ) AS moment
                WHERE execution.automation_id = automation.id AND status NOT IN ('running', 'blocked')
                    AND execution.started_at > $2::timestamptz - make_interval(secs => \(Span.window))
            ) AS run
        ) AS facts
        """

    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            automation: try row.id("id"), connection: try row.id("connection_id"), name: try row.string("name"),
            state: try row.enumeration("lifecycle_state"), stateSince: try row.timestamp("lifecycle_changed_at"))
        isFreshlyRecovered = try row.bool("is_freshly_recovered")
        lacksEntities = try row.bool("lacks_entities")
        executions = try row.int("executions")
        known = try row.int("known")
        successes = try row.int("successes")
        failures = try row.int("failures")
        weightedSuccesses = try row.double("weighted_successes")
        weightedFailures = try row.double("weighted_failures")
        recentExecutions = try row.int("recent_executions")
        recentFailures = try row.int("recent_failures")
        recentUndone = try row.int("recent_undone")
        checked = try row.int("checked")
        undone = try row.int("undone")
        presentRuns = try row.int("present_runs")
        earlierRuns = try row.int("earlier_runs")
        presentMedian = try row.optionalDouble("present_median")
        earlierMedian = try row.optionalDouble("earlier_median")
        lastExecution = try row.optionalTimestamp("last_execution")
        usualInterval = try row.optionalDouble("usual_interval")
        failuresInRow = try row.int("failures_in_row")
    }
}
