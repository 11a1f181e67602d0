extension PostgresConnection {
    /// Ends sessions of the same program, login and database whose client has said nothing for `span` in the middle of a
    /// transaction, and returns how many there were.
    ///
    /// The client of such a session is frozen: one that runs gives up at its deadline. Nothing else ends it. Its kernel still
    /// acknowledges packets, and no timeout of the server counts while COPY waits for data, so the rows that it has sent would
    /// block whoever writes the same keys for ever (55P03). `span` must be longer than any deadline of a writer.
    ///
    /// It asks as the login itself: the role that a session has taken may neither see nor end the sessions of its login.
    package func endFrozenPeers(silentFor span: Duration, deadline: Duration = .seconds(5)) throws(PostgresError) -> Int
    {
        let bound = bounded(deadline)
        try run("BEGIN; SET LOCAL ROLE NONE", name: "end_frozen_peers", deadline: bound)
        defer { leaveTransaction() }
        let rows = try query(
            """
            SELECT pg_catalog.pg_terminate_backend(pid) AS ended FROM pg_catalog.pg_stat_activity
            WHERE pid <> pg_catalog.pg_backend_pid() AND datname = current_database() AND usename = session_user
              AND application_name = current_setting('application_name')
              AND xact_start IS NOT NULL AND wait_event = 'ClientRead'
              AND state_change < clock_timestamp() - $1::double precision * interval '1 second'
            """, [.double(span / .seconds(1))], name: "end_frozen_peers", deadline: deadline)
        return rows.count
    }
}
