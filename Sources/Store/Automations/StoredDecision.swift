import BridgeCore
import PostgresClient

/// A row of the view `ai_decisions`: a conclusion of the bridge with the newest word of a person on it.
package struct StoredDecision: Sendable, Equatable {
    package let id: DecisionID
    package let connectionID: ConnectionID?
    /// The connection's name, `nil` where it is gone.
    package let connectionName: String?
    package let automationID: AutomationID?
    /// The automation's name, `nil` where it is gone or none is meant.
    package let automationName: String?
    package let type: DecisionType
    package let description: String
    package let subjectKey: String?
    package let modelVersion: String?
    /// Percent.
    package let confidence: Double?
    /// JSON text.
    package let input: String?
    /// JSON text.
    package let output: String?
    package let reason: String?
    package let feedback: DecisionFeedback
    package let feedbackComment: String?
    /// Who gave the feedback, `nil` where nobody did or they are gone.
    package let feedbackBy: String?
    package let feedbackAt: Timestamp?
    package let createdAt: Timestamp
}

extension StoredDecision {
    static let selection = """
        SELECT decision.*, connection.name AS connection_name, automation.name AS automation_name,
            person.username AS feedback_username
        FROM ai_decisions AS decision
        LEFT JOIN home_assistant_connections AS connection ON connection.id = decision.connection_id
        LEFT JOIN automation_management AS automation ON automation.id = decision.automation_id
        LEFT JOIN users AS person ON person.id = decision.feedback_by
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        connectionID = try row.optionalID("connection_id")
        connectionName = try row.optionalString("connection_name")
        automationID = try row.optionalID("automation_id")
        automationName = try row.optionalString("automation_name")
        type = try row.enumeration("decision_type")
        description = try row.string("decision_description")
        subjectKey = try row.optionalString("subject_key")
        modelVersion = try row.optionalString("ai_model_version")
        confidence = try row.optionalDouble("confidence_score")
        input = try row.optionalString("input_data")
        output = try row.optionalString("output_data")
        reason = try row.optionalString("reasoning_explanation")
        feedback = try row.enumeration("user_feedback")
        feedbackComment = try row.optionalString("feedback_comment")
        feedbackBy = try row.optionalString("feedback_username")
        feedbackAt = try row.optionalTimestamp("feedback_at")
        createdAt = try row.timestamp("created_at")
    }
}
