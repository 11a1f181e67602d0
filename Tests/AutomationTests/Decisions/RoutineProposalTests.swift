import BridgeCore
import Store
import Testing

@testable import Automation

@Suite struct RoutineProposalTests {
    private func routine(_ cause: Routine.Cause, _ occasion: RoutineOccasion = .always) throws -> Routine {
        Routine(
            cause: cause, occasion: occasion,
            steps: [
                Routine.Step(
                    entity: "light.hall", action: try #require(RoutineAction(entity: "light.hall", state: "on")))
            ],
            support: 13, days: 12, opportunities: 14, expected: 0.5, coverage: 0.6, probability: 1e-12, spread: 30,
            delay: 45, contexts: [])
    }

    private func proposal(_ routine: Routine, _ version: String?) -> RoutineProposal {
        RoutineProposal(routine: routine, names: ["light.hall": "Hall"], version: version)
    }

    @Test func proposesAReadyConfigurationInTheSpellingOfTheRelease() throws {
        let routine = try routine(.event(entity: "person.anna", state: "home"), .dark)
        let new = proposal(routine, "2025.4.4").configuration
        #expect(new["triggers"]?.list.first?["trigger"] == .string("state"))
        #expect(new["actions"]?.list.first?["action"] == .string("light.turn_on"))
        #expect(new["conditions"]?.list.first?["entity_id"] == .string("sun.sun"))
        for version in ["2024.3.3", nil, "unknown"] {
            let old = proposal(routine, version).configuration
            #expect(old["trigger"]?.list.first?["platform"] == .string("state"), "\(version ?? "none")")
            #expect(old["action"]?.list.first?["service"] == .string("light.turn_on"))
            #expect(old["triggers"] == nil)
        }
    }

    @Test func saysWhatAndWhyInWords() throws {
        let draft = proposal(try routine(.time(minute: 425), .weekdays), "2025.4.4").draft(input: .null)
        #expect(draft.type == .creation)
        #expect(draft.description == "Let Home Assistant switch on “Hall” at 07:05 on weekdays.")
        #expect(draft.reason.hasPrefix("On 13 of 14 such days, people did this by hand around that time."))
        let output = try #require(JSONValue(draft.output))
        #expect(output["configuration"]?["triggers"]?.list.first?["at"] == .string("07:05:00"))
        #expect(output["support"] == .integer(13))
        #expect(abs(draft.confidence - 87.5) < 0.001)
    }

    @Test func neverProposesToUnlock() {
        #expect(RoutineAction(entity: "lock.door", state: "unlocked") == nil)
        #expect(RoutineAction(entity: "alarm_control_panel.house", state: "disarmed") == nil)
        #expect(RoutineAction(entity: "valve.gas", state: "open") == nil)
        #expect(RoutineAction(entity: "lock.door", state: "locked")?.isDelicate == true)
    }

    @Test func timesCloseToEachOtherAreTheSameThing() throws {
        func keys(_ minute: Int) throws -> Set<String> { Set(RoutineProposal.keys(try routine(.time(minute: minute)))) }
        let seven = try keys(420)
        let midnight = try keys(1_435)
        #expect(try seven.isDisjoint(with: keys(445)) == false)
        #expect(try midnight.isDisjoint(with: keys(5)) == false)
        #expect(try seven.isDisjoint(with: keys(600)))
    }

    @Test func longKeysFitTheColumn() {
        let name = String(repeating: "a", count: 250)
        let key = SubjectKey.fitting("routine:after:light.\(name)=on:light.turn_on:light.\(name)")
        let other = SubjectKey.fitting("routine:after:light.\(name)=on:light.turn_on:light.\(name)b")
        #expect(key.unicodeScalars.count == 255)
        #expect(key != other)
    }
}
