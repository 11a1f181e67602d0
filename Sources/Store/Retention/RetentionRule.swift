import BridgeCore
import PostgresClient

/// What retention is about.
package enum RetentionData: String, Sendable, CaseIterable {
    case events
    case states5Minutes = "states_5_minutes"
    case statesHourly = "states_hourly"
    case statesDaily = "states_daily"

    /// The table of the roll-up; `nil` for the events, which have their own ways.
    package var rollupTable: String? { self == .events ? nil : "home_assistant_\(rawValue)" }
}

/// What a person says when adding a rule.
package struct RetentionRuleDraft: Sendable, Equatable {
    /// `nil` for every house.
    package var connection: ConnectionID?
    package var data: RetentionData
    /// With `*` and `?`; `nil` for all.
    package var eventType: String?
    package var domain: String?
    /// With `*` and `?`; `nil` for all.
    package var entityGlob: String?
    /// `nil` for ever.
    package var keepDays: Int?
    package var priority: Int

    package init(
        connection: ConnectionID? = nil, data: RetentionData = .events, eventType: String? = nil,
        domain: String? = nil, entityGlob: String? = nil, keepDays: Int?, priority: Int = 0
    ) {
        self.connection = connection
        self.data = data
        self.eventType = eventType
        self.domain = domain
        self.entityGlob = entityGlob
        self.keepDays = keepDays
        self.priority = priority
    }
}

/// A row of `home_assistant_retention_rule`.
package struct StoredRetentionRule: Sendable, Equatable {
    package let id: RetentionRuleID
    package let draft: RetentionRuleDraft
    /// The name of the house; `nil` for every house.
    package let connectionName: String?
    package let isActive: Bool
    /// The name of who made it; `nil` where that is not known any more.
    package let createdBy: String?
    package let createdAt: Timestamp

    static let selection = """
        SELECT rule.*, connection.name AS connection_name, maker.username AS maker
        FROM home_assistant_retention_rule AS rule
        LEFT JOIN home_assistant_connections AS connection ON connection.id = rule.connection_id
        LEFT JOIN users AS maker ON maker.id = rule.created_by
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        let data = try row.string("data")
        draft = RetentionRuleDraft(
            connection: try row.optionalID("connection_id"), data: RetentionData(rawValue: data) ?? .events,
            eventType: try row.optionalString("event_type"), domain: try row.optionalString("domain"),
            entityGlob: try row.optionalString("entity_glob"), keepDays: try row.optionalInt("keep_days"),
            priority: try row.int("priority"))
        connectionName = try row.optionalString("connection_name")
        isActive = try row.bool("is_active")
        createdBy = try row.optionalString("maker")
        createdAt = try row.timestamp("created_at")
    }
}
