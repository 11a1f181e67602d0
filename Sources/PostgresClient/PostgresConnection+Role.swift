extension PostgresConnection {
    /// Takes the role of the configuration, if it names one, and its settings.
    func takeConfiguredRole(deadline: Deadline) throws(PostgresError) {
        for (name, value) in configuration.variables.sorted(by: { $0.key < $1.key }) {
            let (name, value) = (try PostgresLiteral.text(name), try PostgresLiteral.text(value))
            try run(
                "SELECT pg_catalog.set_config(\(name), \(value), false)", name: "session settings", deadline: deadline)
        }
        guard let role = configuration.role else { return }
        try run(try Self.taking(role, serverVersion: serverVersion), name: "take_role", deadline: deadline)
        guard configuration.insistsOnRole else { return }
        do throws(PostgresError) {
            // The division is how a simple statement fails without a block of another language.
            try run(
                "SELECT 1 / (current_user = \(try PostgresLiteral.text(role)))::integer", name: "take_role",
                deadline: deadline)
        } catch  where error.sqlState == "22012" {
            throw PostgresError(
                .configuration, "The login of the database may not act as \(role)",
                hint: "An administrator of the server must run once: GRANT \(role) TO the login of DATABASE_URL.")
        }
    }

    /// Lets the session act as `role` from now on, where its login may, and says whether it does. Not inside a transaction that
    /// may be rolled back.
    package func takeRole(_ role: String, deadline: Duration = .seconds(5)) throws(PostgresError) -> Bool {
        try execute(try Self.taking(role, serverVersion: serverVersion), name: "take_role", deadline: deadline)
        let row = try query("SELECT current_user::text = $1 AS is_taken", [.text(role)], name: "take_role").first
        return try row?.bool("is_taken") ?? false
    }

    /// Gives the session back the role that it took when it was opened, or that of its login.
    package func takeOwnRole(deadline: Duration = .seconds(5)) throws(PostgresError) {
        let bound = bounded(deadline)
        try run("SET ROLE NONE", name: "take_role", deadline: bound)
        try takeConfiguredRole(deadline: bound)
    }

    /// A role that nothing in the database names is passed over: the schema is older than the role, which another database of
    /// the server may have.
    private static func taking(_ role: String, serverVersion: Int?) throws(PostgresError) -> String {
        // From version 16 on, being a member does not mean that one may act as the role.
        let privilege = (serverVersion ?? 0) >= 160_000 ? "SET" : "MEMBER"
        return """
            SELECT pg_catalog.set_config('role', wanted.rolname, false) FROM pg_catalog.pg_roles AS wanted
            WHERE wanted.rolname = \(try PostgresLiteral.text(role)) AND wanted.rolname <> current_user
              AND pg_catalog.pg_has_role(session_user, wanted.oid, '\(privilege)')
              AND EXISTS (
                  SELECT FROM pg_catalog.pg_shdepend
                  WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND refobjid = wanted.oid
                    AND dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
            """
    }
}
