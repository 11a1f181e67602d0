import BridgeCore
import FoundationEssentials
import TestSupport

/// A state change of the history that a test makes up.
struct PastState: Sendable {
    var id = UUID()
    var entity: String
    var at: Timestamp
    /// `nil`: the entity was removed.
    var state: String?
    var stateClass: String?
    var lastReset: String?
    var unit: String?
    var source = "live"

    var value: Double? { state.flatMap(Double.init) }

    func row(_ connection: ConnectionID) -> EventRow {
        let attributes = [
            ("state_class", stateClass), ("last_reset", lastReset), ("unit_of_measurement", unit),
        ].compactMap { name, value in value.map { "\"\(name)\":\"\($0)\"" } }
        return EventRow(
            id: id, connection: connection, entity: entity, old: nil, new: state,
            attributes: "{\(attributes.joined(separator: ","))}", timestamp: at, value: value, source: source)
    }
}

/// A time zone by its changes, independent of the database's knowledge of it.
struct PastZone: Sendable, CustomStringConvertible {
    var name: String
    /// Seconds east of Greenwich from each moment on, in seconds since 1970; the first from the beginning.
    var offsets: [(from: Int64, seconds: Int64)]
    var start: Int64
    var days: Int64

    var description: String { name }

    /// The clock goes back for Ramadan and forward again after it.
    static let casablanca = PastZone(
        name: "Africa/Casablanca", offsets: [(.min, 3_600), (1_710_036_000, 0), (1_713_060_000, 3_600)],
        start: 1_709_856_000, days: 40)
    /// Half an hour for the winter.
    static let lordHowe = PastZone(
        name: "Australia/Lord_Howe", offsets: [(.min, 39_600), (1_712_415_600, 37_800)], start: 1_711_324_800, days: 30)
    static let kathmandu = PastZone(
        name: "Asia/Kathmandu", offsets: [(.min, 20_700)], start: 1_711_324_800, days: 30)
    static let berlin = PastZone(
        name: "Europe/Berlin", offsets: [(.min, 3_600), (1_711_846_800, 7_200)], start: 1_710_000_000, days: 30)

    /// Seconds east of Greenwich at a moment.
    func offset(_ time: Int64) -> Int64 { offsets.last { $0.from <= time }?.seconds ?? 0 }

    /// The midnight before a moment, in seconds.
    func dayStart(_ time: Int64) -> Int64 {
        let local = time + offset(time)
        let midnight = local - (local % 86_400 + 86_400) % 86_400
        // The offset of the midnight itself; none of these zones changes there.
        let guess = midnight - offset(time)
        return midnight - offset(guess)
    }

    func dayEnd(_ time: Int64) -> Int64 { dayStart(dayStart(time) + 93_600) }
}

/// What a roll-up has to hold.
struct ExpectedRollup: Sendable {
    var samples = 0
    var minimum: Double?
    var maximum: Double?
    var weighted = 0.0
    var known = 0.0
    var lastValue: Double?
    var lastState: String?
    var change: Double?
    var states: [String: Double] = [:]

    var mean: Double? { known > 0 ? weighted / known : nil }

    mutating func include(_ value: Double) {
        minimum = min(minimum ?? value, value)
        maximum = max(maximum ?? value, value)
    }
}

/// The roll-ups of one entity, reckoned from all of its states without any cleverness.
struct RollupModel {
    /// In their order.
    let states: [PastState]

    init(_ states: some Sequence<PastState>) {
        self.states = states.sorted { left, right in
            left.at != right.at ? left.at < right.at : left.state != nil && right.state == nil
        }
    }

    /// From one moment to another, in microseconds.
    func rollup(from: Int64, to: Int64) -> ExpectedRollup {
        var expected = ExpectedRollup()
        for (index, state) in states.enumerated() {
            let begin = state.at.microseconds
            let end = index + 1 < states.count ? states[index + 1].at.microseconds : Int64.max
            guard begin < to, end >= from else { continue }
            let seconds = Double(min(end, to) - max(begin, from)) / 1e6
            let isInside = begin >= from
            if isInside { expected.samples += 1 }
            guard isInside || seconds > 0 else { continue }
            if let value = state.value {
                expected.include(value)
                expected.weighted += value * seconds
                expected.known += seconds
            } else if let name = state.state {
                expected.states[name, default: 0] += seconds
            }
            expected.lastValue = state.value
            expected.lastState = state.state
        }
        for step in changes where step.at >= from && step.at < to {
            expected.change = (expected.change ?? 0) + step.change
        }
        return expected
    }

