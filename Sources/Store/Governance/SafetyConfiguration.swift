import PostgresClient

/// What the owner of a house allows the bridge to do: a row of `user_safety_configuration`, or the defaults of its columns.
package struct SafetyConfiguration: Sendable, Equatable {
    package var creationNeedsApproval = true
    package var modificationNeedsApproval = true
    package var deletionNeedsApproval = true
    /// Changes of a house within 24 hours; 0 allows none.
    package var changesPerDay = 10
    /// Changes of a house within seven days.
    package var changesPerWeek = 50
    /// From this risk score on, 0 to 1, a proposal is of HIGH risk.
    package var highThreshold = 0.8
    /// From this risk score on a proposal is of MEDIUM risk; not above `highThreshold`.
    package var mediumThreshold = 0.6
    /// Whether the bridge may engage an emergency stop by itself; a person always may.
    package var allowsEmergencyStop = true
    package var keepsAuditTrail = true
    /// How long new backups are kept, in days.
    package var backupRetentionDays = 30

    /// The defaults.
    package init() {}

    /// Whether a workflow of this type asks somebody, as far as the owner decides; a rule may ask besides.
    package func needsApproval(_ type: WorkflowType) -> Bool {
        switch type {
        case .creation: creationNeedsApproval
        case .modification: modificationNeedsApproval
        case .retirement: deletionNeedsApproval
        }
    }

    static let columns = """
        automation_creation_approval_required, automation_modification_approval_required,
        automation_deletion_approval_required, max_automations_per_day, max_automations_per_week,
        risk_threshold_high::float8 AS risk_threshold_high, risk_threshold_medium::float8 AS risk_threshold_medium,
        emergency_stop_enabled, audit_trail_enabled, backup_retention_days
        """

    init(row: PostgresRow) throws(PostgresError) {
        creationNeedsApproval = try row.bool("automation_creation_approval_required")
        modificationNeedsApproval = try row.bool("automation_modification_approval_required")
        deletionNeedsApproval = try row.bool("automation_deletion_approval_required")
        changesPerDay = try row.int("max_automations_per_day")
        changesPerWeek = try row.int("max_automations_per_week")
        highThreshold = try row.double("risk_threshold_high")
        mediumThreshold = try row.double("risk_threshold_medium")
        allowsEmergencyStop = try row.bool("emergency_stop_enabled")
        keepsAuditTrail = try row.bool("audit_trail_enabled")
        backupRetentionDays = try row.int("backup_retention_days")
    }

    var parameters: [PostgresValue] {
        [
            .bool(creationNeedsApproval), .bool(modificationNeedsApproval), .bool(deletionNeedsApproval),
            .int(Int64(changesPerDay)), .int(Int64(changesPerWeek)), .double(highThreshold), .double(mediumThreshold),
            .bool(allowsEmergencyStop), .bool(keepsAuditTrail), .int(Int64(backupRetentionDays)),
        ]
    }
}
