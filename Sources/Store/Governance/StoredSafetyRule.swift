import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `safety_rule`.
package struct SafetyRuleID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// What a rule is for (`safety_rule.rule_type`).
package enum SafetyRuleType: String, CaseIterable, Sendable, Codable {
    case limit = "AUTOMATION_LIMIT"
    case risk = "RISK_THRESHOLD"
    case approval = "APPROVAL_REQUIRED"

    /// What a rule with this condition is for: limits speak of numbers, thresholds of risk, and the rest of what asks first.
    package init(condition: String) {
        if condition.contains("executions_per_day_over") {
            self = .limit
        } else {
            self = condition.contains("\"risk") ? .risk : .approval
        }
    }
}

/// What a rule does with a change of which its condition holds (`safety_rule.rule_action`).
package enum SafetyRuleAction: String, CaseIterable, Sendable, Codable {
    /// It cannot be proposed, approved or applied.
    case block = "BLOCK"
    case warn = "WARN"
    /// It is not applied without the approval of a person.
    case requireApproval = "REQUIRE_APPROVAL"
}

/// A row of `safety_rule`.
package struct StoredSafetyRule: Sendable, Equatable {
    package let id: SafetyRuleID
    /// The house it holds for; `nil` for every house.
    package let connection: ConnectionID?
    package let connectionName: String?
    package let name: String
    package let type: SafetyRuleType
    package let description: String?
    /// A JSON object of the language of rules.
    package let condition: String
    package let action: SafetyRuleAction
    /// Rules are tried in this order, 1 first.
    package let priority: Int
    package let isActive: Bool
    /// `nil` for a rule that came with the program.
    package let createdBy: String?
    package let createdAt: Timestamp

    static let selection = """
        SELECT rule.id, rule.connection_id, connection.name AS connection_name, rule.rule_name, rule.rule_type,
            rule.description, rule.rule_condition::text AS rule_condition, rule.rule_action, rule.priority, rule.is_active,
            author.username AS created_by, rule.created_at
        FROM safety_rule AS rule
        LEFT JOIN home_assistant_connections AS connection ON connection.id = rule.connection_id
        LEFT JOIN users AS author ON author.id = rule.created_by
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        connection = try row.optionalID("connection_id")
        connectionName = try row.optionalString("connection_name")
        name = try row.string("rule_name")
        type = try row.enumeration("rule_type")
        description = try row.optionalString("description")
        condition = try row.string("rule_condition")
        action = try row.enumeration("rule_action")
        priority = try row.int("priority")
        isActive = try row.bool("is_active")
        createdBy = try row.optionalString("created_by")
        createdAt = try row.timestamp("created_at")
    }
}

/// What of a rule a person sets.
package struct SafetyRuleDraft: Sendable, Equatable {
    package var connection: ConnectionID?
    package var name: String
    package var type: SafetyRuleType
    package var description: String?
    /// A JSON object of the language of rules.
    package var condition: String
    package var action: SafetyRuleAction
    package var priority: Int
    package var isActive: Bool

    package init(
        connection: ConnectionID? = nil, name: String, type: SafetyRuleType, description: String? = nil,
        condition: String, action: SafetyRuleAction, priority: Int = 100, isActive: Bool = true
    ) {
        self.connection = connection
        self.name = name
        self.type = type
        self.description = description
        self.condition = condition
        self.action = action
        self.priority = priority
        self.isActive = isActive
    }

    /// What a stored rule says.
    package init(_ rule: StoredSafetyRule) {
        self.init(
            connection: rule.connection, name: rule.name, type: rule.type, description: rule.description,
            condition: rule.condition, action: rule.action, priority: rule.priority, isActive: rule.isActive)
    }
}
