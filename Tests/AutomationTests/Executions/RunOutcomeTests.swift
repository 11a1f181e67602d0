import BridgeCore
import HomeAssistantClient
import Store
import Testing

@testable import Automation

@Suite struct RunOutcomeTests {
    private static let start = Timestamp(microseconds: 1_795_272_000_000_000)

    private static func detail(
        _ word: String?, _ steps: [TraceDetail.Step] = [], error: String? = nil, isRunning: Bool = false
    ) -> TraceDetail {
        TraceDetail(
            entry: TraceEntry(
                itemID: "a", runID: "r", isRunning: isRunning, startedAt: start,
                finishedAt: isRunning ? nil : start.adding(seconds: 1), scriptExecution: word, error: error),
            steps: steps)
    }

    private static func step(
        _ path: String, _ outcome: TraceDetail.Step.Outcome = .reached, error: String? = nil
    ) -> TraceDetail.Step { TraceDetail.Step(path: path, at: start, outcome: outcome, error: error) }

    @Test(arguments: [
        ("finished", ExecutionStatus.success), ("error", .failure), ("aborted", .aborted), ("cancelled", .cancelled),
        ("failed_conditions", .blocked), ("failed_single", .blocked), ("failed_max_runs", .blocked),
        ("disallowed_recursion_detected", .failure), ("a_word_of_tomorrow", .unknown),
    ])
    func wordsOfHomeAssistant(_ word: String, _ status: ExecutionStatus) {
        #expect(RunOutcome(Self.detail(word)).status == status)
        #expect(RunOutcome(Self.detail(word).entry).status == status)
    }

    @Test func aRunUnderWayIsNothingElse() {
        #expect(RunOutcome(Self.detail(nil, isRunning: true)).status == .running)
    }

    @Test func withoutAWordAnErrorCounts() {
        #expect(RunOutcome(Self.detail(nil, error: "Boom")) == RunOutcome(Self.detail("error", error: "Boom")))
        #expect(RunOutcome(Self.detail(nil)).status == .unknown)
    }

    /// Home Assistant says finished of a run that was switched off in its last step.
    @Test func interruptedInItsLastStep() {
        let delay = Self.step("action/1", .delay(isDone: false))
        #expect(RunOutcome(Self.detail("finished", [Self.step("action/0"), delay])).status == .cancelled)
        let done = Self.step("action/1", .delay(isDone: true))
        #expect(RunOutcome(Self.detail("finished", [Self.step("action/0"), done])).status == .success)
        let waiting = Self.step("action/1", .wait(isCompleted: false, isTimeout: false))
        #expect(RunOutcome(Self.detail("finished", [waiting])).status == .cancelled)
        let timeout = Self.step("action/1", .wait(isCompleted: false, isTimeout: true))
        #expect(RunOutcome(Self.detail("finished", [timeout])).status == .success)
        #expect(RunOutcome(Self.detail("finished", [waiting, Self.step("action/2")])).status == .success)
    }

    @Test func sayWhyItWasAborted() {
        let stop = Self.step("action/0", .stop(isError: true), error: "planned error")
        #expect(RunOutcome(Self.detail("aborted", [stop])).error == "planned error")
        let wait = Self.step("action/2", .wait(isCompleted: false, isTimeout: true), error: "TimeoutError")
        #expect(
            RunOutcome(Self.detail("aborted", [wait])).error == "What it waited for at action/2 did not come in time.")
        let condition = [
            Self.step("action/0/if/condition/0", .condition(false)), Self.step("action/1", .condition(false)),
            Self.step("action/1/entity_id/0", .condition(false)),
        ]
        #expect(RunOutcome(Self.detail("aborted", condition)).error == "The condition at action/1 did not hold.")
        #expect(RunOutcome(Self.detail("aborted")).error == nil)
    }

    @Test func errorsOfStepsAreToldWhereTheRunHasNone() {
        let step = Self.step("condition/0", error: "unknown entity sensor.x")
        #expect(RunOutcome(Self.detail("failed_conditions", [step])).error == "unknown entity sensor.x")
        #expect(RunOutcome(Self.detail("error", [step], error: "Own")).error == "Own")
        #expect(RunOutcome(Self.detail("finished", [step])).error == nil)
    }

    @Test func theSummaryHoldsStepsAndNoSecrets() throws {
        let secret = "https://ann:hunter2@example.org/ refused password=hunter2"
        let run = ObservedRun(
            Self.detail(
                "error",
                [
                    Self.step("trigger/0"), Self.step("action/0", .called("light.turn_on")),
                    Self.step("action/0", .called("light.turn_on")), Self.step("action/1", error: secret),
                ], error: secret), of: AutomationID())
        let json = try #require(run.traceSummary)
        #expect(json.contains(#""outcome":"called","path":"action/0","times":2,"what":"light.turn_on""#))
        #expect(json.contains(#""outcome":"error""#))
        #expect(!json.contains("hunter2") && run.errorMessage?.contains("hunter2") == false)
    }

    @Test func aSummaryIsBounded() {
        let steps = (0..<500).map { Self.step("action/\($0)", error: String(repeating: "x", count: 5_000)) }
        let summary = TraceSummary(Self.detail("finished", steps))
        #expect(summary.steps.count == 50 && summary.left_out == 450 && summary.steps.last?.path == "action/499")
        #expect((summary.json?.utf8.count ?? 0) < 25_000)
    }
}

