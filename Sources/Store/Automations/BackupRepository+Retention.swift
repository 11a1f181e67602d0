import PostgresClient

extension BackupRepository {
    /// What of a row that has expired may go. Numbers of versions are not given twice, because the newest one stays.
    private static let mayGo = """
        backup.version < (
            SELECT max(newest.version) FROM automation_backup AS newest
            WHERE newest.automation_id = backup.automation_id)
        AND backup.id IS DISTINCT FROM coalesce(
            -- The last good one: what was in place when the automation last ran well.
            (SELECT good.id FROM automation_backup AS good
            WHERE good.automation_id = backup.automation_id AND good.created_at <= (
                SELECT max(run.started_at) FROM automation_executions AS run
                WHERE run.automation_id = backup.automation_id AND run.status = 'success')
            ORDER BY good.version DESC LIMIT 1),
            -- It ran well before its first version was seen, and not since.
            (SELECT first.id FROM automation_backup AS first
            WHERE first.automation_id = backup.automation_id AND EXISTS (
                SELECT FROM automation_executions AS run
                WHERE run.automation_id = backup.automation_id AND run.status = 'success')
            ORDER BY first.version LIMIT 1))
        AND NOT EXISTS (
            SELECT FROM automation_apply_operation AS operation
            WHERE operation.automation_id = backup.automation_id AND operation.status = 'IN_PROGRESS'
                AND operation.backup_id = backup.id)
        AND NOT EXISTS (
            SELECT FROM rollback_operation AS operation
            WHERE operation.automation_id = backup.automation_id AND operation.status = 'IN_PROGRESS'
                AND backup.id IN (operation.backup_id, operation.safety_backup_id))
        """

    /// Deletes versions that are older than their `retention_days`, or were given up (`is_active`), at most `limit` of them, the
    /// oldest first. Never the newest version of an automation, the last good one, or one that an operation in progress names.
    /// Several bridges may do so at once. Returns how many went.
    package func deleteExpired(limit: Int = 500) async throws -> Int {
        try await pool.withConnection { session in
            try await session.transaction { session in
                // Locked first and judged again by a later statement: an operation that names one of them in between is either
                // seen there, or waits until the version is gone and fails.
                let found = try session.query(
                    """
                    SELECT backup.id FROM automation_backup AS backup
                    WHERE (NOT backup.is_active
                            OR clock_timestamp() - backup.created_at > make_interval(days => backup.retention_days))
                        AND \(Self.mayGo)
                    ORDER BY backup.created_at, backup.id LIMIT $1
                    FOR UPDATE OF backup SKIP LOCKED
                    """, [.int(Int64(max(1, limit)))], name: "lock_expired_backups")
                let ids = try found.map { (row) throws(PostgresError) in try row.string("id") }
                guard !ids.isEmpty else { return 0 }
                return try session.query(
                    "DELETE FROM automation_backup AS backup WHERE backup.id = ANY ($1::uuid[]) AND \(Self.mayGo) RETURNING id",
                    [.textArray(ids)], name: "delete_expired_backups"
                ).count
            }
        }
    }
}
