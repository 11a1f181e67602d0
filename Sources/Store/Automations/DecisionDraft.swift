import BridgeCore
import FoundationEssentials

/// What kind of conclusion it is (`ai_decision_audit.decision_type`).
package enum DecisionType: String, CaseIterable, Sendable, Codable {
    /// Something that may be worth automating; a person should look twice.
    case suggestion = "SUGGESTION"
    /// An automation should be changed.
    case optimization = "OPTIMIZATION"
    /// An automation does nothing any more.
    case retirement = "RETIREMENT"
    /// A new automation, ready to be created.
    case creation = "CREATION"
}

/// What people said to a decision (`ai_decision_audit.user_feedback`).
package enum DecisionFeedback: String, CaseIterable, Sendable, Codable {
    case approved = "APPROVED"
    case rejected = "REJECTED"
    case modified = "MODIFIED"
    /// Nobody has said anything.
    case pending = "PENDING"
}

/// A conclusion that is not stored yet.
package struct DecisionDraft: Sendable, Equatable {
    package var type: DecisionType
    /// One sentence.
    package var description: String
    /// Names what is suggested, the same for the same thing.
    package var subjectKey: String
    /// Further keys of what is the same thing to a person; an earlier decision on any of them keeps this one back.
    package var covers: [String]
    package var automation: AutomationID?
    /// Percent.
    package var confidence: Double
    /// JSON text: what it was concluded from.
    package var input: String
    /// JSON text of an object: the figures and, where there is one, a ready configuration.
    package var output: String
    /// Why, in plain words.
    package var reason: String

    package init(
        _ type: DecisionType, _ description: String, subjectKey: String, covers: [String] = [],
        automation: AutomationID? = nil, confidence: Double, input: String, output: String, reason: String
    ) {
        self.type = type
        self.description = description
        self.subjectKey = subjectKey
        self.covers = covers
        self.automation = automation
        self.confidence = confidence
        self.input = input
        self.output = output
        self.reason = reason
    }
}

/// A row of `ai_decision_audit`.
package struct DecisionID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}
