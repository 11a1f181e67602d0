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

    package init(
        pool: PostgresPool, timer: DeadlineTimer, claims: (@Sendable (ConnectionID) -> LeaseClaims?)? = nil,
        logger: Logger
    ) {
        self.pool = pool
        self.timer = timer
        self.claims = claims
        self.logger = logger
    }
}
