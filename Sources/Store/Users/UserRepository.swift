import BridgeCore
import PostgresClient

/// The table `users`. Methods throw `StoreError` for what a person can mend and `PostgresError` for the rest.
package struct UserRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Adds a user. Throws `.duplicateUsername`, `.duplicateEmail` or `.invalidValue`.
    package func add(username: String, email: String, role: UserRole = .user) async throws -> StoredUser {
        try Self.check(username: username, email: email)
        do {
            return try await pool.withConnection { connection in
                let result = try await connection.query(
                    "INSERT INTO users (username, email, role) VALUES ($1, $2, $3) RETURNING \(StoredUser.columns)",
                    [.text(username), .text(email), .text(role.rawValue)], name: "add_user")
                return try result.one(StoredUser.init(row:))
            }
        } catch let error as PostgresError {
            throw Self.explained(error, username: username, email: email)
        }
    }

    /// All users, by name.
    package func list() async throws -> [StoredUser] {
        try await pool.withConnection { connection in
            let result = try await connection.query(
                "SELECT \(StoredUser.columns) FROM users ORDER BY lower(username), id", name: "list_users")
            return try result.map(StoredUser.init(row:))
        }
    }

    /// The user of this name in any mixture of cases, or `nil`.
    package func find(_ username: String) async throws -> StoredUser? {
        try await pool.withConnection { connection in
            let result = try await connection.query(
                "SELECT \(StoredUser.columns) FROM users WHERE lower(username) = lower($1)",
                [.text(StorableText.fitting(username))], name: "find_user")
            return try result.first.map(StoredUser.init(row:))
        }
    }

    /// The user of this name, whatever its case. Throws `.notFound`.
    package func named(_ username: String) async throws -> StoredUser {
        guard let user = try await find(username) else { throw Self.notFound(username) }
        return user
    }

    private static func notFound(_ username: String) -> StoreError {
        StoreError(.notFound, "There is no user named “\(username)”. `ha-bridge user list` shows those there are.")
    }

    /// Makes a user inactive; the user's connections stay as they are. Throws `.notFound`.
    package func deactivate(_ username: String) async throws {
        let count = try await pool.withConnection { connection in
            try await connection.query(
                "UPDATE users SET status = 'inactive' WHERE lower(username) = lower($1)",
                [.text(StorableText.fitting(username))], name: "deactivate_user"
            ).affectedRows
        }
        guard count > 0 else { throw Self.notFound(username) }
    }

    /// How many users there are, inactive ones included.
    package func count() async throws -> Int {
        try await pool.withConnection { connection in
            let result = try await connection.query("SELECT count(*) AS count FROM users", name: "count_users")
            return try result.one { row throws(PostgresError) in try row.int("count") }
        }
    }

    /// Refuses what the table would refuse, with a sentence instead of a constraint's name.
    static func check(username: String, email: String) throws(StoreError) {
        let isBlank = username.allSatisfy(\.isWhitespace)
        let isPadded = username.first?.isWhitespace == true || username.last?.isWhitespace == true
        guard !isBlank, !isPadded, !username.unicodeScalars.contains("\0"), username.unicodeScalars.count <= 100 else {
            throw StoreError(
                .invalidValue,
                "“\(username)” cannot be a user's name. Take one of 1 to 100 characters without blanks at its ends.")
        }
        guard email.utf8.count <= 255, email.utf8.allSatisfy({ $0 > 0x20 }) else { throw invalidEmail(email) }
    }

    private static func invalidEmail(_ email: String) -> StoreError {
        StoreError(.invalidValue, "“\(email)” is no e-mail address. Write it as name@example.org.")
    }

    static func explained(_ error: PostgresError, username: String, email: String) -> any Error {
        switch error.constraint {
        case "users_username_key", "idx_users_username":
            return StoreError(
                .duplicateUsername,
                "There is already a user named “\(username)”. Take another name; `ha-bridge user list` shows those taken."
            )
        case "users_email_key", "idx_users_email":
            return StoreError(
                .duplicateEmail,
                "Another user already has the address “\(email)”. `ha-bridge user list` shows who.")
        case "users_email_format": return invalidEmail(email)
        default: return error
        }
    }
}
