import BridgeCore
import Store

/// Finds automations that fight: one sets an entity, and another sets it back at once, again and again.
struct ConflictMiner {
    /// What it takes.
    struct Rules {
        /// Set back within this time; longer is a lamp that another automation switches off after a while. Milliseconds.
        var window: Int64 = 30_000
        var leastReversals = 5
        var leastDays = 2
        /// Of all that the first one did to the entity.
        var leastShare = 0.2
    }

    /// Two automations and the entity that they fight over.
    struct Conflict: Equatable {
        var automations: [AutomationID]
        var entity: String
        var reversals: Int
        var days: Int
        /// What both of them did to the entity in all.
        var effects: Int
    }

    private struct Pair: Hashable {
        var first: AutomationID
        var second: AutomationID
        var entity: HouseDiary.Entity
    }

    private struct Owner: Hashable {
        var automation: AutomationID
        var entity: HouseDiary.Entity
    }

    let diary: HouseDiary
    var rules = Rules()

    /// The fights, the fiercest first.
    func conflicts() -> [Conflict] {
        var last: [HouseDiary.Entity: HouseDiary.Effect] = [:]
        var counts: [Pair: (reversals: Int, days: Set<Int>)] = [:]
        var effects: [Owner: Int] = [:]
        for effect in diary.effects {
            effects[Owner(automation: effect.automation, entity: effect.entity), default: 0] += 1
            defer { last[effect.entity] = effect }
            // Back to where it was, and nobody has touched it in between.
            guard let former = last[effect.entity], former.automation != effect.automation,
                effect.time - former.time <= rules.window, effect.before == former.after,
                let before = former.before, effect.after == before
            else { continue }
            let (first, second) = Self.ordered(former.automation, effect.automation)
            counts[Pair(first: first, second: second, entity: effect.entity), default: (0, [])].reversals += 1
            counts[Pair(first: first, second: second, entity: effect.entity)]?.days.insert(
                diary.localSecond(effect.time).day)
        }
        return counts.compactMap { pair, count in
            let total =
                (effects[Owner(automation: pair.first, entity: pair.entity)] ?? 0)
                + (effects[Owner(automation: pair.second, entity: pair.entity)] ?? 0)
            guard count.reversals >= rules.leastReversals, count.days.count >= rules.leastDays,
                Double(count.reversals) >= rules.leastShare * Double(total) / 2
            else { return nil }
            return Conflict(
                automations: [pair.first, pair.second], entity: diary.entityNames[Int(pair.entity)],
                reversals: count.reversals, days: count.days.count, effects: total)
        }
        .sorted { ($0.reversals, $1.entity) > ($1.reversals, $0.entity) }
    }

    private static func ordered(_ left: AutomationID, _ right: AutomationID) -> (AutomationID, AutomationID) {
        left.description < right.description ? (left, right) : (right, left)
    }
}

extension ConflictMiner.Conflict {
    /// The decision, about the first of the two.
    func draft(automationNames: [AutomationID: String], names: [String: String], input: JSONValue) -> DecisionDraft {
        let parties = automations.map { automationNames[$0].map { "“\($0)”" } ?? $0.description }
        let thing = names[entity].map { "“\($0)”" } ?? entity
        return DecisionDraft(
            .optimization, "\(parties.joined(separator: " and ")) fight over \(thing).",
            subjectKey: SubjectKey.fitting(
                "optimize:fight:\(automations.map(\.description).joined(separator: ":")):\(entity)"),
            automation: automations.first, confidence: 100 * Double(reversals + 1) / Double(reversals + 2),
            input: input.text,
            output: JSONValue.object([
                "automations": .array(automations.map { .string($0.description) }), "entity_id": .string(entity),
                "reversals": .integer(Int64(reversals)), "days": .integer(Int64(days)),
                "changes": .integer(Int64(effects)),
            ]).text,
            reason: """
                On \(days) days, one of them set \(thing) back \(reversals) times within half a minute after the other had set \
                it. A condition in one of them would end that.
                """)
    }
}
