import BridgeCore
import Store

/// How much a change could harm, with the reasons in words.
package struct RiskAssessment: Sendable, Equatable {
    /// One thing that counts, and how much: 0 to 1.
    package struct Reason: Sendable, Equatable {
        package var weight: Double
        package var sentence: String
    }

    package var level: RiskLevel
    /// 0 to 1: the weight of the gravest reason, a little more where there are several.
    package var score: Double
    /// The gravest first.
    package var reasons: [Reason]

    /// What is looked at.
    package struct Subject: Sendable {
        package var operation: ProposedChange.Operation
        package var facts: ChangeFacts
        /// What the registry and the states know of the entities that are acted on.
        package var portraits: [String: EntityPortrait] = [:]
        package var backtest: Backtest?
        package var loops: [TriggerLoops.Finding] = []
        /// Whether somebody from outside can set it off, by a webhook.
        package var isOpenToNetwork = false

        package init(_ operation: ProposedChange.Operation, facts: ChangeFacts) {
            self.operation = operation
            self.facts = facts
        }
    }

    /// Judges a change. The thresholds are those of the owner of the house; what the database demands as the least is kept.
    package init(_ subject: Subject, configuration: SafetyConfiguration) {
        var reasons = Self.deeds(subject)
        switch subject.operation {
        case .pause:
            reasons = [Reason(weight: 0.15, sentence: "It is switched off, and can be switched on again.")]
        case .retire:
            reasons = [
                Reason(
                    weight: 0.3,
                    sentence: "It is deleted from Home Assistant; its last version is kept and can be restored.")
            ]
        case .create, .modify, .resume: break
        }
        if subject.isOpenToNetwork {
            reasons.append(
                Reason(
                    weight: 0.5,
                    sentence:
                        "A webhook sets it off that is not limited to the local network: anyone who knows its address can."
                ))
        }
        if let perDay = subject.backtest?.perDay {
            let often = "On the stored events it would have run \(Self.number(perDay)) times a day."
            if perDay > 100 { reasons.append(Reason(weight: perDay > 1_000 ? 0.65 : 0.4, sentence: often)) }
        }
        for loop in subject.loops {
            reasons.append(Reason(weight: loop.isCertain ? 0.9 : 0.4, sentence: loop.sentence))
        }
        if reasons.isEmpty { reasons = [Reason(weight: 0.05, sentence: "It acts on nothing that could harm.")] }
        reasons.sort { ($1.weight, $0.sentence) < ($0.weight, $1.sentence) }
        self.reasons = reasons

        let gravest = reasons.first?.weight ?? 0
        let others = reasons.dropFirst().filter { $0.weight >= 0.3 }.count
        // Many small things make no grave one.
        let score = min(1, gravest + min(0.04, 0.01 * Double(others)))
        let rounded = (score * 100).rounded() / 100
        self.score = rounded
        var level = RiskLevel.low
        if rounded >= configuration.mediumThreshold { level = .medium }
        if rounded >= configuration.highThreshold { level = .high }
        if rounded >= max(0.95, configuration.highThreshold) { level = .critical }
        self.level = max(level, subject.facts.riskFloor)
    }

    // MARK: Deeds

    private static func deeds(_ subject: Subject) -> [Reason] {
        let facts = subject.facts
        var reasons: [Reason] = []
        for service in facts.services {
            if let reason = RiskTable.service(service) { reasons.append(reason) }
        }
        let switching = facts.services.filter { !RiskTable.isTelling($0) }
        if !switching.isEmpty || facts.hasUnknownServices {
            var named: [String: [String]] = [:]
            for entity in facts.entities {
                guard let kind = RiskTable.kind(entity, subject.portraits[entity]) else { continue }
                named[kind.rawValue, default: []].append(entity)
            }
            for (kind, entities) in named {
                guard let kind = RiskTable.Kind(rawValue: kind) else { continue }
                reasons.append(Reason(weight: kind.weight, sentence: "It acts on \(kind.words): \(list(entities))."))
            }
            for kind in RiskTable.Kind.allCases where kind.isOfDomain {
                // A service of a domain without an entity, as with a template.
                if named[kind.rawValue] == nil, facts.domains.contains(where: { RiskTable.domains[$0] == kind }) {
                    reasons.append(Reason(weight: kind.weight, sentence: "It acts on \(kind.words)."))
                }
            }
        }
        if facts.hasUnknownServices {
            reasons.append(
                Reason(
                    weight: 0.85,
                    sentence:
                        "A template, a blueprint or a script that cannot be read decides what is called: that cannot be known beforehand."
                ))
        }
        if facts.hasUnknownEntities {
            let isBroad = facts.services.contains { RiskTable.isBroad($0) }
            reasons.append(
                Reason(
                    weight: isBroad ? 0.8 : 0.45,
                    sentence:
                        "A template, a word such as “all”, or something that does not exist decides what is acted on."))
        }
        return reasons
    }

    private static func list(_ entities: [String]) -> String {
        let shown = entities.prefix(5).joined(separator: ", ")
        return entities.count > 5 ? "\(shown) and \(entities.count - 5) more" : shown
    }

    /// With one digit after the point below ten.
    static func number(_ value: Double) -> String {
        value < 10 ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
    }
}
