import BridgeCore
import Store
import TestSupport

#if canImport(Glibc)
    import Glibc
#endif

/// A fortnight of a house with two people, made up from a seed: three routines that are planted, and everything else that
/// happens in a house besides, much of it at the same time and in the same rooms.
struct SyntheticHouse {
    /// A change, or a run that begins, before it has become an event.
    private struct Draft {
        var time: Int
        var entity: String?
        var state = ""
        var context = ""
        var parent: String?
        var hasUser = false
    }

    /// Milliseconds of 2026-11-02 00:00 on the clock of the house, a Monday; the clock is an hour ahead of UTC.
    static let start = 1_793_574_000_000
    static let zoneOffset = 3_600

    private var generator: SeededGenerator
    private var drafts: [Draft] = []
    private var contexts = 0
    /// How often each routine was forgotten.
    private var forgotten: [String: Int] = [:]

    /// The events of the house in the order of time. Without `routines`, only the noise.
    static func events(seed: UInt64, days: Int = 14, routines: Bool = true) -> [DecisionEvent] {
        var house = SyntheticHouse(generator: SeededGenerator(seed: seed))
        for day in 0..<days { house.live(day, routines: routines) }
        return house.events()
    }

    private init(generator: SeededGenerator) { self.generator = generator }

    // MARK: Chance