    /// What a counter rose by with each of its readings, by the rules of Home Assistant.
    var changes: [(at: Int64, change: Double)] {
        var previous: PastState?
        return states.compactMap { state in
            guard let value = state.value, let kind = state.stateClass, kind != "measurement" else { return nil }
            if kind == "total_increasing", value < 0 { return nil }
            defer { previous = state }
            guard let before = previous, let old = before.value else { return (state.at.microseconds, 0) }
            let isReset =
                kind == "total_increasing"
                ? value < 0.9 * old : state.lastReset != nil && state.lastReset != before.lastReset
            return (state.at.microseconds, isReset ? value : value - old)
        }
    }
}

/// Makes up a history: numbers, counters, lights and doors, with everything that goes wrong in a house.
struct PastHouse {
    var zone: PastZone
    var generator: SeededGenerator

    mutating func states() -> [PastState] {
        var all: [PastState] = []
        for (entity, kind) in [
            ("sensor.temperature", "measurement"), ("sensor.energy", "total_increasing"), ("sensor.cost", "total"),
            ("sensor.plain", ""), ("light.kitchen", "state"), ("climate.mixed", "mixed"),
        ] { all += history(entity, kind) }
        return all
    }

    private mutating func history(_ entity: String, _ kind: String) -> [PastState] {
        var states: [PastState] = []
        var time = zone.start * 1_000_000 + Int64.random(in: 0..<86_400_000_000, using: &generator)
        let end = (zone.start + zone.days * 86_400) * 1_000_000
        var counter = 100.0
        var reset: String?
        while time < end {
            counter += Double(Int.random(in: 0...50, using: &generator)) / 8
            if Int.random(in: 0..<25, using: &generator) == 0 { counter = kind == "total" ? -3 : 0.5 }
            if Int.random(in: 0..<20, using: &generator) == 0 { counter -= counter * 0.03 }
            if kind == "total", Int.random(in: 0..<15, using: &generator) == 0 { reset = "2024-03-\(states.count)" }
            let state: String? =
                switch Int.random(in: 0..<14, using: &generator) {
                case 0: "unavailable"
                case 1: "unknown"
                case 2: nil
                default:
                    switch kind {
                    case "state": ["on", "off", "a \"quoted\" word"].randomElement(using: &generator)
                    case "mixed": ["heat", "21.5", "off", "-4"].randomElement(using: &generator)
                    case "measurement", "": "\(Double(Int.random(in: -400...400, using: &generator)) / 16)"
                    default: "\(counter)"
                    }
                }
            let isCounter = kind == "total" || kind == "total_increasing"
            let tells = isCounter && state.flatMap(Double.init) != nil
            states.append(
                PastState(
                    entity: entity, at: Timestamp(microseconds: time), state: state,
                    stateClass: tells || kind == "measurement" ? kind : nil, lastReset: tells ? reset : nil))
            if Int.random(in: 0..<40, using: &generator) == 0, state != nil {
                // Removed in the moment of its last change.
                states.append(PastState(entity: entity, at: Timestamp(microseconds: time), state: nil))
            }
            time += pause()
        }
        return states
    }

    /// Microseconds: bursts, some at the very edge of a bucket, and days of silence.
    private mutating func pause() -> Int64 {
        switch Int.random(in: 0..<12, using: &generator) {
        case 0...4: return Int64.random(in: 1...60_000_000, using: &generator)
        case 5: return 300_000_000
        case 6: return Int64.random(in: 86_400_000_000...260_000_000_000, using: &generator)
        default: return Int64.random(in: 60_000_000...20_000_000_000, using: &generator)
        }
    }
}
