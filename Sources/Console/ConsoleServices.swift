import BridgeConcurrency
import BridgeCore
import HummingbirdCore
import Logging
import PostgresClient
import Search
import Store

/// Finds out whose a request is.
package protocol Authenticator: Sendable {
    /// The principal, or `nil` where the request shows none. Throws a `Problem` where it shows one that does not hold, or where
    /// another site may have sent it.
    func principal(of request: Request, from address: String) async throws -> Principal?
}

/// What the endpoints share.
package struct ConsoleServices: Sendable {
    /// Sessions that act for every user: for what row security cannot decide, such as signing in, and for decisions once the
    /// right to them was checked.
    package let system: PostgresPool
    /// Sessions that see what one user sees.
    package let readers: ReaderPools
    package let authenticator: any Authenticator
    /// The keys that sign what is decided here; `nil` where there is no keyring.
    package let auditKeys: AuditKeys?
    /// Where the running bridge keeps its checkpoints of the audit trail; `nil` where it keeps none.
    package let checkpoints: AuditCheckpointFile?
    package let health: HealthRegistry
    package let metrics: MetricsRegistry
    /// Makes the vector of a question; `nil` where words alone are compared.
    package let search: @Sendable (PostgresPool) -> SearchService?
    package let logger: Logger
    /// Whether clients speak TLS with this process, so that cookies are for such connections alone.
    package let usesTLS: Bool
    /// Makes and checks passwords.
    let passwords = PasswordDesk()

    /// Names the parts.
    package init(
        system: PostgresPool, readers: ReaderPools, authenticator: any Authenticator, auditKeys: AuditKeys?,
        checkpoints: AuditCheckpointFile? = nil, health: HealthRegistry, metrics: MetricsRegistry,
        search: @escaping @Sendable (PostgresPool) -> SearchService?, logger: Logger, usesTLS: Bool = false
    ) {
        self.system = system
        self.readers = readers
        self.authenticator = authenticator
        self.auditKeys = auditKeys
        self.checkpoints = checkpoints
        self.health = health
        self.metrics = metrics
        self.search = search
        self.logger = logger
        self.usesTLS = usesTLS
    }
}
