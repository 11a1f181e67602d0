import BridgeCore
import PostgresClient

/// A row of `users`: an owner of connections.
package struct StoredUser: Sendable, Codable, Equatable {
    package let id: UserID
    package let username: String
    package let email: String
    package let role: UserRole
    package let status: UserStatus
    /// `status` is `.active`.
    package let isActive: Bool
    package let createdAt: Timestamp

    private enum CodingKeys: String, CodingKey {
        case id
        case username
        case email
        case role
        case status
        case isActive = "is_active"
        case createdAt = "created_at"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(UserID.self, forKey: .id)
        username = try container.decode(String.self, forKey: .username)
        email = try container.decode(String.self, forKey: .email)
        role = try container.decode(UserRole.self, forKey: .role)
        status = try container.decode(UserStatus.self, forKey: .status)
        isActive = try container.decode(Bool.self, forKey: .isActive)
        createdAt = try container.decodeTimestamp(forKey: .createdAt)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(username, forKey: .username)
        try container.encode(email, forKey: .email)
        try container.encode(role, forKey: .role)
        try container.encode(status, forKey: .status)
        try container.encode(isActive, forKey: .isActive)
        try container.encode(createdAt.iso8601, forKey: .createdAt)
    }
}

extension StoredUser {
    static let columns = "id, username, email, role, status, is_active, created_at"

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        username = try row.string("username")
        email = try row.string("email")
        role = try row.enumeration("role")
        status = try row.enumeration("status")
        isActive = try row.bool("is_active")
        createdAt = try row.timestamp("created_at")
    }
}