    private mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &generator) < probability
    }

    private mutating func spread(_ middle: Double, _ width: Double) -> Double {
        let sum = (0..<6).reduce(0.0) { total, _ in total + Double.random(in: -1..<1, using: &generator) }
        return middle + sum / 1.414 * width
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }

    /// People keep to a routine, but for once in a fortnight.
    private mutating func keeps(_ routine: String) -> Bool {
        guard forgotten[routine] == nil, chance(0.08) else { return true }
        forgotten[routine] = 1
        return false
    }

    private mutating func freshContext() -> String {
        contexts += 1
        return "01CONTEXT\(contexts)"
    }

    // MARK: Changes

    private mutating func add(
        _ entity: String, _ state: String, at time: Int, context: String? = nil, parent: String? = nil,
        user: Bool = false
    ) {
        let context = context ?? freshContext()
        drafts.append(
            Draft(time: time, entity: entity, state: state, context: context, parent: parent, hasUser: user))
    }

    /// By the app half of the time, else at the switch on the wall.
    private mutating func touch(_ entity: String, _ state: String, at time: Int) {
        add(entity, state, at: time, user: chance(0.5))
    }

    private mutating func live(_ day: Int, routines: Bool) {
        let midnight = Self.start + day * 86_400_000
        let isWeekend = day % 7 >= 5
        func at(_ hours: Double) -> Int { midnight + Int(hours * 3_600_000) }
        let rise = at(7.45 + 0.02 * Double(day))
        let set = at(16.75 - 0.02 * Double(day))
        add("sun.sun", "above_horizon", at: rise)
        add("sun.sun", "below_horizon", at: set)
        machines(midnight)
        for person in ["person.anna", "person.ben"] { comeAndGo(person, midnight, isWeekend, routines) }
        watchTelevision(midnight, dark: set, isWeekend, routines)
        if routines, !isWeekend, keeps("coffee") {
            let time = at(spread(7, 0.12))
            touch("switch.coffee_machine", "on", at: time)
            touch("switch.coffee_machine", "off", at: time + Int.random(in: 1_200_000..<12_000_000, using: &generator))
        }
        if chance(0.3) {
            let time = at(spread(15, 1.5))
            touch("switch.coffee_machine", "on", at: time)
            touch("switch.coffee_machine", "off", at: time + 1_500_000)
        }
        walkAbout(midnight, isWeekend)
    }

    /// What is not done by people, and must not be taken for it.
    private mutating func machines(_ midnight: Int) {
        // A program that uses a person's token, and a device with a clock of its own.
        add(
            "climate.bedroom", "heat", at: midnight + 6 * 3_600_000 + Int.random(in: 0..<3_000, using: &generator),
            user: true)
        add("climate.bedroom", "off", at: midnight + 22 * 3_600_000 + Int.random(in: 0..<3_000, using: &generator))
        // A plug that another plug follows at once.
        for _ in 0..<2 {
            let time = midnight + Int(spread(14, 3) * 3_600_000)
            touch("switch.dehumidifier", "on", at: time)
            add("switch.dehumidifier_lamp", "on", at: time + 700)
            touch("switch.dehumidifier", "off", at: time + 3_000_000)
            add("switch.dehumidifier_lamp", "off", at: time + 3_000_700)
        }
        // An automation at the same time each day.
        let run = freshContext()
        drafts.append(Draft(time: midnight + 64_800_000, context: run))
        add("light.porch", "on", at: midnight + 64_800_050, context: run)
        add("light.porch", "off", at: midnight + 81_000_000, context: freshContext(), parent: "01PARENT")
        // A sensor with many words, and an entity that comes and goes.
        for step in 0..<40 { add("sensor.washing_machine", "step \(step)", at: midnight + step * 120_000) }
        for hour in 1..<6 {
            add("light.cellar", "unavailable", at: midnight + hour * 3_600_000)
            add("light.cellar", hour % 2 == 0 ? "on" : "off", at: midnight + hour * 3_600_000 + 60_000)
        }
    }

    private mutating func comeAndGo(_ person: String, _ midnight: Int, _ isWeekend: Bool, _ routines: Bool) {
        let leaves = spread(isWeekend ? 10.5 : 8.1, isWeekend ? 1.2 : 0.4)
        let returns = leaves + spread(isWeekend ? 2.5 : 9, isWeekend ? 0.8 : 1.1)
        let time = midnight + Int(returns * 3_600_000)
        add(person, "not_home", at: midnight + Int(leaves * 3_600_000))
        add(person, "home", at: time)
        // The telephone and the door tell of the same.
        let tracker = "device_tracker.\(person.dropFirst(7))_phone"
        add(tracker, "not_home", at: midnight + Int(leaves * 3_600_000) - 40_000)
        add(tracker, "home", at: time - 20_000)
        let door = time + Int.random(in: 5_000..<40_000, using: &generator)
        add("binary_sensor.front_door", "on", at: door)
        add("binary_sensor.front_door", "off", at: door + 8_000)
        add("binary_sensor.motion_hall", "on", at: door + 3_000)
        add("binary_sensor.motion_hall", "off", at: door + 60_000)
        guard routines, person == "person.anna", keeps("hall") else { return }
        let delay = Int.random(in: 45_000..<200_000, using: &generator)
        touch("light.hall_lamp", "on", at: time + delay)
        touch("light.hall_lamp", "off", at: time + delay + Int(spread(5_400_000, 1_200_000)))
    }

    private mutating func watchTelevision(_ midnight: Int, dark: Int, _ isWeekend: Bool, _ routines: Bool) {
        var starts = [spread(19.7, 0.7)]
        if chance(0.6) { starts.append(spread(12.8, 1)) }
        if isWeekend, chance(0.6) { starts.append(spread(22.2, 0.2)) }
        for start in starts {
            let time = midnight + Int(start * 3_600_000)
            add("media_player.television", "playing", at: time, user: chance(0.2))
            add("media_player.television", "off", at: time + Int(spread(4_800_000, 900_000)))
            guard routines, time > dark, keeps("television") else { continue }
            touch("light.living_lamp", "on", at: time - Int.random(in: 1_500_000..<5_000_000, using: &generator))
            touch("light.living_lamp", "off", at: time + Int.random(in: 10_000..<150_000, using: &generator))
        }
    }

    private static let rooms = ["hall", "kitchen", "living", "bath", "bedroom", "study"]

    /// People walk through the rooms: motion, doors, and now and then a hand on a switch, mostly in the evening.
    private mutating func walkAbout(_ midnight: Int, _ isWeekend: Bool) {
        let walks = isWeekend ? 70 : 45
        for _ in 0..<walks {
            let hour = chance(0.3) ? spread(7.3, 0.5) : chance(0.75) ? spread(19.5, 1.5) : spread(14, 3)
            var time = midnight + Int(hour * 3_600_000)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let room = pick(Self.rooms)
                add("binary_sensor.motion_\(room)", "on", at: time)
                add(
                    "binary_sensor.motion_\(room)", "off", at: time + Int.random(in: 20_000..<90_000, using: &generator)
                )
                if chance(0.25) { flick(room, at: time + Int.random(in: 1_000..<60_000, using: &generator)) }
                time += Int.random(in: 10_000..<120_000, using: &generator)
            }
        }
        // A scene: three lights by one touch.
        let context = freshContext()
        let time = midnight + Int(spread(21, 1.6) * 3_600_000)
        for light in ["light.study_desk", "light.study_ceiling", "light.study_shelf"] {
            add(light, chance(0.5) ? "on" : "off", at: time, context: context, user: true)
        }
    }

    private mutating func flick(_ room: String, at time: Int) {
        let light = chance(0.85) ? "light.\(room)_ceiling" : "light.\(room)_lamp"
        touch(light, "on", at: time)
        if chance(0.9) { touch(light, "off", at: time + Int(spread(900_000, 250_000))) }
        if chance(0.1) { touch("cover.\(room)", chance(0.5) ? "open" : "closed", at: time + 30_000) }
    }

    // MARK: Events

    private func events() -> [DecisionEvent] {
        var states: [String: String] = [:]
        return drafts.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .compactMap { _, draft in
                let time = Timestamp(microseconds: Int64(draft.time) * 1_000)
                guard let entity = draft.entity else {
                    return DecisionEvent(.run, at: time, zoneOffset: Self.zoneOffset, context: draft.context)
                }
                let before = states.updateValue(draft.state, forKey: entity) ?? "idle"
                guard before != draft.state else { return nil }
                return DecisionEvent(
                    .change(entity: entity, from: before, to: draft.state), at: time, zoneOffset: Self.zoneOffset,
                    context: draft.context, parent: draft.parent, hasUser: draft.hasUser)
            }
    }
}

extension SyntheticHouse {
    /// How many fortnights the survey looks at; none, unless the environment asks for it.
    static let survey = getenv("HA_BRIDGE_TEST_FORTNIGHTS").flatMap { Int(String(cString: $0)) } ?? 0
}
