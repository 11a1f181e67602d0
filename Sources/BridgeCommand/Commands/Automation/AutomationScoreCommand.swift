import ArgumentParser
import Automation
import BridgeConcurrency
import BridgeCore
import PostgresClient
import Store

/// `automation score`.
struct AutomationScoreCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Show how well automations do, from 0 to 100, and why.",
        discussion: """
            Without a name: every automation with its score, the lowest first. With one: each part of its score as of now. \
            A score says how often runs of the last 30 days succeeded (50), how often their effect was left alone (25), \
            whether they take longer than they did (15), and whether the automation runs when it usually does (10). \
            Fewer than three runs are no score.
            """)

    @Argument(help: "The automation: its name, entity id, id in Home Assistant or id in the database.")
    var name: String?

    @Flag(help: "Compute all scores anew first, and move automations that they degrade or restore.")
    var all = false

    @OptionGroup var scope: AutomationScope
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if all, name != nil { throw ValidationError("--all takes no name: it is about every automation.") }
    }

    func run(in context: CommandContext) async throws {
        try await context.withPool(try context.settings()) { pool in
            if let name {
                let connection = try await scope.find(in: pool)
                let automation = try await AutomationRepository(pool).find(name, connection: connection)
                return try await show(automation, pool, context)
            }
            let connection = try await scope.find(in: pool)
            if all { try await compute(connection, pool, context) }
            let automations = try await AutomationRepository(pool).list(
                connection: connection, states: [.active, .degraded, .paused, .unavailable])
            let sorted = Self.sorted(automations)
            try context.console.show(
                sorted.map(Self.json), table: Self.table(sorted), empty: "There are no automations.", as: output)
        }
    }

    private func compute(_ connection: ConnectionID?, _ pool: PostgresPool, _ context: CommandContext) async throws {
        let workplace = AutomationWorkplace(pool: pool, timer: DeadlineTimer(), logger: CommandSession.silence)
        let pass = ScorePass(workplace)
        var outcome = ScorePass.Outcome()
        for house in try await ConnectionRepository(pool).list() where connection == nil || house.id == connection {
            context.console.progress("Computing the scores of “\(house.name)”…")
            outcome += try await pass.all(of: house.id)
        }
        context.console.note(
            "Scored \(outcome.scored) automations: \(outcome.changed) scores changed, \(outcome.moved) automations moved."
        )
    }

    /// The parts of one score, computed now and not kept.
    private func show(_ automation: StoredAutomation, _ pool: PostgresPool, _ context: CommandContext) async throws {
        let scores = ScoreRepository(pool)
        let now = try await scores.now()
        guard let facts = try await scores.facts(of: [automation.id], at: now).first else {
            throw StoreError(.notFound, "The automation “\(automation.name)” has just been deleted.")
        }
        let score = Score(facts, at: now)
        let breakdown = ScoreBreakdown(score, at: now)
        if output.json {
            return try context.console.show(
                .object([
                    "id": .string(automation.id.description), "connection": .string(automation.connectionName),
                    "name": .string(automation.name), "entity_id": .optional(automation.entityID),
                    "lifecycle_state": .string(automation.state.rawValue),
                    "performance_score": score.hundredths.map { .number(Double($0) / 100) } ?? .null,
                    "score_breakdown": .parsed(try breakdown.json), "scored_at": .time(now),
                ]))
        }
        try context.console.show(facts: [(automation.name, breakdown.explanation + ".")])
        guard let table = ScoreText.table(breakdown, now: now) else { return }
        try context.console.print("")
        try context.console.show([], table: table, empty: "", as: output)
    }

    /// The lowest first; those without a score last.
    static func sorted(_ automations: [StoredAutomation]) -> [StoredAutomation] {
        automations.sorted {
            ($0.score ?? 101, $0.name, $0.homeAssistantID) < ($1.score ?? 101, $1.name, $1.homeAssistantID)
        }
    }

    /// One line for each automation.
    static func table(_ automations: [StoredAutomation]) -> TextTable {
        TextTable(
            [
                .init("SCORE", .right), .init("AUTOMATION", isFlexible: true), .init("CONNECTION"), .init("STATE"),
                .init("WHY", isFlexible: true),
            ],
            rows: automations.map { automation in
                [
                    ScoreText.points(automation.score), automation.name, automation.connectionName,
                    automation.state.rawValue, explanation(automation) ?? "Not computed yet.",
                ]
            })
    }

    private static func explanation(_ automation: StoredAutomation) -> String? {
        guard let text = automation.scoreBreakdown, case .object(let members) = JSONValue.parsed(text),
            case .string(let words)? = members["explanation"]
        else { return nil }
        return words
    }

    private static func json(_ automation: StoredAutomation) -> JSONValue {
        .object([
            "id": .string(automation.id.description), "connection": .string(automation.connectionName),
            "name": .string(automation.name), "entity_id": .optional(automation.entityID),
            "lifecycle_state": .string(automation.state.rawValue),
            "performance_score": automation.score.map { .number($0) } ?? .null,
            "score_breakdown": .parsed(automation.scoreBreakdown), "scored_at": .time(automation.scoredAt),
        ])
    }
}
