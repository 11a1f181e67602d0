import BridgeCore
import Store
import Testing

@testable import Automation

@Suite struct AutomationAnalysisTests {
    private static let now = Timestamp(microseconds: 1_795_000_000_000_000)

    private static func ago(days: Double) -> Timestamp { now.adding(seconds: -Int64(days * 86_400)) }

    private static func automation(
        state: LifecycleState = .active, known days: Double = 400, configuration: String? = nil,
        runs: [DecisionAutomation.Run] = []
    ) -> DecisionAutomation {
        DecisionAutomation(
            id: AutomationID(), name: "Night light", entityID: "automation.night_light", mode: "single", state: state,
            firstSeenAt: ago(days: days), lastSeenAt: ago(days: 0.1), lastRunAt: nil, configuration: configuration,
            runs: runs)
    }

    private static func runs(
        _ count: Int, every days: Double, from first: Double = 0.5, _ status: ExecutionStatus = .success
    ) -> [DecisionAutomation.Run] {
        (0..<count).map { DecisionAutomation.Run(at: ago(days: first + Double($0) * days), status) }
    }

    private func topics(_ automation: DecisionAutomation, observed: Int = 90, gone: [String: String?] = [:]) -> [String]
    {
        AutomationAnalysis(now: Self.now, observedDays: observed, gone: gone).drafts(of: automation).map { draft in
            String(draft.subjectKey.dropLast(37))
        }
    }

    // MARK: Retirement

    @Test func retiresWhatHasNotRunForLongByItsOwnMeasure() {
        let idle = Self.automation(runs: Self.runs(20, every: 1, from: 95))
        #expect(topics(idle) == ["retire:idle"])
        // Not for 89 days; runs every month; the house was not seen; blocked triggers are no runs.
        #expect(topics(Self.automation(runs: Self.runs(20, every: 1, from: 89))).isEmpty)
        #expect(topics(Self.automation(runs: Self.runs(20, every: 30, from: 95))).isEmpty)
        #expect(topics(idle, observed: 50).isEmpty)
        var triggered = idle
        triggered.runs.insert(DecisionAutomation.Run(at: Self.ago(days: 1), .blocked), at: 0)
        #expect(topics(triggered) == ["retire:idle"])
    }

    @Test func retiresWhatHasNeverRunOnlyWhenKnownForLong() {
        #expect(topics(Self.automation(known: 100)) == ["retire:idle"])
        #expect(topics(Self.automation(known: 80)).isEmpty)
    }

    @Test func believesTheRunThatIsNoLongerAmongItsRuns() {
        var automation = Self.automation()
        automation.lastRunAt = Self.ago(days: 10)
        #expect(topics(automation).isEmpty)
    }

    @Test(arguments: [
        #"{"triggers":[{"trigger":"state","entity_id":["light.a","light.b"]}],"actions":[{"action":"light.turn_on","target":{"entity_id":"light.c"}}]}"#,
        #"{"trigger":{"platform":"state","entity_id":"light.a, light.b"},"action":[{"service":"light.turn_on","entity_id":["light.c"]}]}"#,
    ])
    func retiresWhatCannotBeginOrDoAnything(configuration: String) {
        let automation = Self.automation(configuration: configuration, runs: Self.runs(5, every: 1))
        #expect(topics(automation, gone: ["light.a": nil, "light.b": nil]) == ["retire:broken"])
        #expect(topics(automation, gone: ["light.c": nil]) == ["retire:broken"])
        // One of two triggers, and one that goes on under another name, can be mended.
        #expect(topics(automation, gone: ["light.a": nil]) == ["optimize:mend:light.a"])
        #expect(topics(automation, gone: ["light.c": "light.d"]) == ["optimize:mend:light.c"])
        #expect(topics(automation).isEmpty)
    }

    @Test func keepsWhatAlsoWorksWithoutTheEntity() {
        let configuration = #"""
            {"triggers":[{"trigger":"state","entity_id":"light.a"},{"trigger":"time","at":"07:00:00"}],
            "actions":[{"action":"notify.all","data":{"message":"{{ states('light.a') }}"}}]}
            """#
        let automation = Self.automation(configuration: configuration, runs: Self.runs(5, every: 1))
        #expect(topics(automation, gone: ["light.a": nil]) == ["optimize:mend:light.a"])
        #expect(
            topics(Self.automation(configuration: "no JSON", runs: Self.runs(5, every: 1)), gone: ["light.a": nil])
                .isEmpty)
    }

    // MARK: Optimization

    @Test func noticesWhatIsBlockedInMostTriggers() throws {
        let blocked = Self.runs(45, every: 0.2, .blocked) + Self.runs(5, every: 1)
        let automation = Self.automation(runs: blocked)
        #expect(topics(automation) == ["optimize:blocked"])
        #expect(topics(Self.automation(runs: Self.runs(12, every: 0.2, .blocked) + Self.runs(8, every: 1))).isEmpty)
        // Long ago is not now.
        #expect(
            topics(Self.automation(runs: Self.runs(5, every: 1) + Self.runs(45, every: 0.2, from: 40, .blocked)))
                .isEmpty)
        let busy = (0..<30).map {
            DecisionAutomation.Run(at: Self.ago(days: Double($0) / 2), .blocked, outcome: "failed_single")
        }
        let draft = try #require(
            AutomationAnalysis(now: Self.now, observedDays: 90).drafts(
                of: Self.automation(runs: busy + Self.runs(1, every: 1))
            ).first)
        #expect(draft.description.contains("mode"))
    }

    @Test func noticesWhatPeopleUndo() {
        func runs(_ undone: Int, of count: Int) -> [DecisionAutomation.Run] {
            (0..<count).map {
                DecisionAutomation.Run(
                    at: Self.ago(days: Double($0) / 2), .success, milliseconds: 100, isChecked: true,
                    isOverridden: $0 < undone)
            }
        }
        #expect(topics(Self.automation(runs: runs(10, of: 20))) == ["optimize:undone"])
        #expect(topics(Self.automation(runs: runs(2, of: 3))).isEmpty)
        #expect(topics(Self.automation(runs: runs(3, of: 40))).isEmpty)
    }

    @Test func noticesWhatHasBecomeSlower() {
        func runs(latest: Int) -> [DecisionAutomation.Run] {
            (0..<40).map {
                DecisionAutomation.Run(
                    at: Self.ago(days: Double($0) / 2), .success, milliseconds: ($0 < 10 ? latest : 1_000) + $0 % 7)
            }
        }
        #expect(topics(Self.automation(runs: runs(latest: 2_500))) == ["optimize:slower"])
        #expect(topics(Self.automation(runs: runs(latest: 1_200))).isEmpty)
        #expect(topics(Self.automation(runs: runs(latest: 400))).isEmpty)
    }
}
