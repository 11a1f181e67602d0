import BridgeCore
import Store
import Testing

@testable import Automation

@Suite struct HouseDiaryTests {
    private func event(
        _ entity: String, _ from: String?, _ to: String, _ second: Int64, live: Bool = true, context: String? = "c",
        parent: String? = nil, user: Bool = false
    ) -> DecisionEvent {
        DecisionEvent(
            .change(entity: entity, from: from, to: to), at: Timestamp(microseconds: second * 1_000_000), isLive: live,
            context: context, parent: parent, hasUser: user)
    }

    private func cause(_ event: DecisionEvent, after run: String? = nil) -> HouseDiary.Cause? {
        var diary = HouseDiary()
        if let run { diary.note(DecisionEvent(.run, at: Timestamp(microseconds: 0), context: run)) }
        diary.note(event)
        return diary.changes.last?.cause
    }

    @Test func tellsPeopleFromMachines() {
        #expect(cause(event("light.a", "off", "on", 1, user: true)) == .user)
        #expect(cause(event("light.a", "off", "on", 1)) == .hand)
        #expect(cause(event("light.a", "off", "on", 1, parent: "p")) == .run)
        // A run that the clock began has no parent.
        #expect(cause(event("light.a", "off", "on", 1), after: "c") == .run)
        // A script that a person started does the rest.
        #expect(cause(event("light.a", "off", "on", 1, parent: "p", user: true)) == .run)
        #expect(cause(event("light.a", "unavailable", "on", 1)) == .unknown)
        #expect(cause(event("light.a", "off", "on", 1, live: false)) == .unknown)
        #expect(cause(event("light.a", "off", "on", 1, context: nil)) == .unknown)
    }

    @Test func keepsItsMemoryBounded() {
        var diary = HouseDiary(capacity: 1_000)
        for second in 0..<50_000 as Range<Int64> {
            diary.note(
                event("binary_sensor.busy", second % 2 == 0 ? "off" : "on", second % 2 == 0 ? "on" : "off", second))
            if second % 500 == 0 { diary.note(event("light.a", "off", second % 1_000 == 0 ? "on" : "off", second)) }
        }
        #expect(diary.changes.count <= 1_000)
        #expect(diary.crowdedOut == 1)
        #expect(diary.changes.count { diary.entityName($0.situation) == "light.a" } == 100)
    }

    @Test func leavesOutEntitiesWithManyStates() {
        var diary = HouseDiary()
        for step in 0..<100 { diary.note(event("sensor.words", "a", "word \(step)", Int64(step))) }
        #expect(diary.changes.count < 30)
        #expect(!diary.isComplete(0))
    }

    @Test func readsTheClockOnTheWall() {
        var diary = HouseDiary()
        // 23:30 UTC on the first day is half past midnight of the second in a house an hour ahead.
        var late = event("light.a", "off", "on", 84_600)
        late.zoneOffset = 3_600
        diary.note(late)
        #expect(diary.localSecond(84_600_000) == (1, 1_800))
        #expect(diary.observedDays() == [1])
    }
}
