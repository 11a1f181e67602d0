import BridgeCore
import PostgresClient

/// The table `home_assistant_logins`: which logins of the database read the rows of which user. Methods throw `StoreError` for what
/// a person can mend and `PostgresError` for the rest.
package struct LoginRepository: Sendable {
    /// How far a login has come.
    package enum Standing: Sendable, Equatable {
        /// It reads the user's rows.
        case reads
        /// It is no member of the reader's role yet, and reads nothing.
        case needsMembership
    }

    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Ties a login to a user, whatever it was tied to before. Throws `.notFound` for a role that does not exist, and
    /// `.invalidValue` for one that row security does not hold for, or that acts for every user.
    package func grant(_ login: String, to user: UserID) async throws -> Standing {
        let login = StorableText.fitting(login)
        return try await pool.withConnection { session in
            let found = try await session.query(
                """
                SELECT rolsuper OR rolbypassrls AS passes_by,
                    pg_has_role(oid, $2, 'MEMBER') OR pg_has_role(oid, $3, 'MEMBER') AS sees_all,
                    pg_has_role(oid, $4, 'MEMBER') AS is_reader
                FROM pg_roles WHERE rolname = $1
                """,
                [
                    .text(login), .text(DatabaseRole.owner.rawValue), .text(DatabaseRole.writer.rawValue),
                    .text(DatabaseRole.reader.rawValue),
                ], name: "find_login")
            guard let role = found.first else {
                throw StoreError(
                    .notFound,
                    "The database has no login “\(login)”. Let its administrator make one: CREATE ROLE … LOGIN PASSWORD …;"
                )
            }
            let passesBy = try role.bool("passes_by")
            let seesAll = try role.bool("sees_all")
            guard !passesBy, !seesAll else {
                throw StoreError(
                    .invalidValue,
                    "The login “\(login)” sees the rows of every user, because it \(passesBy ? "passes by row security" : "may act as the bridge")."
                        + " Take a login that is a member of \(DatabaseRole.reader.rawValue) alone.")
            }
            _ = try await session.query(
                """
                INSERT INTO home_assistant_logins (role_name, user_id) VALUES ($1, $2)
                ON CONFLICT (role_name) DO UPDATE SET user_id = EXCLUDED.user_id, created_at = now()
                """, [.text(login), .id(user)], name: "grant_login")
            return try role.bool("is_reader") ? .reads : .needsMembership
        }
    }

    /// Takes its user from a login: it reads nothing from now on, also where it stays a member of the reader's role. Returns whose
    /// rows it read, `nil` where that user is gone. Throws `.notFound` for a login that is tied to nobody.
    package func revoke(_ login: String) async throws -> UserID? {
        try await pool.withConnection { session in
            // The row stays: without one, the setting of the session would count.
            let result = try await session.query(
                """
                UPDATE home_assistant_logins AS login SET user_id = NULL
                FROM (SELECT role_name, user_id FROM home_assistant_logins WHERE role_name = $1 FOR UPDATE) AS before
                WHERE login.role_name = before.role_name RETURNING before.user_id
                """, [.text(StorableText.fitting(login))], name: "revoke_login")
            guard let row = result.first else {
                throw StoreError(.notFound, "The login “\(login)” belongs to no user.")
            }
            return try row.optionalID("user_id")
        }
    }
}
