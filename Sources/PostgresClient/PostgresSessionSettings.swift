/// What the server itself ends, for the case that the client cannot: it was stopped, or its cancel request never arrived.
///
/// Sent as statements after connecting, not as startup options, which pgbouncer drops. A stricter value that the owner gave the
/// role or the database stays; a server that does not know a setting does without.
package struct PostgresSessionSettings: Sendable, Equatable {
    /// No statement runs longer (57014, retriable). `nil` leaves the server's own value, as for each of these.
    package var statementTimeout: Duration?
    /// No statement waits longer for a lock (55P03, retriable).
    package var lockTimeout: Duration?
    /// A transaction in which the client says nothing for so long is ended, and its locks with it (25P03, the session is lost).
    package var idleInTransactionTimeout: Duration?
    /// How often the server looks, during a statement, whether the client is still there.
    package var clientCheckInterval: Duration?

    /// Settings; without arguments everything stays as the server has it.
    package init(
        statementTimeout: Duration? = nil, lockTimeout: Duration? = nil, idleInTransactionTimeout: Duration? = nil,
        clientCheckInterval: Duration? = nil
    ) {
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.clientCheckInterval = clientCheckInterval
    }

    /// Everything stays as the server has it: for migrations, which may take their time.
    package static let none = PostgresSessionSettings()

    /// For sessions that run on their own: 30 s for a statement, 5 s for a lock, 60 s idle in a transaction, and a look every
    /// 5 s whether the client is there.
    package static let bounded = PostgresSessionSettings(
        statementTimeout: .seconds(30), lockTimeout: .seconds(5), idleInTransactionTimeout: .seconds(60),
        clientCheckInterval: .seconds(5))

    /// One statement for all of them, `nil` when there is nothing to set. 0 means "no limit" to the server.
    func statement(withClientCheck: Bool) -> String? {
        var wishes = [
            ("statement_timeout", statementTimeout), ("lock_timeout", lockTimeout),
            ("idle_in_transaction_session_timeout", idleInTransactionTimeout),
        ]
        if withClientCheck { wishes.append(("client_connection_check_interval", clientCheckInterval)) }
        let values = wishes.compactMap { name, span in span.map { "('\(name)', \(max(1, $0.wholeMilliseconds)))" } }
        guard !values.isEmpty else { return nil }
        return """
            SELECT pg_catalog.set_config(wish.name, wish.value::text, false)
            FROM (VALUES \(values.joined(separator: ", "))) AS wish (name, value)
            JOIN pg_catalog.pg_settings AS current USING (name)
            WHERE current.setting::bigint = 0 OR current.setting::bigint > wish.value
            """
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
