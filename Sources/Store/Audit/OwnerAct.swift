import PostgresClient

/// What only the owner of the audit tables may do, and only without the row security that holds for it, too.
enum OwnerAct {
    /// The tables of the trail, in the order in which they are locked.
    enum Target {
        case heads, anchors
        case table(AuditTable)

        fileprivate var name: String {
            switch self {
            case .heads: "audit_chain_heads"
            case .anchors: "audit_chain_anchors"
            case .table(let table): table.rawValue
            }
        }
    }

    /// Runs `body` as the owner of `targets`, which are locked meanwhile. Inside a transaction; when that is rolled back, so is
    /// everything here. Throws `PostgresError` (42501 for a login that may not act as the owner), and what `body` throws.
    static func perform<Result>(
        on targets: [Target], _ session: isolated PostgresConnection,
        _ body: (isolated PostgresConnection) throws -> Result
    ) throws -> Result {
        guard let owned = targets.last?.name else { return try body(session) }
        let role = try session.query(
            """
            SELECT pg_catalog.current_setting('role') AS before, pg_catalog.set_config(
                'role', (SELECT rolname::text FROM pg_catalog.pg_class JOIN pg_catalog.pg_roles ON pg_roles.oid = relowner
                    WHERE pg_class.oid = $1::regclass), true) AS after
            """, [.text(owned)], name: "become_owner"
        ).one { row throws(PostgresError) in try row.string("before") }
        // Writers and readers are shut out meanwhile: better to give up than to keep them waiting behind us.
        try session.execute("SET LOCAL lock_timeout = '5s'", name: "bound_locks")
        var forced: [String] = []
        for target in targets {
            let isForced = try session.query(
                "SELECT relforcerowsecurity AS forced FROM pg_catalog.pg_class WHERE oid = $1::regclass",
                [.text(target.name)], name: "row_security"
            ).one { row throws(PostgresError) in try row.bool("forced") }
            if isForced {
                try session.execute("ALTER TABLE \(target.name) NO FORCE ROW LEVEL SECURITY", name: "lift_row_security")
                forced.append(target.name)
            } else {
                try session.execute("LOCK TABLE \(target.name) IN SHARE ROW EXCLUSIVE MODE", name: "lock_trail")
            }
        }
        let result = try body(session)
        for name in forced {
            try session.execute("ALTER TABLE \(name) FORCE ROW LEVEL SECURITY", name: "force_row_security")
        }
        _ = try session.query("SELECT pg_catalog.set_config('role', $1, true)", [.text(role)], name: "leave_owner")
        return result
    }
}
