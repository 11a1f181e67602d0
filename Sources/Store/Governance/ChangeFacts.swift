import BridgeCore
import FoundationEssentials
import PostgresClient

/// What a proposed change would do, as the database finds it: names in small letters, in their order.
package struct ChangeFacts: Sendable, Equatable, Codable {
    /// `light.turn_on`.
    package var services: [String] = []
    /// What is acted on, as far as it is known: also by area, device or label, as the registries have them now.
    package var entities: [String] = []
    /// Of services and entities.
    package var domains: [String] = []
    /// A template, a blueprint or a script of which nobody knows what it does decides what is called.
    package var hasUnknownServices = false
    /// A template decides what is acted on.
    package var hasUnknownEntities = false
    /// The least that the risk can be.
    package var riskFloor = RiskLevel.low

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case services
        case entities
        case domains
        case hasUnknownServices = "unknown_services"
        case hasUnknownEntities = "unknown_entities"
        case riskFloor = "risk_floor"
    }

    init(json: String) throws(PostgresError) {
        do {
            self = try JSONDecoder().decode(ChangeFacts.self, from: Data(json.utf8))
        } catch {
            throw PostgresError(.decoding, "The facts of a change are not as this program knows them.")
        }
    }
}

/// A rule that speaks of a proposed change.
package struct SpokenRule: Sendable, Equatable {
    package let id: SafetyRuleID
    package let name: String
    package let action: SafetyRuleAction
    package let description: String?
    /// False where the change may or may not do what the rule asks for: that is not known beforehand.
    package let isCertain: Bool

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("rule_id")
        name = try row.string("rule_name")
        action = try row.enumeration("rule_action")
        description = try row.optionalString("description")
        isCertain = try row.bool("is_certain")
    }
}
