import BridgeCore
import PostgresClient

extension UserRepository {
    /// The names of those of `users` who are there.
    package func names(of users: some Collection<UserID>) async throws -> [UserID: String] {
        guard !users.isEmpty else { return [:] }
        let rows = try await pool.withConnection { session in
            try await session.query(
                "SELECT id, username FROM users WHERE id = ANY ($1::uuid[])", [.textArray(users.map(\.description))],
                name: "user_names")
        }
        return Dictionary(
            try rows.map { row throws(PostgresError) in (try row.id("id") as UserID, try row.string("username")) }
        ) { first, _ in first }
    }
}
