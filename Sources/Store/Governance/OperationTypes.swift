/// How far a change to an automation has come (`step` of `automation_apply_operation` and `rollback_operation`): the step that was
/// begun last.
package enum OperationStep: String, CaseIterable, Sendable, Codable {
    /// Looks whether what is to be replaced is what was approved.
    case lock = "LOCK"
    /// Stores what is to be replaced.
    case backup = "BACKUP"
    /// Writes to Home Assistant.
    case write = "WRITE"
    /// Waits until Home Assistant has loaded what was written.
    case reload = "RELOAD"
    /// Reads what was written, and compares.
    case readBack = "READ_BACK"
    /// Watches the first runs.
    case watch = "WATCH"
}

/// Whether a change to an automation has ended, and how.
package enum OperationStatus: String, CaseIterable, Sendable, Codable {
    case inProgress = "IN_PROGRESS"
    case completed = "COMPLETED"
    case failed = "FAILED"
}

/// Why an automation returns to an earlier version (`rollback_operation.rollback_type`).
package enum RollbackType: String, CaseIterable, Sendable, Codable {
    /// A person asked.
    case manual = "MANUAL"
    /// A change failed its check, or its first runs did.
    case automatic = "AUTOMATIC"
    /// A person asked without waiting for whatever is under way.
    case emergency = "EMERGENCY"
}

/// In which table an operation is.
package enum OperationKind: String, CaseIterable, Sendable, Codable {
    /// An approved workflow that is brought into Home Assistant.
    case apply = "automation_apply_operation"
    /// A return to an earlier version.
    case rollback = "rollback_operation"

    /// The name of the table.
    var table: String { rawValue }
}
