import ArgumentParser
import BridgeCore
import Store

/// `automation runs`: what became of the runs of an automation.
struct AutomationRunsCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Show the runs of an automation and how they ended.",
        discussion: """
            Newest first. success; failure: an error ended it; aborted: one of its own conditions or a stop ended it; cancelled: \
            from outside, such as switched off or restarted; blocked: triggered, but its conditions did not hold or it was busy; \
            running; unknown: it ran, and Home Assistant dropped its trace before it could be read. --since takes a length such \
            as 30m, 2h or 7d, or a date and time such as 2026-11-21 or 2026-11-21T08:30:00Z.
            """)

    @OptionGroup var subject: AutomationSubject

    @Option(help: ArgumentHelp("Only runs that began from then on.", valueName: "time"))
    var since: MomentArgument?

    @Option(help: ArgumentHelp("How many runs at most, the newest ones.", valueName: "n"))
    var limit = 20

    @Option(
        help: ArgumentHelp(
            "Only runs that ended so: \(ExecutionStatus.allCases.map(\.rawValue).joined(separator: ", ")). May be given several times.",
            valueName: "status"))
    var status: [ExecutionStatus] = []

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit takes a number from 1 to 100000.")
        }
    }

    func run(in context: CommandContext) async throws {
        let (automation, runs) = try await context.withPool(try context.settings()) { pool in
            let automation = try await subject.find(in: pool)
            let runs = try await ExecutionRepository(pool).list(
                automation.id, since: since?.resolved(now: TimeText.now()), statuses: status, limit: limit)
            return (automation, runs)
        }
        try context.console.show(
            runs.map(\.jsonValue), table: Self.table(runs),
            empty: status.isEmpty && since == nil
                ? "“\(automation.name)” has not run since the bridge watches it."
                : "No run of “\(automation.name)” fits that.", as: output)
        let shown = Self.tally(runs)
        if !output.json, runs.count > 1 {
            let more = runs.count == limit ? " There may be more: --limit shows them." : ""
            context.console.note("\(automation.name): \(shown).\(more)")
        }
    }

    /// One line for each run.
    static func table(_ runs: [StoredExecution]) -> TextTable {
        let columns: [TextTable.Column] = [
            .init("STARTED"), .init("STATUS"), .init("TOOK", .right), .init("TRIGGER", isFlexible: true),
            .init("CHANGED", .right), .init("WHAT HAPPENED", isFlexible: true),
        ]
        return TextTable(
            columns,
            rows: runs.map { run in
                [
                    TimeText.fine(run.startedAt), run.status.rawValue, took(run), run.trigger ?? "-",
                    run.effectCount.map { String($0) } ?? "-", happening(run),
                ]
            })
    }

    /// `38 ms`, `1.3 s`, `4 min`, `2 h 5 min`, or a dash where that is not known.
    static func took(_ run: StoredExecution) -> String {
        guard let milliseconds = run.duration else { return "-" }
        let duration = Duration.milliseconds(milliseconds)
        return milliseconds < 60_000 ? TimeText.short(duration) : TimeText.rough(duration)
    }

    /// What a person wants to know of a run, in a few words.
    static func happening(_ run: StoredExecution) -> String {
        if let time = run.overriddenAt {
            let end = run.completedAt ?? run.startedAt
            let seconds = (time.microseconds - end.microseconds) / 1_000_000
            return seconds < 0 ? "undone by hand while it ran" : "undone by hand \(seconds) s later"
        }
        if let error = run.errorMessage { return error.split(separator: "\n").joined(separator: " ") }
        return switch (run.status, run.scriptExecution) {
        case (.blocked, "failed_single"): "was running already"
        case (.blocked, "failed_max_runs"): "as many runs as it allows were under way"
        case (.blocked, _): "its conditions did not hold"
        case (.unknown, _): run.source == "event" ? "its trace was lost" : "how it ended was lost"
        case (.cancelled, _): run.lastStep.map { "ended from outside at \($0)" } ?? "ended from outside"
        case (.running, _): run.lastStep.map { "at \($0)" } ?? ""
        default: ""
        }
    }

    /// `18 success, 2 blocked`.
    static func tally(_ runs: [StoredExecution]) -> String {
        ExecutionStatus.allCases.compactMap { status in
            let count = runs.count { $0.status == status }
            return count == 0 ? nil : "\(count) \(status.rawValue)"
        }.joined(separator: ", ")
    }
}

extension ExecutionStatus: ExpressibleByArgument {}
