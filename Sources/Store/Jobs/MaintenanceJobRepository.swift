import BridgeCore
import FoundationEssentials
import PostgresClient

/// The table `maintenance_job`: who is at which job, and how the runs went. Methods throw `PostgresError`.
///
/// A job is held for a time that the holder prolongs, by the database's clock. A lock of a session would end with the session, and
/// the work, which goes over other sessions, would not; and a holder that is frozen would keep it for ever.
package struct MaintenanceJobRepository: Sendable {
    /// The right to be at a job.
    package struct Hold: Sendable, Equatable {
        package let job: String
        let holder: UUID
        let epoch: Int64

        /// `$1` to `$3` of `isHeld`.
        fileprivate var parameters: [PostgresValue] { [.text(job), .uuid(holder), .int(epoch)] }
    }

    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Makes sure that the jobs are known. A new one is due after the pause that stands beside its name.
    package func register(_ jobs: [(name: String, pause: Duration)]) async throws {
        try await pool.withConnection { session in
            _ = try await session.query(
                """
                INSERT INTO maintenance_job (job_name, next_run_at)
                SELECT job.name, clock_timestamp() + make_interval(secs => job.pause)
                FROM unnest($1::text[], $2::float8[]) AS job (name, pause)
                ON CONFLICT (job_name) DO NOTHING
                """,
                [.textArray(jobs.map(\.name)), .textArray(jobs.map { "\($0.pause / .seconds(1))" })],
                name: "register_jobs")
        }
    }

    /// Every job by name.
    package func list() async throws -> [StoredMaintenanceJob] {
        try await pool.withConnection { session in
            try await session.query(
                "\(StoredMaintenanceJob.selection) ORDER BY job.job_name", name: "list_jobs"
            ).map(StoredMaintenanceJob.init(row:))
        }
    }

    /// Takes a job for `expiry`, unless somebody else holds it; with `onlyWhenDue`, unless it is not due either. `nil` where it was
    /// not to be had.
    package func take(
        _ job: String, as holder: UUID, name: String, for expiry: Duration, onlyWhenDue: Bool
    ) async throws -> Hold? {
        try await pool.withConnection { session in
            let rows = try await session.query(
                """
                UPDATE maintenance_job
                SET holder = $2, holder_name = $3, holder_expires_at = clock_timestamp() + make_interval(secs => $4::float8),
                    epoch = epoch + 1, last_started_at = clock_timestamp()
                WHERE job_name = $1 AND (holder IS NULL OR holder_expires_at <= clock_timestamp())
                    AND (NOT $5::boolean OR next_run_at <= clock_timestamp())
                RETURNING epoch
                """,
                [
                    .text(job), .uuid(holder), .text(StorableText.fitting(name, limit: 255)),
                    .double(expiry / .seconds(1)), .bool(onlyWhenDue),
                ], name: "take_job")
            return try rows.first.map { row throws(PostgresError) in
                Hold(job: job, holder: holder, epoch: Int64(try row.int("epoch")))
            }
        }
    }

    /// Prolongs a hold; `false` where it is over.
    package func prolong(_ hold: Hold, for expiry: Duration) async throws -> Bool {
        try await change(
            hold, "holder_expires_at = clock_timestamp() + make_interval(secs => $4::float8)",
            [.double(expiry / .seconds(1))], name: "prolong_job")
    }

    /// Ends a run that did its work. The next is due after `pause`. `false` where the hold was over, so that nothing was written.
    package func finish(
        _ hold: Hold, summary: String?, items: Int, duration: Duration, pause: Duration
    ) async throws -> Bool {
        try await change(
            hold,
            """
            \(Self.ended), last_duration_ms = $4::bigint, last_summary = $5, last_items = $6::bigint,
            item_count = item_count + greatest($6::bigint, 0), failures_in_a_row = 0,
            next_run_at = clock_timestamp() + make_interval(secs => $7::float8)
            """,
            [
                .int(Self.milliseconds(duration)), .optional(summary) { .text(StorableText.fitting($0)) },
                .int(Int64(items)), .double(pause / .seconds(1)),
            ], name: "finish_job")
    }

    /// How a job stands that has failed.
    package struct Failure: Sendable, Equatable {
        /// With this one; 1 for the first after a good run.
        package let inARow: Int
        /// Whether the error before it said something else, or there was none.
        package let isNew: Bool
        /// The next run is due after it.
        package let pause: Duration
    }

    /// Ends a run that failed. `error` is free of secrets. The next is due after the shorter pause of `retry`, doubled with each
    /// failure in a row up to the longer, times `spread`. `nil` where the hold was over, so that nothing was written.
    package func fail(
        _ hold: Hold, error: String, duration: Duration, retry: ClosedRange<Duration>, spread: Double
    ) async throws -> Failure? {
        try await pool.withConnection { session in
            try await session.query(
                """
                WITH before AS (
                    SELECT job_name AS name, last_error AS error, failures_in_a_row AS failures,
                        $8::float8 * least($7::float8, $6::float8 * 2 ^ least(failures_in_a_row, 20)) AS pause
                    FROM maintenance_job WHERE \(Self.isHeld) FOR UPDATE
                )
                UPDATE maintenance_job
                SET \(Self.ended), last_duration_ms = $4::bigint, last_error = $5, last_error_at = clock_timestamp(),
                    error_count = error_count + 1, failures_in_a_row = failures_in_a_row + 1,
                    next_run_at = clock_timestamp() + make_interval(secs => before.pause)
                FROM before WHERE job_name = before.name
                RETURNING failures_in_a_row, before.pause,
                    before.failures = 0 OR before.error IS DISTINCT FROM last_error AS is_new
                """,
                hold.parameters + [
                    .int(Self.milliseconds(duration)), .text(StorableText.fitting(error, limit: 2_000)),
                    .double(retry.lowerBound / .seconds(1)), .double(retry.upperBound / .seconds(1)), .double(spread),
                ], name: "fail_job"
            ).first.map { row throws(PostgresError) in
                Failure(
                    inARow: try row.int("failures_in_a_row"), isNew: try row.bool("is_new"),
                    pause: .seconds(try row.double("pause")))
            }
        }
    }

    /// Gives a job back in the middle of a run, as at the end of the process: due at once, for whoever comes.
    package func release(_ hold: Hold) async throws {
        _ = try await change(hold, "\(Self.free), next_run_at = clock_timestamp()", [], name: "release_job")
    }

    /// Whether the hold of the parameters `$1` to `$3` goes on.
    private static let isHeld = "job_name = $1 AND holder = $2 AND epoch = $3::bigint"
    private static let free = "holder = NULL, holder_name = NULL, holder_expires_at = NULL"
    private static let ended = "\(free), last_finished_at = clock_timestamp(), run_count = run_count + 1"

    private static func milliseconds(_ duration: Duration) -> Int64 { Int64(duration / .milliseconds(1)) }

    private func change(
        _ hold: Hold, _ assignments: String, _ parameters: [PostgresValue], name: String
    ) async throws -> Bool {
        try await pool.withConnection { session in
            try await session.query(
                "UPDATE maintenance_job SET \(assignments) WHERE \(Self.isHeld)", hold.parameters + parameters,
                name: name
            ).affectedRows > 0
        }
    }
}
