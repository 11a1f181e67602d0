import BridgeCore
import HomeAssistantClient
import Store
import TestSupport
import Testing

@testable import Automation

/// Replays of triggers; no database.
@Suite struct BacktestTests {
    /// Saturday, 2026-11-21, 00:00 UTC.
    private static let midnight = Timestamp(microseconds: 1_795_219_200_000_000)

    private static func at(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: midnight.microseconds + Int64(seconds * 1_000_000))
    }

    /// The examples, the oldest first.
    private static func seconds(_ result: Backtest) -> [Int64] {
        result.examples.reversed().map { ($0.microseconds - midnight.microseconds) / 1_000_000 }
    }

    private static func configuration(_ json: String) throws -> ConfigurationValue {
        ConfigurationSpelling.normalised(try #require(ConfigurationValue(json: json)))
    }

    private static func run(
        _ json: String, _ events: [ReplayEvent], days: Double = 1, clock: ReplayClock = ReplayClock(),
        now: [String: String] = [:]
    ) throws -> Backtest {
        Backtest.run(
            try configuration(json), events: events, from: at(0), until: at(days * 86_400), clock: clock, now: now)
    }

    private static func change(_ seconds: Double, _ entity: String, _ old: String?, _ new: String?) -> ReplayEvent {
        ReplayEvent(at: at(seconds), entity: entity, old: old, new: new)
    }

    @Test func statesAreHeardAsHomeAssistantHearsThem() throws {
        let events = [
            Self.change(10, "light.a", "off", "on"), Self.change(20, "light.a", "on", "off"),
            Self.change(30, "light.a", "off", "unavailable"), Self.change(40, "light.a", "unavailable", "on"),
            Self.change(45, "light.a", "on", "on"), Self.change(50, "light.b", "off", "on"),
        ]
        func count(_ trigger: String) throws -> Int {
            try Self.run(#"{"triggers": [{"trigger": "state", "entity_id": "light.a"\#(trigger)}]}"#, events).count
        }
        #expect(try count("") == 5)
        #expect(try count(#", "to": "on""#) == 2)
        #expect(try count(#", "to": null"#) == 4)
        #expect(try count(#", "from": "off", "to": ["on", "dim"]"#) == 1)
        #expect(try count(#", "not_from": ["unavailable"], "to": "on""#) == 1)
        #expect(try count(#", "to": "on", "for": "00:00:10""#) == 2)
        #expect(try count(#", "to": "on", "for": {"seconds": 11}"#) == 1)
    }

    @Test func numbersCountWhenTheyComeIntoTheRange() throws {
        let states = ["5", "12", "15", "unavailable", "14", "3", "x", "11"]
        let events = states.enumerated().map { index, state in
            Self.change(Double(index) * 10, "sensor.t", index == 0 ? nil : states[index - 1], state)
        }
        let result = try Self.run(
            #"{"triggers": [{"trigger": "numeric_state", "entity_id": "sensor.t", "above": 10}]}"#, events)
        #expect(Self.seconds(result) == [10, 40, 70])
    }

    @Test func timesAreThoseOfTheHouse() throws {
        // An hour ahead of UTC, two from noon on.
        let clock = ReplayClock([
            .init(from: Self.at(0), seconds: 3_600), .init(from: Self.at(43_200), seconds: 7_200),
        ])
        let result = try Self.run(
            #"{"triggers": [{"trigger": "time", "at": ["06:30", "20:00:15"]}]}"#, [], clock: clock)
        #expect(Self.seconds(result) == [19_800, 64_815])
        let weekday = try Self.run(
            #"{"triggers": [{"trigger": "time", "at": "12:00"}], "conditions": [{"condition": "time", "weekday": ["sun"]}]}"#,
            [], days: 7)
        #expect(weekday.count == 1 && weekday.blocked == 6 && weekday.examples == [Self.at(86_400 + 43_200)])
    }

    @Test func patternsCountAsOftenAsTheyFit() throws {
        for (pattern, count) in [
            (#""minutes": "/5""#, 288), (#""hours": 7"#, 1), (#""hours": "/6", "minutes": 30"#, 4),
            (#""seconds": "/30""#, 2_880), (#""minutes": "*", "seconds": 10"#, 1_440),
        ] {
            let result = try Self.run(#"{"triggers": [{"trigger": "time_pattern", \#(pattern)}]}"#, [])
            #expect(result.count == count && result.busiestDay == count, "\(pattern)")
        }
    }

    @Test func conditionsAreJudgedAtTheMoment() throws {
        let events = [
            Self.change(10, "binary_sensor.m", "off", "on"),
            Self.change(15, "sun.sun", "above_horizon", "below_horizon"),
            Self.change(20, "binary_sensor.m", "on", "off"), Self.change(30, "binary_sensor.m", "off", "on"),
        ]
        let dark =
            #"{"triggers": [{"trigger": "state", "entity_id": "binary_sensor.m", "to": "on"}], "conditions": [CONDITION]}"#
        func counts(_ condition: String, now: [String: String] = [:]) throws -> [Int] {
            let result = try Self.run(dark.replacing("CONDITION", with: condition), events, now: now)
            return [result.count, result.blocked, result.gaps.count]
        }
        let sun = #"{"condition": "state", "entity_id": "sun.sun", "state": "below_horizon"}"#
        #expect(try counts(sun) == [1, 1, 0])
        #expect(try counts(#"{"not": [\#(sun)]}"#) == [1, 1, 0])
        #expect(try counts(#"{"or": [\#(sun), {"condition": "template", "value_template": "{{ x }}"}]}"#) == [2, 0, 1])
        #expect(
            try counts(#"{"and": [\#(sun), {"condition": "template", "value_template": "{{ x }}"}]}"#) == [1, 1, 1])
        let home = #"{"condition": "state", "entity_id": "person.ada", "state": ["home"]}"#
        #expect(try counts(home, now: ["person.ada": "home"]) == [2, 0, 0])
        #expect(try counts(home, now: ["person.ada": "away"]) == [0, 2, 0])
        #expect(try counts(#"{"condition": "time", "after": "23:00", "before": "00:00:20"}"#) == [1, 1, 0])
    }

    @Test func whatCannotBeReplayedIsSaid() throws {
        let result = try Self.run(
            #"""
            {"triggers": [{"trigger": "webhook", "webhook_id": "x"}, {"trigger": "time", "at": "input_datetime.wake"},
            {"trigger": "numeric_state", "entity_id": "sensor.a", "above": "sensor.b"}, {"trigger": "state"},
            {"trigger": "template", "value_template": "{{ x }}"}, {"trigger": "sun", "event": "sunset"},
            {"trigger": "state", "entity_id": "light.a", "enabled": false}]}
            """#, [])
        #expect(result.gaps.count == 6 && !result.isTelling && result.perDay == nil, "\(result.gaps)")
    }

    @Test func eventsFitByTheirData() throws {
        let events = [#"{"room": "hall", "n": 1}"#, #"{"room": "bath"}"#, "null"].enumerated().map {
            ReplayEvent(at: Self.at(Double($0.offset)), type: "bell", data: $0.element)
        }
        let some = #"{"triggers": [{"trigger": "event", "event_type": "bell", "event_data": {"room": "hall"}}]}"#
        #expect(try Self.run(some, events).count == 1)
        #expect(try Self.run(#"{"triggers": [{"trigger": "event", "event_type": ["bell", "x"]}]}"#, events).count == 3)
    }

    // MARK: Against brute force

    /// Every second by itself, as slowly and as plainly as can be.
    private static func slowly(_ events: [ReplayEvent], to: String?, from: String?, held: Int, seconds: Int) -> [Int] {
        var fired: [Int] = []
        var since: Int?
        for second in 0..<seconds {
            if let start = since, second - start == held, held > 0 {
                fired.append(second)
                since = nil
            }
            for event in events where Int((event.time.microseconds - midnight.microseconds) / 1_000_000) == second {
                guard event.old != event.new else { continue }
                since = nil
                guard to == nil || event.new == to, from == nil || event.old == from else { continue }
                if held == 0 { fired.append(second) } else { since = second }
            }
        }
        return fired
    }

    @Test func replaysAreWhatBruteForceFinds() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var state = "off"
            var events: [ReplayEvent] = []
            var second = 0
            while events.count < 40 {
                second += Int.random(in: 1...9, using: &generator)
                let next = ["on", "off", "dim"].randomElement(using: &generator) ?? "on"
                events.append(Self.change(Double(second), "light.a", state, next))
                state = next
            }
            let seconds = second + 20
            let to = ["on", "off", nil].randomElement(using: &generator) ?? nil
            let from = ["dim", nil].randomElement(using: &generator) ?? nil
            let held = Int.random(in: 0...6, using: &generator)
            var trigger = #"{"trigger": "state", "entity_id": "light.a""#
            trigger += to.map { #", "to": "\#($0)""# } ?? #", "to": null"#
            if let from { trigger += #", "from": "\#(from)""# }
            if held > 0 { trigger += #", "for": {"seconds": \#(held)}"# }
            let shape = StateTrigger(try #require(ConfigurationValue(json: trigger + "}")))
            let found = try shape.times(events, until: Self.at(Double(seconds)))
            let expected = Self.slowly(events, to: to, from: from, held: held, seconds: seconds)
            #expect(found == expected.map { Self.at(Double($0)) }, "seed \(seed): \(trigger)")
        }
    }
}
