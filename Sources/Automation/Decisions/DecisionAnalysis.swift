import BridgeConcurrency
import BridgeCore
import PostgresClient
import Store

/// Looks at what a house has seen, concludes what could be better, and writes down what is new of it. All of it runs on this
/// machine; nothing is sent anywhere.
package struct DecisionAnalysis: Sendable {
    /// The analysis and its version, as decisions name it.
    package static let model = "local-statistics 1"

    /// How much is looked at, and how much is said at once.
    package struct Limits: Sendable, Equatable {
        /// Events of so many days.
        package var days = 28
        /// So many changes are kept in memory, 40 bytes each.
        package var changes = 1_000_000
        /// So many decisions of the last four weeks wait for an answer at most: nobody reads a hundred.
        package var decisions = 20

        package init() {}
    }

    /// How a pass went.
    package struct Report: Sendable, Equatable {
        /// What is new, the most certain first.
        package var recorded: [StoredDecision] = []
        /// All that was concluded, with what had been said before.
        package var concluded = 0
        package var events = 0
        package var automations = 0
        /// Days of which events were there.
        package var days = 0
        /// Entities that changed too often to be looked at.
        package var crowdedOut = 0
    }

    private let evidence: DecisionEvidenceRepository
    private let decisions: DecisionRepository
    private let limits: Limits

    package init(_ pool: PostgresPool, limits: Limits = Limits(), auditKeys: AuditKeys? = nil) {
        evidence = DecisionEvidenceRepository(pool)
        decisions = DecisionRepository(pool, keys: auditKeys)
        self.limits = limits
    }

    /// Analyses one house as of `now`. Repeated, it records nothing twice. Throws `PostgresError` and `CancellationError`.
    package func run(
        _ connection: StoredConnection, now: Timestamp = .now, under claims: LeaseClaims? = nil
    ) async throws -> Report {
        var report = Report()
        let start = now.adding(seconds: -Int64(limits.days) * 86_400)
        let zone = try await evidence.knownZone(connection.timeZone)
        var diary = HouseDiary(
            runs: try await evidence.runContexts(of: connection.id, since: start), capacity: limits.changes)
        try await evidence.events(of: connection.id, from: start, until: now, zone: zone) { page in
            for event in page { diary.note(event) }
            report.events += page.count
        }
        let house = diary
        // Seconds of arithmetic, which must not hold up what comes in meanwhile.
        let (routines, conflicts, days) = await MiningThread().run {
            (RoutineMiner(house).routines(), ConflictMiner(diary: house).conflicts(), house.observedDays().count)
        }
        report.days = days
        report.crowdedOut = house.crowdedOut
        let (drafts, names) = try await automationDrafts(connection.id, now, &report)
        let entities = Set(routines.flatMap(Self.entities) + conflicts.map(\.entity))
        let entityNames = try await evidence.names(of: entities, in: connection.id)
        let input = JSONValue.object([
            "from": .string(start.iso8601), "until": .string(now.iso8601), "time_zone": .string(zone),
            "events": .integer(Int64(report.events)), "days": .integer(Int64(days)),
        ])
        let all =
            drafts
            + conflicts.map { $0.draft(automationNames: names, names: entityNames, input: input) }
            + routines.map {
                RoutineProposal(routine: $0, names: entityNames, version: connection.homeAssistantVersion)
                    .draft(input: input)
            }
        report.concluded = all.count
        let ordered = all.sorted { ($0.confidence, $1.subjectKey) > ($1.confidence, $0.subjectKey) }
        let open = try await decisions.unanswered(of: connection.id, since: start)
        report.recorded = try await decisions.record(
            ordered, of: connection.id, model: Self.model, limit: limits.decisions - open, under: claims)
        return report
    }

    private func automationDrafts(
        _ connection: ConnectionID, _ now: Timestamp, _ report: inout Report
    ) async throws -> ([DecisionDraft], [AutomationID: String]) {
        let rules = AutomationAnalysis.Rules()
        let observed = try await evidence.observedDays(of: connection, until: now, days: rules.idleDays)
        var drafts: [DecisionDraft] = []
        var names: [AutomationID: String] = [:]
        var count = 0
        try await evidence.automations(of: connection) { page in
            let entities = page.reduce(into: Set<String>()) { all, automation in
                all.formUnion(ConfigurationEntities(automation.configuration).all)
            }
            let analysis = AutomationAnalysis(
                now: now, observedDays: observed, gone: try await evidence.gone(entities, in: connection), rules: rules)
            for automation in page {
                names[automation.id] = automation.name
                drafts += analysis.drafts(of: automation)
            }
            count += page.count
        }
        report.automations = count
        return (drafts, names)
    }

    private static func entities(_ routine: Routine) -> [String] {
        let steps = routine.steps.map(\.entity)
        if case .event(let entity, _) = routine.cause { return steps + [entity] }
        return steps
    }
}

/// A thread of its own for arithmetic that takes long.
private actor MiningThread {
    private let executor = ThreadExecutor(name: "decisions")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func run<Result: Sendable>(_ body: @Sendable () -> Result) -> Result { body() }
}
