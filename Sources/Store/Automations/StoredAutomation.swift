import BridgeCore
import PostgresClient

/// A row of `automation_management` with the name of its connection.
package struct StoredAutomation: Sendable, Equatable {
    package let id: AutomationID
    package let connectionID: ConnectionID
    package let connectionName: String
    /// The id in its configuration; where it has none, its entity id.
    package let homeAssistantID: String
    package let hasOwnID: Bool
    package let entityID: String?
    package let registryID: String?
    package let name: String
    package let description: String?
    /// `single`, `restart`, `queued` or `parallel`.
    package let mode: String?
    /// Whether it is switched on; `nil` while that is not known.
    package let isEnabled: Bool?
    /// Why Home Assistant's configuration API cannot change it.
    package let readOnlyReason: String?
    /// What it lacks, one sentence each.
    package let problems: [String]
    /// SHA-256 of the configuration as last read, 32 bytes.
    package let configurationDigest: [UInt8]?
    package let state: LifecycleState
    package let stateChangedAt: Timestamp
    /// 0 to 100; `nil` after fewer than three executions.
    package let score: Double?
    /// A JSON object.
    package let scoreBreakdown: String?
    package let scoredAt: Timestamp?
    package let lastExecution: Timestamp?
    package let executionCount: Int
    /// Percent.
    package let successRate: Double?
    /// Milliseconds.
    package let averageExecutionTime: Int?
    /// When Home Assistant last listed it, to a few hours.
    package let lastSeenAt: Timestamp?
    package let createdAt: Timestamp
    package let version: Int

    /// What `init(row:)` reads, of `automation_management AS automation` joined with `home_assistant_connections AS connection`.
    static let columns = """
        automation.id, automation.connection_id, connection.name AS connection_name,
        automation.home_assistant_automation_id, automation.has_own_id, automation.entity_id, automation.registry_id,
        automation.name, automation.description, automation.mode, automation.is_enabled, automation.read_only_reason,
        array_to_string(automation.problems, E'\\x1f') AS problems, automation.configuration_digest,
        automation.lifecycle_state, automation.lifecycle_changed_at, automation.performance_score,
        automation.score_breakdown, automation.scored_at, automation.last_execution_time, automation.execution_count,
        automation.success_rate, automation.average_execution_time_ms, automation.last_seen_at, automation.created_at,
        automation.version
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        connectionID = try row.id("connection_id")
        connectionName = try row.string("connection_name")
        homeAssistantID = try row.string("home_assistant_automation_id")
        hasOwnID = try row.bool("has_own_id")
        entityID = try row.optionalString("entity_id")
        registryID = try row.optionalString("registry_id")
        name = try row.string("name")
        description = try row.optionalString("description")
        mode = try row.optionalString("mode")
        isEnabled = try row.optionalBool("is_enabled")
        readOnlyReason = try row.optionalString("read_only_reason")
        problems = try row.string("problems").split(separator: "\u{1F}").map(String.init)
        configurationDigest = try row.optionalBytes("configuration_digest")
        state = try row.enumeration("lifecycle_state")
        stateChangedAt = try row.timestamp("lifecycle_changed_at")
        score = try row.optionalDouble("performance_score")
        scoreBreakdown = try row.optionalString("score_breakdown")
        scoredAt = try row.optionalTimestamp("scored_at")
        lastExecution = try row.optionalTimestamp("last_execution_time")
        executionCount = try row.int("execution_count")
        successRate = try row.optionalDouble("success_rate")
        averageExecutionTime = try row.optionalInt("average_execution_time_ms")
        lastSeenAt = try row.optionalTimestamp("last_seen_at")
        createdAt = try row.timestamp("created_at")
        version = try row.int("version")
    }
}