@Suite struct TraceScheduleTests {
    private let zero = ContinuousClock.now

    private func schedule() -> TraceSchedule {
        TraceSchedule(firstPoll: .milliseconds(100), lastPoll: .milliseconds(400))
    }

    @Test func askingManyTimesIsOneLookAndOneAfterIt() {
        var schedule = schedule()
        for _ in 0..<5 { schedule.ask("a", at: zero) }
        #expect(schedule.take(4, at: zero) == ["a"])
        schedule.ask("a", at: zero)
        schedule.ask("a", at: zero)
        #expect(schedule.take(4, at: zero) == [] && schedule.next == nil)
        schedule.looked(at: "a", new: 0, isBusy: false, at: zero)
        #expect(schedule.take(4, at: zero) == ["a"])
        schedule.looked(at: "a", new: 1, isBusy: false, at: zero)
        #expect(schedule.take(4, at: zero + .seconds(9)) == [] && schedule.next == nil)
    }

    @Test func aBurstIsLookedAtUntilItIsCalm() {
        var schedule = schedule()
        schedule.ask("a", at: zero)
        _ = schedule.take(1, at: zero)
        schedule.looked(at: "a", new: 2, isBusy: false, at: zero)
        var now = zero
        var pauses: [Duration] = []
        while let next = schedule.next {
            pauses.append(next - now)
            now = next
            _ = schedule.take(1, at: now)
            schedule.looked(at: "a", new: 0, isBusy: false, at: now)
        }
        #expect(pauses == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
    }

    @Test func theLongestWaitingComesFirst() {
        var schedule = schedule()
        schedule.ask("b", at: zero)
        schedule.ask("a", at: zero + .milliseconds(1))
        schedule.ask("c", at: zero + .seconds(1))
        #expect(schedule.take(1, at: zero + .milliseconds(5)) == ["b"])
        #expect(schedule.take(9, at: zero + .milliseconds(5)) == ["a"])
        schedule.failed("b", retry: zero + .seconds(2))
        #expect(schedule.next == zero + .seconds(1))
    }
}

@Suite struct RunLedgerTests {
    private func entry(_ run: String, isRunning: Bool = false, step: String? = nil, context: String? = "c")
        -> TraceEntry
    {
        TraceEntry(
            itemID: "a", runID: run, isRunning: isRunning, startedAt: Timestamp(microseconds: 0), lastStep: step,
            contextID: context)
    }

    @Test func tellsEachChangeOnce() {
        var ledger = RunLedger()
        var news = ledger.take([entry("1", isRunning: true)], of: "a")
        #expect(news.running.map(\.runID) == ["1"] && news.ended.isEmpty && news.new == 1 && news.isBusy)
        news = ledger.take([entry("1", isRunning: true)], of: "a")
        #expect(news.running.isEmpty && news.new == 0 && news.isBusy)
        news = ledger.take([entry("1"), entry("2")], of: "a")
        #expect(news.ended.map(\.runID) == ["1", "2"] && news.new == 1 && !news.isBusy)
        news = ledger.take([entry("1"), entry("2")])
        #expect(news.ended.isEmpty && news.new == 0)
    }

    @Test func forgetsWhatIsGoneAndWaitsForContexts() {
        var ledger = RunLedger()
        _ = ledger.take([entry("1")], of: "a")
        #expect(ledger.take([], of: "a").new == 0)
        #expect(ledger.take([entry("1")]).ended.count == 1)
        #expect(ledger.take([entry("2", isRunning: true, context: nil)]).running.isEmpty)
        #expect(ledger.take([entry("2", isRunning: true)]).running.count == 1)
    }
}
