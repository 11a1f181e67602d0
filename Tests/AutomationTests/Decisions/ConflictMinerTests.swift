import BridgeCore
import Store
import Testing

@testable import Automation

@Suite struct ConflictMinerTests {
    private static let start: Int64 = 1_794_000_000_000_000
    private let first = AutomationID()
    private let second = AutomationID()

    /// One automation sets a cover, and the other sets it back after `seconds`, twice a day.
    private func conflicts(after seconds: Int, days: Int = 5, touchedBetween: Bool = false) -> [ConflictMiner.Conflict]
    {
        var runs: [(context: String, automation: AutomationID)] = []
        var events: [DecisionEvent] = []
        func change(_ from: String, _ to: String, _ time: Int64, _ context: String?) {
            events.append(
                DecisionEvent(
                    .change(entity: "cover.hall", from: from, to: to), at: Timestamp(microseconds: time),
                    context: context))
        }
        for round in 0..<(2 * days) {
            let time = Self.start + Int64(round) * 43_200_000_000
            runs += [("a\(round)", first), ("b\(round)", second)]
            change("closed", "open", time, "a\(round)")
            if touchedBetween { change("open", "ajar", time + 1_000_000, "hand\(round)") }
            change(touchedBetween ? "ajar" : "open", "closed", time + Int64(seconds) * 1_000_000, "b\(round)")
        }
        var diary = HouseDiary(runs: runs)
        // The state before the first change is known as it is in life: from the snapshot.
        diary.note(
            DecisionEvent(
                .change(entity: "cover.hall", from: nil, to: "closed"),
                at: Timestamp(microseconds: Self.start - 1_000_000)))
        for event in events { diary.note(event) }
        return ConflictMiner(diary: diary).conflicts()
    }

    @Test func findsTwoThatSetOneEntityBackAndForth() throws {
        let conflict = try #require(conflicts(after: 4).first)
        #expect(Set(conflict.automations) == [first, second])
        #expect(conflict.entity == "cover.hall")
        #expect(conflict.reversals >= 9)
        let draft = conflict.draft(automationNames: [first: "One"], names: ["cover.hall": "Hall"], input: .null)
        #expect(draft.description.contains("“Hall”"))
    }

    @Test func leavesAloneWhatIsNoFight() {
        // A lamp that another automation switches off after a while; twice in a day; a hand between the two.
        #expect(conflicts(after: 180).isEmpty)
        #expect(conflicts(after: 4, days: 1).isEmpty)
        #expect(conflicts(after: 4, touchedBetween: true).isEmpty)
    }
}
