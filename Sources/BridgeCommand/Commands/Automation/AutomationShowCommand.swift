import ArgumentParser
import Automation
import BridgeCore
import PostgresClient
import Store

/// `automation show`.
struct AutomationShowCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract:
            "Show all about one automation: its state, its score and why, its last runs, what it lacks, its versions.")

    @OptionGroup var subject: AutomationSubject
    @OptionGroup var output: OutputOptions

    /// What is shown.
    struct Portrait: Sendable {
        let automation: StoredAutomation
        let moves: [LifecycleMove]
        let runs: [RecentRun]
        let backups: [StoredBackup]
        let now: Timestamp
    }

    func run(in context: CommandContext) async throws {
        let portrait = try await context.withPool(try context.settings()) { pool in
            let automation = try await subject.find(in: pool)
            let lifecycle = LifecycleRepository(pool)
            return Portrait(
                automation: automation, moves: try await lifecycle.history(of: automation.id, limit: 5),
                runs: try await lifecycle.recentRuns(of: automation.id, limit: 10),
                backups: try await BackupRepository(pool).list(of: automation.id, limit: 5),
                now: try await ScoreRepository(pool).now())
        }
        if output.json { return try context.console.show(portrait.jsonValue) }
        try Self.print(portrait, to: context.console)
    }

    private static func print(_ portrait: Portrait, to console: Console) throws {
        try console.show(facts: facts(portrait))
        if !portrait.automation.problems.isEmpty {
            try console.print("\nWhat it lacks")
            for problem in portrait.automation.problems { try console.print("  " + PrintableText.of(problem)) }
        }
        try section("Score", portrait.breakdown.flatMap { ScoreText.table($0, now: portrait.now) }, console)
        try section("Last runs", runs(portrait.runs), console)
        try section("Versions of its configuration", versions(portrait.backups), console)
    }

    /// A heading and a table, or nothing where there are no rows.
    private static func section(_ title: String, _ table: TextTable?, _ console: Console) throws {
        guard let table, !table.rows.isEmpty else { return }
        try console.print("\n\(title)")
        for line in table.lines(terminal: console.terminal) { try console.print("  " + line) }
    }

    static func facts(_ portrait: Portrait) -> [(String, String)] {
        let automation = portrait.automation
        var facts = [
            ("Name", automation.name),
            ("Entity", automation.entityID ?? "-"),
            ("Id in Home Assistant", automation.hasOwnID ? automation.homeAssistantID : "none"),
            ("Connection", automation.connectionName),
            ("State", state(portrait)),
            ("Score", portrait.breakdown.map { $0.explanation + "." } ?? "Not computed yet."),
            ("Runs", runs(automation, portrait.now)),
            ("Mode", automation.mode ?? "-"),
        ]
        if let description = automation.description { facts.insert(("Description", description), at: 1) }
        if let reason = automation.readOnlyReason { facts.append(("Read only", reason)) }
        facts.append(("Last seen", TimeText.table(automation.lastSeenAt)))
        facts.append(("Id", automation.id.description))
        return facts
    }

    private static func state(_ portrait: Portrait) -> String {
        let automation = portrait.automation
        let since = "\(automation.state.rawValue) since \(TimeText.table(automation.stateChangedAt))"
        guard let reason = portrait.moves.first?.reason else { return since }
        return since + ": " + reason
    }

    private static func runs(_ automation: StoredAutomation, _ now: Timestamp) -> String {
        guard automation.executionCount > 0 else { return "none yet" }
        var text = "\(automation.executionCount), the last \(TimeText.ago(automation.lastExecution, now: now))"
        if let rate = automation.successRate { text += "; \(MetricsCommand.number(rate)) % succeeded" }
        if let time = automation.averageExecutionTime { text += "; \(TimeText.short(.milliseconds(time))) on average" }
        return text
    }

    private static func runs(_ runs: [RecentRun]) -> TextTable {
        TextTable(
            [
                .init("STARTED"), .init("ENDED"), .init("TOOK", .right), .init("TRIGGER", isFlexible: true),
                .init("ERROR", isFlexible: true),
            ],
            rows: runs.map { run in
                [
                    TimeText.table(run.startedAt), run.status.rawValue + (run.isUndone ? ", undone" : ""),
                    run.duration.map { TimeText.short(.milliseconds($0)) } ?? "-", run.trigger ?? "", run.error ?? "",
                ]
            })
    }

    private static func versions(_ backups: [StoredBackup]) -> TextTable {
        TextTable(
            [.init("VERSION", .right), .init("STORED"), .init("TYPE"), .init("NAME", isFlexible: true)],
            rows: backups.map { ["\($0.version)", TimeText.table($0.createdAt), $0.type.rawValue, $0.name] })
    }
}

extension AutomationShowCommand.Portrait {
    /// The stored breakdown; `nil` where there is none, or another release wrote it in another form.
    var breakdown: ScoreBreakdown? { automation.scoreBreakdown.flatMap { try? ScoreBreakdown(json: $0) } }

    /// All of it.
    var jsonValue: JSONValue {
        .object([
            "id": .string(automation.id.description),
            "connection": .string(automation.connectionName),
            "connection_id": .string(automation.connectionID.description),
            "home_assistant_automation_id": .string(automation.homeAssistantID),
            "has_own_id": .bool(automation.hasOwnID),
            "entity_id": .optional(automation.entityID),
            "name": .string(automation.name),
            "description": .optional(automation.description),
            "mode": .optional(automation.mode),
            "is_enabled": automation.isEnabled.map { .bool($0) } ?? .null,
            "read_only_reason": .optional(automation.readOnlyReason),
            "problems": .array(automation.problems.map { .string($0) }),
            "lifecycle_state": .string(automation.state.rawValue),
            "lifecycle_changed_at": .time(automation.stateChangedAt),
            "lifecycle_history": .array(moves.map(\.jsonValue)),
            "performance_score": automation.score.map { .number($0) } ?? .null,
            "score_breakdown": .parsed(automation.scoreBreakdown),
            "scored_at": .time(automation.scoredAt),
            "execution_count": .integer(Int64(automation.executionCount)),
            "success_rate": automation.successRate.map { .number($0) } ?? .null,
            "average_execution_time_ms": automation.averageExecutionTime.map { .integer(Int64($0)) } ?? .null,
            "last_execution_time": .time(automation.lastExecution),
            "last_seen_at": .time(automation.lastSeenAt),
            "runs": .array(runs.map(Self.json)),
            "backups": .array(
                backups.map { backup in
                    .object([
                        "version": .integer(Int64(backup.version)), "name": .string(backup.name),
                        "type": .string(backup.type.rawValue), "created_at": .time(backup.createdAt),
                    ])
                }),
        ])
    }

    private static func json(_ run: RecentRun) -> JSONValue {
        .object([
            "started_at": .time(run.startedAt), "status": .string(run.status.rawValue),
            "duration_ms": run.duration.map { .integer(Int64($0)) } ?? .null, "trigger": .optional(run.trigger),
            "error_message": .optional(run.error), "undone": .bool(run.isUndone),
        ])
    }
}
