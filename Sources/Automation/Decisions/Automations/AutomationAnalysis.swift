import BridgeCore
import Store

#if canImport(Glibc)
    import Glibc
#endif

/// Finds automations that are of no use any more, and those that could be better, one by one, from their runs.
package struct AutomationAnalysis: Sendable {
    /// What it takes; measured in the tests.
    package struct Rules: Sendable, Equatable {
        /// Not run for so long, in days.
        package var idleDays = 90
        /// And for so many of its usual intervals.
        package var idleIntervals = 5.0
        /// The share of those days on which the house must have been seen, to say that nothing ran.
        package var leastSeen = 2.0 / 3
        /// Runs are compared within so many days.
        package var recentDays = 30
        package var leastTriggers = 20
        /// The share of triggers that came to nothing, at least and surely.
        package var leastBlocked = 0.6
        package var leastOverrides = 3
        package var leastOverridden = 0.1
        /// The newest runs, of which the duration is compared with that of the others.
        package var latestRuns = 10
        package var leastSlowdown = 1.5
        package var leastSlowdownMilliseconds = 500.0
        package var slowdownProbability = 0.0001

        package init() {}
    }

    package let now: Timestamp
    package let rules: Rules
    /// On how many of the last `rules.idleDays` days the house was seen.
    package let observedDays: Int
    /// The entities that are gone, each with the name under which it goes on.
    package let gone: [String: String?]

    package init(now: Timestamp, observedDays: Int, gone: [String: String?] = [:], rules: Rules = Rules()) {
        self.now = now
        self.observedDays = observedDays
        self.gone = gone
        self.rules = rules
    }

    /// All that is to be said of one automation. What is to be retired is not to be improved.
    package func drafts(of automation: DecisionAutomation) -> [DecisionDraft] {
        if let draft = broken(automation), draft.type == .retirement { return [draft] }
        if let draft = idle(automation) { return [draft] }
        return [broken(automation), blocked(automation), undone(automation), slower(automation)].compactMap { $0 }
    }

    // MARK: Retirement

    /// Its triggers or its targets are gone, all or some.
    private func broken(_ automation: DecisionAutomation) -> DecisionDraft? {
        let named = ConfigurationEntities(automation.configuration)
        let missing = named.all.filter { gone.keys.contains($0) }.sorted()
        guard !missing.isEmpty else { return nil }
        func isLost(_ entities: Set<String>) -> Bool {
            !entities.isEmpty && entities.allSatisfy { gone.keys.contains($0) && (gone[$0] ?? nil) == nil }
        }
        let neverStarts = isLost(named.triggers)
        let doesNothing = isLost(named.targets)
        let isDead = neverStarts || doesNothing
        let list = missing.joined(separator: ", ")
        let output: [String: JSONValue] = [
            "missing_entities": .array(missing.map { .string($0) }),
            "renamed": .object(
                Dictionary(
                    uniqueKeysWithValues: missing.compactMap { id in
                        (gone[id] ?? nil).map { (id, JSONValue.string($0)) }
                    })),
        ]
        let renames = missing.compactMap { id in (gone[id] ?? nil).map { "\(id) is \($0) now." } }
        if isDead {
            return draft(
                .retirement, automation, "Retire “\(automation.name)”: what it works with is gone.", "retire:broken",
                confidence: 95, output,
                """
                \(neverStarts ? "Everything that triggers it" : "Everything that it acts on") is gone from Home Assistant: \
                \(list). It can do nothing any more.
                """)
        }
        return draft(
            .optimization, automation, "Mend “\(automation.name)”: it names entities that are gone.",
            // Another entity that goes is another thing to mend.
            "optimize:mend:\(missing.joined(separator: ","))", confidence: 90, output,
            (["It names \(list), which Home Assistant no longer has."] + renames).joined(separator: " "))
    }

    /// It has not run for long, and for long by its own measure.
    private func idle(_ automation: DecisionAutomation) -> DecisionDraft? {
        guard automation.state != .unavailable, Double(observedDays) >= rules.leastSeen * Double(rules.idleDays),
            let seen = automation.lastSeenAt, days(since: seen) <= 7
        else { return nil }
        let runs = automation.runs.filter { $0.status != .blocked }
        let last = [automation.lastRunAt, runs.first?.startedAt].compactMap { $0 }.max()
        let silence = days(since: last ?? automation.firstSeenAt)
        guard silence >= Double(rules.idleDays) else { return nil }
        let switched = automation.state == .paused ? " It is switched off in Home Assistant." : ""
        guard let last else {
            return draft(
                .retirement, automation, "Retire “\(automation.name)”: it has never run.", "retire:idle",
                confidence: 75,
                ["days_without_run": .integer(Int64(silence))],
                "It has not run once in the \(Int(silence)) days that the bridge has known it.\(switched)")
        }
        let gaps = zip(runs, runs.dropFirst()).map { Double($0.startedAt.microseconds - $1.startedAt.microseconds) }
        let usual = Statistics.median(gaps).map { $0 / 86_400_000_000 }
        // One that ran once or twice has no measure of its own.
        if let usual, silence < rules.idleIntervals * usual { return nil }
        let confidence = usual.map { 100 * (1 - exp(-silence / max($0, 0.01))) } ?? 80
        let measure = usual.map { " Before, it ran every \(Self.interval($0))." } ?? ""
        return draft(
            .retirement, automation, "Retire “\(automation.name)”: it has not run for \(Int(silence)) days.",
            "retire:idle",
            confidence: min(99, confidence),
            [
                "days_without_run": .integer(Int64(silence)), "last_run_at": .string(last.iso8601),
                "usual_interval_days": usual.map { .rounded($0) } ?? .null,
            ], "Its last run was \(Int(silence)) days ago.\(measure)\(switched)")
    }

    private static func interval(_ days: Double) -> String {
        if days >= 1.5 { return "\(Int(days.rounded())) days" }
        let hours = days * 24
        return hours >= 1.5 ? "\(Int(hours.rounded())) hours" : "\(max(1, Int((hours * 60).rounded()))) minutes"
    }

    // MARK: Optimization

    private func recent(_ automation: DecisionAutomation) -> [DecisionAutomation.Run] {
        automation.runs.filter { days(since: $0.startedAt) <= Double(rules.recentDays) && $0.status != .running }
    }

    /// Most of its triggers come to nothing.
    private func blocked(_ automation: DecisionAutomation) -> DecisionDraft? {
        let runs = recent(automation)
        let blocked = runs.filter { $0.status == .blocked }
        guard runs.count >= rules.leastTriggers,
            Statistics.lowerBound(hits: blocked.count, of: runs.count) >= rules.leastBlocked
        else { return nil }
        let busy = blocked.count { $0.outcome == "failed_single" || $0.outcome == "failed_max_runs" }
        let isBusy = busy * 2 > blocked.count
        let advice =
            isBusy
            ? "It is still busy when it is triggered again. Another mode, such as restart or queued, would take those up."
            : "Its conditions do not hold. A narrower trigger would spare Home Assistant the work."
        return draft(
            .optimization, automation, "Look at the \(isBusy ? "mode" : "triggers") of “\(automation.name)”.",
            "optimize:blocked", confidence: 100 * Statistics.lowerBound(hits: blocked.count, of: runs.count),
            [
                "triggers": .integer(Int64(runs.count)), "blocked": .integer(Int64(blocked.count)),
                "busy": .integer(Int64(busy)),
                "mode": automation.mode.map { .string($0) } ?? .null,
            ], "\(blocked.count) of its last \(runs.count) triggers came to nothing. \(advice)")
    }

    /// People undo what it does.
    private func undone(_ automation: DecisionAutomation) -> DecisionDraft? {
        let runs = recent(automation).filter { $0.status == .success && $0.isChecked }
        let undone = runs.count { $0.isOverridden }
        guard undone >= rules.leastOverrides,
            Statistics.lowerBound(hits: undone, of: runs.count) >= rules.leastOverridden
        else { return nil }
        return draft(
            .optimization, automation, "“\(automation.name)” often does what people do not want.", "optimize:undone",
            confidence: 100 * Double(undone + 1) / Double(runs.count + 2),
            ["runs": .integer(Int64(runs.count)), "undone": .integer(Int64(undone))],
            """
            Within five minutes after \(undone) of its last \(runs.count) successful runs, people reversed by hand what it had \
            done. A condition may be missing.
            """)
    }

    /// Its latest runs took longer than those before.
    private func slower(_ automation: DecisionAutomation) -> DecisionDraft? {
        let times = recent(automation).filter { $0.status == .success }.compactMap { $0.milliseconds.map(Double.init) }
        guard times.count >= 3 * rules.latestRuns else { return nil }
        let later = Array(times.prefix(rules.latestRuns))
        let earlier = Array(times.dropFirst(rules.latestRuns))
        guard let now = Statistics.median(later), let before = Statistics.median(earlier),
            now >= before * rules.leastSlowdown, now - before >= rules.leastSlowdownMilliseconds
        else { return nil }
        let probability = Statistics.greater(later, than: earlier)
        guard probability <= rules.slowdownProbability else { return nil }
        return draft(
            .optimization, automation, "“\(automation.name)” has become slower.", "optimize:slower",
            confidence: min(99, 100 * (1 - probability)),
            [
                "median_ms_now": .rounded(now), "median_ms_before": .rounded(before), "p_value": .number(probability),
                "runs": .integer(Int64(times.count)),
            ],
            """
            Its last \(later.count) successful runs took \(Self.seconds(now)) in the middle, the \(earlier.count) before them \
            \(Self.seconds(before)). A device or a service that it uses may have become slow.
            """)
    }

    private static func seconds(_ milliseconds: Double) -> String {
        milliseconds < 1_000 ? "\(Int(milliseconds)) ms" : "\((milliseconds / 100).rounded() / 10) s"
    }

    // MARK: Drafts

    private func days(since time: Timestamp) -> Double {
        Double(now.microseconds - time.microseconds) / 86_400_000_000
    }

    private func draft(
        _ type: DecisionType, _ automation: DecisionAutomation, _ description: String, _ topic: String,
        confidence: Double, _ output: [String: JSONValue], _ reason: String
    ) -> DecisionDraft {
        DecisionDraft(
            type, description, subjectKey: SubjectKey.fitting("\(topic):\(automation.id)"), automation: automation.id,
            confidence: confidence,
            input: JSONValue.object([
                "observed_days": .integer(Int64(observedDays)), "runs_read": .integer(Int64(automation.runs.count)),
                "lifecycle_state": .string(automation.state.rawValue),
            ]).text, output: JSONValue.object(output).text, reason: reason)
    }
}
