import BridgeCore
import Store

/// What happened in a house for some weeks, small enough to be kept in memory as a whole: events are taken in one by one, in
/// the order of time, and names become numbers.
package struct HouseDiary: Sendable {
    /// An entity in a state, as a number that stands for both.
    typealias Situation = Int32
    typealias Entity = Int32

    /// Who or what made a change, as far as its context tells.
    enum Cause: UInt8, Sendable {
        /// A user of Home Assistant.
        case user
        /// Nobody that Home Assistant knows: a hand on a switch, or the device itself.
        case hand
        /// A run of an automation or a script.
        case run
        /// Not known: read afterwards, or the entity came back.
        case unknown
    }

    /// An entity came into a situation.
    struct Change: Sendable {
        /// Milliseconds since 1970, UTC.
        let time: Int64
        let situation: Situation
        let entity: Entity
        /// The context, as a hash; 0 for none.
        let context: Int
        let cause: Cause
        /// Whether it came from another real state, rather than from `unavailable` or from nothing.
        let isFresh: Bool
    }

    /// A change that an automation made.
    struct Effect: Sendable {
        let time: Int64
        let entity: Entity
        let before: Situation?
        let after: Situation
        let automation: AutomationID
    }

    private struct SituationName: Hashable {
        let entity: Entity
        let state: String
    }

    private(set) var changes: [Change] = []
    private(set) var effects: [Effect] = []
    /// How much happened on each day, counted from 1970 by the house's own clock.
    private var dayCounts: [Int: Int] = [:]
    private(set) var entityNames: [String] = []
    private(set) var situationEntities: [Entity] = []
    private(set) var situationStates: [String] = []

    private var entities: [String: Entity] = [:]
    private var situations: [SituationName: Situation] = [:]
    private var current: [Entity: Situation] = [:]
    private var statesOfEntity: [Entity: Int] = [:]
    private var tooVaried: Set<Entity> = []
    private var tooBusy: Set<Entity> = []
    /// Contexts of runs; those of automations that are known with their automation.
    private var runs: Set<Int> = []
    private let automations: [Int: AutomationID]
    /// Where the offset of the clock on the wall changes: from this time on (ms), so many seconds.
    private var offsets: [(from: Int64, seconds: Int)] = []
    private let capacity: Int
    /// Entities that changed so often that they were left out for want of room.
    var crowdedOut: Int { tooBusy.count }

    /// An empty diary. `runs` says which automation ran under which context; no more than `capacity` changes are kept.
    package init(runs: [(context: String, automation: AutomationID)] = [], capacity: Int = 1_000_000) {
        var automations: [Int: AutomationID] = [:]
        for run in runs { automations[Self.hash(run.context)] = run.automation }
        self.automations = automations
        self.capacity = max(1_000, capacity)
    }

    /// The same for the length of the process; never 0.
    private static func hash(_ context: String) -> Int { context.hashValue | 1 }

    /// An entity with more states than this says nothing that a trigger could name.
    private static let mostStates = 24

    // MARK: Taking in

    /// Takes in one event, no earlier than the one before.
    package mutating func note(_ event: DecisionEvent) {
        let time = event.time.microseconds / 1_000
        note(offset: event.zoneOffset, from: time)
        let context = event.context.map(Self.hash) ?? 0
        guard case .change(let name, let before, let state) = event.kind else {
            runs.insert(context)
            return
        }
        dayCounts[localSecond(time).day, default: 0] += 1
        guard let (entity, situation) = number(name, state), current[entity] != situation else { return }
        let former = current[entity]
        current[entity] = situation
        guard !tooBusy.contains(entity) else { return }
        let isFresh = before.map { !Self.isAbsent($0) } ?? false
        let cause = cause(of: event, context: context, isFresh: isFresh)
        if changes.count == capacity { makeRoom() }
        changes.append(
            Change(
                time: time, situation: situation, entity: entity, context: context, cause: cause, isFresh: isFresh))
        let parent = event.parent.map(Self.hash) ?? 0
        if isFresh, let automation = automations[context] ?? automations[parent], effects.count < capacity / 4 {
            effects.append(
                Effect(time: time, entity: entity, before: former, after: situation, automation: automation))
        }
    }

    static func isAbsent(_ state: String) -> Bool { state == "unavailable" || state == "unknown" || state.isEmpty }

    private func cause(of event: DecisionEvent, context: Int, isFresh: Bool) -> Cause {
        guard event.isLive, isFresh, context != 0 else { return .unknown }
        if event.parent != nil || runs.contains(context) || automations[context] != nil { return .run }
        return event.hasUser ? .user : .hand
    }

    private mutating func number(_ name: String, _ state: String) -> (Entity, Situation)? {
        let entity: Entity
        if let known = entities[name] {
            entity = known
        } else {
            entity = Entity(entityNames.count)
            entities[name] = entity
            entityNames.append(name)
        }
        guard !tooVaried.contains(entity) else { return nil }
        let key = SituationName(entity: entity, state: state)
        if let known = situations[key] { return (entity, known) }
        let count = (statesOfEntity[entity] ?? 0) + 1
        guard count <= Self.mostStates else {
            tooVaried.insert(entity)
            return nil
        }
        statesOfEntity[entity] = count
        let situation = Situation(situationStates.count)
        situations[key] = situation
        situationEntities.append(entity)
        situationStates.append(state)
        return (entity, situation)
    }

    /// Leaves out the busiest entities until a quarter of the room is free.
    private mutating func makeRoom() {
        var counts: [Entity: Int] = [:]
        for change in changes { counts[change.entity, default: 0] += 1 }
        var size = changes.count
        for (entity, count) in counts.sorted(by: { ($0.value, $0.key) > ($1.value, $1.key) }) {
            guard size > capacity - capacity / 4 else { break }
            tooBusy.insert(entity)
            size -= count
        }
        let busy = tooBusy
        let varied = tooVaried
        changes.removeAll { busy.contains($0.entity) || varied.contains($0.entity) }
    }

    /// Whether all changes of the entity are here.
    func isComplete(_ entity: Entity) -> Bool { !tooVaried.contains(entity) && !tooBusy.contains(entity) }

    // MARK: The clock on the wall

    private mutating func note(offset: Int, from time: Int64) {
        guard offsets.last?.seconds != offset else { return }
        offsets.append((time, offset))
    }

    /// The day, counted from 1970, and the second of the day on the clock of the house.
    func localSecond(_ time: Int64) -> (day: Int, second: Int) {
        let offset = offsets.last { $0.from <= time }?.seconds ?? offsets.first?.seconds ?? 0
        let (seconds, _) = time.quotientAndRemainderFloored(by: 1_000)
        let (day, second) = (seconds + Int64(offset)).quotientAndRemainderFloored(by: 86_400)
        return (Int(day), Int(second))
    }

    /// The days that were seen, in their order: those on which a quarter of the usual happened, so that neither half a day at
    /// the edge nor a day on which the bridge stood still counts as one on which nobody did anything.
    func observedDays() -> [Int] {
        let usual = Statistics.median(Array(dayCounts.values)) ?? 0
        return dayCounts.filter { $0.value * 4 >= usual }.keys.sorted()
    }

    // MARK: Names

    func entityName(_ situation: Situation) -> String { entityNames[Int(situationEntities[Int(situation)])] }

    func state(_ situation: Situation) -> String { situationStates[Int(situation)] }

    func situation(_ entity: String, _ state: String) -> Situation? {
        entities[entity].flatMap { situations[SituationName(entity: $0, state: state)] }
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity.
    func quotientAndRemainderFloored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
