import BridgeCore
import PostgresClient

/// The table `user_safety_configuration`. Methods throw `StoreError` for what a person can mend and `PostgresError` for the rest.
package struct SafetyConfigurationRepository: Sendable {
    private let pool: PostgresPool
    private let audit: AutomationAuditRepository

    /// Uses connections of `pool`, one for each call. What changes is written to the audit trail, signed with `keys`.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        audit = AutomationAuditRepository(pool, keys: keys)
    }

    /// What holds for the houses of a user: the defaults for one who has set nothing.
    package func find(of user: UserID) async throws -> SafetyConfiguration {
        try await pool.withConnection { session in try await Self.find(of: user, session) }
    }

    private static func find(
        of user: UserID, _ session: isolated PostgresConnection
    ) throws -> SafetyConfiguration {
        try session.query(
            "SELECT \(SafetyConfiguration.columns) FROM user_safety_configuration WHERE user_id = $1", [.id(user)],
            name: "find_safety_configuration"
        ).first.map(SafetyConfiguration.init(row:)) ?? SafetyConfiguration()
    }

    /// Changes what holds for the houses of a user and writes `entry` of it to the audit trail, in one transaction. `change` gets
    /// what holds now; it may be called again. Returns what holds before and after. Throws `.invalidValue`.
    package func update(
        of user: UserID,
        audit entry: @Sendable (SafetyConfiguration, SafetyConfiguration) throws -> AutomationAuditEntry,
        _ change: @Sendable (inout SafetyConfiguration) -> Void
    ) async throws -> SafetyConfiguration {
        do {
            return try await pool.withConnection { session in
                try await session.transaction { session in
                    // Two that come at once: the second sees what the first has set.
                    _ = try session.query(
                        "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", [.id(user)], name: "lock_user")
                    let old = try Self.find(of: user, session)
                    var new = old
                    change(&new)
                    guard new != old else { return new }
                    _ = try session.query(
                        """
                        INSERT INTO user_safety_configuration (
                            user_id, automation_creation_approval_required, automation_modification_approval_required,
                            automation_deletion_approval_required, max_automations_per_day, max_automations_per_week,
                            risk_threshold_high, risk_threshold_medium, emergency_stop_enabled, audit_trail_enabled,
                            backup_retention_days)
                        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                        ON CONFLICT (user_id) DO UPDATE SET
                            automation_creation_approval_required = excluded.automation_creation_approval_required,
                            automation_modification_approval_required = excluded.automation_modification_approval_required,
                            automation_deletion_approval_required = excluded.automation_deletion_approval_required,
                            max_automations_per_day = excluded.max_automations_per_day,
                            max_automations_per_week = excluded.max_automations_per_week,
                            risk_threshold_high = excluded.risk_threshold_high,
                            risk_threshold_medium = excluded.risk_threshold_medium,
                            emergency_stop_enabled = excluded.emergency_stop_enabled,
                            audit_trail_enabled = excluded.audit_trail_enabled,
                            backup_retention_days = excluded.backup_retention_days
                        """, [.id(user)] + new.parameters, name: "set_safety_configuration")
                    try audit.append([try entry(old, new)], in: session)
                    return new
                }
            }
        } catch let error as PostgresError where error.sqlState == "23514" {
            throw StoreError(
                .invalidValue,
                """
                Thresholds lie between 0 and 1, that of medium risk not above that of high risk; limits are not below 0, and \
                backups are kept for a day at least.
                """)
        }
    }
}
