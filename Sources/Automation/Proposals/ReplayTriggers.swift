import BridgeCore
import HomeAssistantClient
import Store

/// Lengths of time as Home Assistant's configurations have them.
enum ConfigurationDuration {
    /// Microseconds of `5`, `"00:05:00"`, `"-00:30:00"`, `"00:30"` or `{minutes: 5}`; `nil` for a template or anything else.
    static func microseconds(_ value: ConfigurationValue) -> Int64? {
        switch value {
        case .number(let text): return Double(text).flatMap(microseconds(seconds:))
        case .string(let text):
            if let seconds = Double(text) { return microseconds(seconds: seconds) }
            let isNegative = text.hasPrefix("-")
            let parts = text.drop { $0 == "-" || $0 == "+" }.split(separator: ":", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { Double($0) }
            guard numbers.count == parts.count, (2...3).contains(numbers.count), numbers.allSatisfy({ $0 >= 0 }) else {
                return nil
            }
            let seconds = numbers[0] * 3_600 + numbers[1] * 60 + (numbers.count > 2 ? numbers[2] : 0)
            return microseconds(seconds: isNegative ? -seconds : seconds)
        case .object(let members):
            let units = ["days": 86_400.0, "hours": 3_600, "minutes": 60, "seconds": 1, "milliseconds": 0.001]
            var seconds = 0.0
            for (key, value) in members {
                guard let unit = units[key], let number = value.scalar.flatMap({ Double($0) }) else { return nil }
                seconds += unit * number
            }
            return members.isEmpty ? nil : microseconds(seconds: seconds)
        default: return nil
        }
    }

    private static func microseconds(seconds: Double) -> Int64? {
        abs(seconds) < 1e9 ? Int64((seconds * 1_000_000).rounded()) : nil
    }
}

/// Waits after a match until it has held for some time.
private struct Holding {
    /// When it will have held long enough, by entity.
    private var due: [String: Timestamp] = [:]
    private(set) var times: [Timestamp] = []
    private let length: Int64?

    init(_ value: ConfigurationValue?, _ kind: String) throws(Backtest.Unreplayable) {
        guard let value, value != .null else {
            length = nil
            return
        }
        guard let length = ConfigurationDuration.microseconds(value) else {
            throw Backtest.Unreplayable(kind, "its “for” is a template.")
        }
        self.length = length
    }

    mutating func matched(_ entity: String, at time: Timestamp) {
        guard let length, length > 0 else {
            times.append(time)
            return
        }
        due[entity] = Timestamp(microseconds: time.microseconds + length)
    }

    /// Whatever was due by `time` has happened.
    mutating func pass(_ entity: String, _ time: Timestamp) {
        guard let moment = due[entity], moment <= time else { return }
        times.append(moment)
        due[entity] = nil
    }

    mutating func cancel(_ entity: String) { due[entity] = nil }

    mutating func finish(until end: Timestamp) -> [Timestamp] {
        for moment in due.values where moment < end { times.append(moment) }
        due = [:]
        return times.sorted()
    }
}

/// A trigger of changes of state.
struct StateTrigger {
    private let value: ConfigurationValue
    private let entities: Set<String>

    init(_ value: ConfigurationValue) {
        self.value = value
        entities = Set(value["entity_id"]?.entityList ?? [])
    }

    /// Without a state that it waits for, it hears changes of attributes as well.
    var hearsAttributes: Bool { isAny || value["attribute"] != nil }
    private var isAny: Bool { ["from", "to", "not_from", "not_to"].allSatisfy { value[$0] == nil } }

    func times(_ events: [ReplayEvent], until end: Timestamp) throws(Backtest.Unreplayable) -> [Timestamp] {
        guard !entities.isEmpty else { throw Backtest.Unreplayable("state", "it names no entity by its id.") }
        guard value["attribute"] == nil else {
            throw Backtest.Unreplayable("state", "it waits for the attribute “\(value["attribute"]?.text ?? "?")”.")
        }
        var holding = try Holding(value["for"], "state")
        let any = isAny
        for event in events {
            guard let entity = event.entity, entities.contains(entity), event.type == "state_changed" else { continue }
            holding.pass(entity, event.time)
            let hasChanged = event.old != event.new
            // A wait ends when the state is another one, not with another attribute.
            if hasChanged { holding.cancel(entity) }
            guard any || hasChanged, fits(event.old, "from"), fits(event.new, "to") else { continue }
            holding.matched(entity, at: event.time)
        }
        return holding.finish(until: end)
    }

    private func fits(_ state: String?, _ key: String) -> Bool {
        if let wanted = value[key], wanted != .null {
            guard let state, wanted.texts.contains(state) else { return false }
        }
        if let excluded = value["not_" + key], excluded != .null, let state, excluded.texts.contains(state) {
            return false
        }
        return true
    }
}

/// A trigger of a number that comes into a range.
struct NumericTrigger {
    private let value: ConfigurationValue

