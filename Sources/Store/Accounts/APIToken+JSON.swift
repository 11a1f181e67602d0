import BridgeCore

extension APIToken {
    /// As the API and the commands show it.
    package var jsonValue: JSONValue { .object(jsonMembers) }

    /// The same as members, for a document that says more.
    package var jsonMembers: [String: JSONValue] {
        [
            "id": .string(id.uuidString.lowercased()), "name": .string(name),
            "scopes": .array(scopes.sorted().map { .string($0) }), "created_at": .time(createdAt),
            "expires_at": .time(expiresAt), "last_used_at": .optional(lastUsedAt?.iso8601),
        ]
    }

    /// What the trail says about it.
    package var auditDetails: [String: JSONValue] {
        [
            "token": .string(id.uuidString.lowercased()), "name": .string(name),
            "scopes": .string(scopes.joined(separator: ",")),
        ]
    }
}
