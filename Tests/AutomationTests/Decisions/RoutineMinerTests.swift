import BridgeCore
import Store
import TestSupport
import Testing

@testable import Automation

/// A fortnight with three routines planted, and plenty besides; see `SyntheticHouse`.
@Suite struct RoutineMinerTests {
    static let planted: Set<String> = [
        "light.turn_on light.hall_lamp", "switch.turn_on switch.coffee_machine", "light.turn_off light.living_lamp",
    ]
    /// What tells of somebody's coming home, whichever of them the analysis names.
    private static let arrivals: Set<String> = ["person.anna", "device_tracker.anna_phone", "binary_sensor.front_door"]

    static func routines(_ events: [DecisionEvent], rules: RoutineRules = RoutineRules()) -> [Routine] {
        var diary = HouseDiary()
        for event in events { diary.note(event) }
        return RoutineMiner(diary, rules: rules).routines()
    }

    /// Which of the planted routines it is, `nil` for none.
    static func meaning(_ routine: Routine) -> String? {
        guard routine.steps.count == 1, let step = routine.steps.first else { return nil }
        let deed = "\(step.action.service) \(step.entity)"
        let isRight =
            switch (step.entity, routine.cause) {
            case ("light.hall_lamp", .event(let entity, let state)):
                arrivals.contains(entity) && (state == "home" || state == "on")
            case ("switch.coffee_machine", .time(let minute)): abs(minute - 420) <= 15 && routine.occasion == .weekdays
            case ("light.living_lamp", .event(let entity, let state)):
                entity == "media_player.television" && state == "playing"
            default: false
            }
        return isRight && planted.contains(deed) ? deed : nil
    }

    @Test(arguments: UInt64(1)...8)
    func findsThePlantedRoutinesAndAtMostOneMore(seed: UInt64) {
        let routines = Self.routines(SyntheticHouse.events(seed: seed))
        let found = Set(routines.compactMap(Self.meaning))
        #expect(found == Self.planted, "Seed \(seed)")
        let others = routines.filter { Self.meaning($0) == nil }
        #expect(others.count <= 1, "Seed \(seed): \(others.map { "\($0.cause) \($0.steps)" })")
    }

    @Test(arguments: UInt64(101)...104)
    func findsAtMostOneRoutineInNoise(seed: UInt64) {
        let routines = Self.routines(SyntheticHouse.events(seed: seed, routines: false))
        #expect(routines.count <= 1, "Seed \(seed): \(routines.map { "\($0.cause) \($0.steps)" })")
    }

    /// Somebody comes home once a day, at another hour each day, and somebody or something does the rest.
    private static func arrivals(then deeds: (_ day: Int, _ time: Int) -> [DecisionEvent]) -> [DecisionEvent] {
        (0..<14).flatMap { day -> [DecisionEvent] in
            let time = SyntheticHouse.start + day * 86_400_000 + 28_800_000 + day * 7 % 14 * 2_400_000
            return [
                change("person.anna", "home", "not_home", at: time - 20_000_000, "leave \(day)"),
                change("person.anna", "not_home", "home", at: time, "home \(day)"),
            ] + deeds(day, time)
        }
    }

    private static func change(
        _ entity: String, _ from: String, _ to: String, at time: Int, _ context: String
    ) -> DecisionEvent {
        DecisionEvent(
            .change(entity: entity, from: from, to: to), at: Timestamp(microseconds: Int64(time) * 1_000),
            context: context, hasUser: true)
    }

    private static func lamp(_ name: String, on time: Int, _ context: String) -> [DecisionEvent] {
        [
            change(name, "off", "on", at: time, context),
            change(name, "on", "off", at: time + 4_000_000, "\(context) off"),
        ]
    }

    @Test func takesWhatOneTouchDoesForOneRoutine() throws {
        let routines = Self.routines(
            Self.arrivals { day, time in
                let touch = time + 30_000 + day * 3_000
                return
                    (Self.lamp("light.a", on: touch, "scene \(day)") + Self.lamp("light.b", on: touch, "scene \(day)"))
                    .sorted { $0.time < $1.time }
            })
        let evening = try #require(routines.first { $0.steps.contains { $0.action.service == "light.turn_on" } })
        #expect(evening.cause == .event(entity: "person.anna", state: "home"))
        #expect(evening.steps.map(\.entity) == ["light.a", "light.b"])
    }

    @Test func doesNotTakeMachinesForPeople() {
        // At once, and always after the same time.
        for delay in [500, 60_000] {
            let routines = Self.routines(
                Self.arrivals { day, time in Self.lamp("light.a", on: time + delay, "touch \(day)") })
            #expect(!routines.contains { $0.steps.contains { $0.action.service == "light.turn_on" } }, "\(delay) ms")
        }
    }

    /// Many fortnights of seeds that the rules were not chosen by, for the figures: HA_BRIDGE_TEST_FORTNIGHTS says how many.
    @Test(.enabled(if: SyntheticHouse.survey > 0))
    func survey() {
        var missed = 0
        var others = 0
        var worst = 0
        var inNoise = 0
        for seed in 100_001...100_000 + UInt64(SyntheticHouse.survey) {
            let routines = Self.routines(SyntheticHouse.events(seed: seed))
            missed += Self.planted.subtracting(routines.compactMap(Self.meaning)).count
            let wrong = routines.count { Self.meaning($0) == nil }
            others += wrong
            worst = max(worst, wrong)
            inNoise += Self.routines(SyntheticHouse.events(seed: seed, routines: false)).count
        }
        print(
            "\(SyntheticHouse.survey) fortnights: \(missed) of \(3 * SyntheticHouse.survey) routines missed, \(others) others,",
            "\(worst) at most in one; \(inNoise) in as many fortnights of noise.")
    }
}
