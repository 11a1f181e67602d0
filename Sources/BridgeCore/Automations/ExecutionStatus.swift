/// How a run of an automation ended (`automation_executions.status`).
package enum ExecutionStatus: String, CaseIterable, Sendable, Codable {
    case running
    case success
    /// An error ended it.
    case failure
    /// One of its own conditions between its actions, or a `stop` that says error, ended it.
    case aborted
    /// Ended from outside: switched off, edited, restarted.
    case cancelled
    /// Its conditions did not hold, or it was busy: no execution.
    case blocked
    /// It ran, and its trace was lost before it could be read.
    case unknown
}