    init(_ value: ConfigurationValue) { self.value = value }

    func times(_ events: [ReplayEvent], until end: Timestamp) throws(Backtest.Unreplayable) -> [Timestamp] {
        let entities = Set(value["entity_id"]?.entityList ?? [])
        guard !entities.isEmpty else { throw Backtest.Unreplayable("numeric_state", "it names no entity by its id.") }
        guard value["value_template"] == nil, value["attribute"] == nil else {
            throw Backtest.Unreplayable("numeric_state", "it looks at an attribute, or through a template.")
        }
        guard let range = NumericRange(value) else {
            throw Backtest.Unreplayable("numeric_state", "its limit is the state of another entity.")
        }
        var holding = try Holding(value["for"], "numeric_state")
        var armed: [String: Bool] = [:]
        for event in events {
            guard let entity = event.entity, entities.contains(entity), event.type == "state_changed" else { continue }
            holding.pass(entity, event.time)
            guard let state = event.new else { continue }
            let wasArmed = armed[entity] ?? (event.old.map { range.contains($0) != true } ?? false)
            switch range.contains(state) {
            case nil: armed[entity] = wasArmed
            case false?:
                armed[entity] = true
                holding.cancel(entity)
            case true?:
                armed[entity] = false
                if wasArmed { holding.matched(entity, at: event.time) }
            }
        }
        return holding.finish(until: end)
    }
}

/// The limits of a trigger or a condition about numbers.
struct NumericRange: Sendable, Equatable {
    var above: Double?
    var below: Double?

    /// `nil` where a limit is not a number.
    init?(_ value: ConfigurationValue) {
        for (key, path) in [("above", \NumericRange.above), ("below", \NumericRange.below)] {
            guard let limit = value[key], limit != .null else { continue }
            guard let number = limit.scalar.flatMap({ Double($0) }) else { return nil }
            self[keyPath: path] = number
        }
    }

    /// Whether a state lies in between; `nil` for one that is no number and no sign of absence either.
    func contains(_ state: String) -> Bool? {
        if state == "unavailable" || state == "unknown" { return false }
        guard let number = Double(state), number.isFinite else { return nil }
        if let above, number <= above { return false }
        if let below, number >= below { return false }
        return true
    }
}

/// A trigger of sunrise and sunset, replayed by what the house saw of the sun.
struct SunTrigger {
    private let value: ConfigurationValue

    init(_ value: ConfigurationValue) { self.value = value }

    func times(
        _ events: [ReplayEvent], from: Timestamp, until end: Timestamp
    ) throws(Backtest.Unreplayable) -> [Timestamp] {
        let state = value["event"]?.text == "sunrise" ? "above_horizon" : "below_horizon"
        var offset: Int64 = 0
        if let given = value["offset"], given != .null {
            guard let length = ConfigurationDuration.microseconds(given) else {
                throw Backtest.Unreplayable("sun", "its offset is a template.")
            }
            offset = length
        }
        let risings = events.filter {
            $0.entity == "sun.sun" && $0.type == "state_changed" && $0.new == state && $0.old != state && $0.old != nil
        }
        guard !risings.isEmpty else {
            throw Backtest.Unreplayable("sun", "no change of sun.sun is stored.")
        }
        return risings.map { Timestamp(microseconds: $0.time.microseconds + offset) }.filter { $0 >= from && $0 < end }
    }
}

/// A trigger of other events.
struct EventTrigger {
    private let value: ConfigurationValue

    init(_ value: ConfigurationValue) { self.value = value }

    func times(_ events: [ReplayEvent]) throws(Backtest.Unreplayable) -> [Timestamp] {
        let types = value["event_type"]?.texts ?? []
        guard !types.isEmpty, !types.contains(where: { $0.contains("{") }), !types.contains("state_changed") else {
            throw Backtest.Unreplayable("event", "which events it waits for is a template, or all changes of state.")
        }
        guard value["context"] == nil else { throw Backtest.Unreplayable("event", "it asks who caused the event.") }
        var wanted: [String: ConfigurationValue] = [:]
        if case .object(let members) = value["event_data"] { wanted = members }
        guard !wanted.values.contains(where: \.isTemplate) else {
            throw Backtest.Unreplayable("event", "the data that it waits for is a template.")
        }
        return events.filter { event in
            guard types.contains(event.type) else { return false }
            if wanted.isEmpty { return true }
            guard let data = event.data.flatMap({ ConfigurationValue(json: $0) }) else { return false }
            return wanted.allSatisfy { key, value in data[key] == value }
        }.map(\.time)
    }
}
