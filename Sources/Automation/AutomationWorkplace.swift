import BridgeConcurrency
import BridgeCore
import Logging
import PostgresClient
import Store

/// What everything of this module works with.
package struct AutomationWorkplace: Sendable {
    package var pool: PostgresPool
    package var timer: DeadlineTimer
    /// The claims under which rows of a connection are written, `nil` where another bridge holds its lease; itself `nil` where
    /// leases are not in use.
    package var claims: (@Sendable (ConnectionID) -> LeaseClaims?)?
    package var logger: Logger
    /// What signs the rows of the audit tables; `nil` where they stay unsigned.
    package var auditKeys: AuditKeys?

    package init(
        pool: PostgresPool, timer: DeadlineTimer, claims: (@Sendable (ConnectionID) -> LeaseClaims?)? = nil,
        auditKeys: AuditKeys? = nil, logger: Logger
    ) {
        self.auditKeys = auditKeys
        self.pool = pool
        self.timer = timer
        self.claims = claims
        self.logger = logger
    }
}
