import BridgeCore

extension StoredSafetyRule {
    /// All that is stored of the rule.
    package var jsonValue: JSONValue {
        .object([
            "id": .string(id.description), "name": .string(name), "connection": .optional(connectionName),
            "type": .string(type.rawValue), "action": .string(action.rawValue), "priority": .integer(Int64(priority)),
            "active": .bool(isActive), "condition": .parsed(condition), "description": .optional(description),
            "created_by": .optional(createdBy), "created_at": .time(createdAt),
        ])
    }

    /// What the audit trail keeps of it.
    package var auditText: String { (try? jsonValue.text(indented: false)) ?? "{}" }
}
