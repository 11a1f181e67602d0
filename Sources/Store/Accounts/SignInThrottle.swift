import PostgresClient

/// The table `sign_in_throttle`: slows down who guesses. From the sixth failure on, each one blocks its key for twice as long as the
/// one before, up to 15 minutes. A row is forgotten a day after its last failure. Methods throw `PostgresError`.
package struct SignInThrottle: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Counts an attempt as failed before it is made, so that a hundred at once count as a hundred. Returns for how many seconds the
    /// key is blocked, `nil` where the attempt may be made.
    package func reserve(_ key: String) async throws -> Int? {
        try await pool.withConnection { session in
            let counted = try await session.query(
                """
                INSERT INTO sign_in_throttle AS stored (key, failures, last_failed_at) VALUES ($1, 1, clock_timestamp())
                ON CONFLICT (key) DO UPDATE SET
                    last_failed_at = EXCLUDED.last_failed_at,
                    failures = CASE WHEN stored.last_failed_at < now() - interval '1 day' THEN 1 ELSE least(stored.failures, 1000) + 1 END,
                    blocked_until = CASE WHEN stored.failures >= 5 AND stored.last_failed_at >= now() - interval '1 day'
                        THEN clock_timestamp() + make_interval(secs => least(900, 15 * 2 ^ least(stored.failures - 5, 10))) END
                WHERE coalesce(stored.blocked_until <= clock_timestamp(), true)
                RETURNING failures
                """, [.text(key)], name: "count_attempt")
            guard counted.first == nil else { return nil }
            let left = try await session.query(
                """
                SELECT greatest(1, ceil(extract(epoch FROM blocked_until - clock_timestamp())))::integer AS seconds
                FROM sign_in_throttle WHERE key = $1
                """, [.text(key)], name: "blocked_for"
            ).first
            return try left?.optionalInt("seconds") ?? 1
        }
    }

    /// Takes back what `reserve` counted: the attempt succeeded. `entirely` forgets the failures before it as well.
    package func succeed(_ key: String, entirely: Bool) async throws {
        try await pool.withConnection { session in
            _ = try await session.query(
                """
                UPDATE sign_in_throttle SET failures = CASE WHEN $2 THEN 0 ELSE greatest(failures - 1, 0) END, blocked_until = NULL
                WHERE key = $1
                """, [.text(key), .bool(entirely)], name: "forgive")
            _ = try await session.query(
                "DELETE FROM sign_in_throttle WHERE failures = 0 OR last_failed_at < now() - interval '1 day'",
                name: "forget_failures")
        }
    }
}
