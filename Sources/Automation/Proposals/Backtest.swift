import BridgeCore
import HomeAssistantClient
import Store

/// What an automation would have done on the stored events: when its triggers would have fired with its conditions met. A run that
/// would have kept the next from beginning is not taken into account.
package struct Backtest: Sendable, Equatable {
    /// The stretch of time that was replayed.
    package var from: Timestamp
    package var until: Timestamp
    /// How often it would have begun.
    package var count = 0
    /// On how many triggers of those that were heard a condition said no.
    package var blocked = 0
    /// The newest ones, newest first.
    package var examples: [Timestamp] = []
    /// The most on one day of 24 hours, counted back from the end.
    package var busiestDay = 0
    /// What could not be replayed or judged, one sentence each.
    package var gaps: [String] = []
    /// Whether at least one trigger was replayed.
    package var isTelling = false

    package init(from: Timestamp, until: Timestamp) {
        self.from = from
        self.until = until
    }

    package static let exampleCount = 5

    /// Days, at least a part of one.
    package var days: Double { max(0, Double(until.microseconds - from.microseconds) / 86_400e6) }

    /// How often a day; `nil` where nothing was replayed, or too little time was there.
    package var perDay: Double? {
        guard isTelling, days >= 0.04 else { return nil }
        return Double(count) / days
    }

    /// What is asked of the database for it.
    package struct Need: Sendable, Equatable {
        package var entities: Set<String> = []
        package var eventTypes: Set<String> = []
        package var needsAttributes = false
    }

    /// What a replay of a configuration in the spelling of today has to hear.
    package static func need(of configuration: ConfigurationValue) -> Need {
        var need = Need()
        for trigger in TriggerShape.all(of: configuration) {
            switch trigger.kind {
            case "state":
                need.entities.formUnion(trigger.value["entity_id"]?.entityList ?? [])
                if StateTrigger(trigger.value).hearsAttributes { need.needsAttributes = true }
            case "numeric_state":
                need.entities.formUnion(trigger.value["entity_id"]?.entityList ?? [])
                if trigger.value["attribute"] != nil { need.needsAttributes = true }
            case "event":
                need.eventTypes.formUnion((trigger.value["event_type"]?.texts ?? []).filter { !$0.contains("{") })
                if trigger.value["event_data"] != nil { need.needsAttributes = true }
            case "sun": need.entities.insert("sun.sun")
            default: break
            }
        }
        need.entities.formUnion(ReplayConditions(configuration["conditions"] ?? .null).entities)
        return need
    }

    /// Replays `events`, which are in the order of time and what `need` asks for. `clock` tells the clock on the wall of the house;
    /// `now` are the states of the present, for entities of which nothing was stored.
    package static func run(
        _ configuration: ConfigurationValue, events: [ReplayEvent], from: Timestamp, until: Timestamp,
        clock: ReplayClock,
        now: [String: String] = [:]
    ) -> Backtest {
        var result = Backtest(from: from, until: until)
        var firings: [(time: Timestamp, ids: Set<String>)] = []
        for trigger in TriggerShape.all(of: configuration) {
            let times: [Timestamp]
            switch replay(trigger, events, from, until, clock) {
            case .failure(let reason):
                result.gaps.append(reason.sentence)
                continue
            case .success(let found): times = found
            }
            result.isTelling = true
            firings += times.map { ($0, trigger.ids) }
        }
        let conditions = ReplayConditions(configuration["conditions"] ?? .null)
        let history = StateHistory(events, now: now)
        var counts: [Int64: Int] = [:]
        firings.sort { $0.time < $1.time }
        for firing in firings {
            switch conditions.hold(at: firing.time, trigger: firing.ids, history: history, clock: clock) {
            case false?: result.blocked += 1
            case true?, nil:
                result.count += 1
                // The last moment belongs to no day any more, the first of a day to it.
                counts[(until.microseconds - firing.time.microseconds - 1) / 86_400_000_000, default: 0] += 1
                result.examples.append(firing.time)
                if result.examples.count > exampleCount { result.examples.removeFirst() }
            }
        }
        result.examples.reverse()
        result.busiestDay = counts.values.max() ?? 0
        result.gaps += conditions.unjudged.map {
            "The condition “\($0)” cannot be judged from what is stored; it is taken to hold."
        }
        return result
    }

    /// Why a trigger cannot be replayed.
    struct Unreplayable: Error, Equatable {
        let sentence: String

        init(_ kind: String, _ reason: String) {
            sentence = "The trigger “\(kind)” cannot be replayed: \(reason)"
        }
    }

    private static func replay(
        _ trigger: TriggerShape, _ events: [ReplayEvent], _ from: Timestamp, _ until: Timestamp, _ clock: ReplayClock
    ) -> Result<[Timestamp], Unreplayable> {
        do {
            switch trigger.kind {
            case "state": return .success(try StateTrigger(trigger.value).times(events, until: until))
            case "numeric_state": return .success(try NumericTrigger(trigger.value).times(events, until: until))
            case "sun": return .success(try SunTrigger(trigger.value).times(events, from: from, until: until))
            case "event": return .success(try EventTrigger(trigger.value).times(events))
            case "time": return .success(try ClockTrigger(time: trigger.value).times(from, until, clock))
            case "time_pattern": return .success(try ClockTrigger(pattern: trigger.value).times(from, until, clock))
            default: throw Unreplayable(trigger.kind, "what it listens to is not among the stored events.")
            }
        } catch let error as Unreplayable {
            return .failure(error)
        } catch {
            return .failure(Unreplayable(trigger.kind, "\(error)"))
        }
    }
}

/// The clock on the wall of a house.
package struct ReplayClock: Sendable, Equatable {
    /// From each time on, so many seconds ahead of UTC; in the order of time.
    package struct Change: Sendable, Equatable {
        package var from: Timestamp
        package var seconds: Int

        package init(from: Timestamp, seconds: Int) {
            self.from = from
            self.seconds = seconds
        }
    }

    package var changes: [Change]

    /// UTC, unless told otherwise.
    package init(_ changes: [Change] = []) { self.changes = changes }

    func secondsFromUTC(at time: Timestamp) -> Int {
        (changes.last { $0.from <= time } ?? changes.first)?.seconds ?? 0
    }

    /// What the clock shows, as if it were UTC.
    func local(_ time: Timestamp) -> Timestamp { time.adding(seconds: Int64(secondsFromUTC(at: time))) }
}

/// What states were, moment by moment.
struct StateHistory: Sendable {
    private var changes: [String: [(time: Timestamp, state: String?)]] = [:]
    private var first: [String: String] = [:]
    private let now: [String: String]

    init(_ events: [ReplayEvent], now: [String: String]) {
        self.now = now
        for event in events where event.type == "state_changed" {
            guard let entity = event.entity else { continue }
            if changes[entity] == nil { first[entity] = event.old }
            changes[entity, default: []].append((event.time, event.new))
        }
    }

    /// The state at a moment, what came at that very moment included; `nil` where it is not known.
    func state(of entity: String, at time: Timestamp) -> String? {
        // Where nothing is stored, it has been as it is now.
        guard let list = changes[entity] else { return now[entity] }
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if list[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first[entity] : list[low - 1].state
    }
}
