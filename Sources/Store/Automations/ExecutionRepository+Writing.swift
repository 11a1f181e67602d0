import BridgeCore
import FoundationEssentials
import PostgresClient

extension ExecutionRepository {
    /// What one writing changed.
    package struct Changes: Sendable, Equatable {
        /// The automations of which an execution is new or another than before.
        package var automations: Set<AutomationID> = []
        /// Those among them whose figures are left to `recomputeFigures`, because they have so many executions.
        package var postponed: Set<AutomationID> = []

        package init() {}
    }

    /// With more executions than this, the figures of an automation are not recomputed with each run that ends.
    static let quickFigures = 5_000

    /// Stores what was read of runs, and recomputes the figures of the automations that it is about.
    ///
    /// A run is one row: a row that its event made takes the trace in, whichever came first. A run that has ended never runs again,
    /// and an outcome never becomes another, so that the same runs may be told any number of times, in any order. Runs of an
    /// automation that is not there are left out.
    package func record(
        _ runs: [ObservedRun], of connection: ConnectionID, under claims: LeaseClaims? = nil
    ) async throws -> Changes? {
        let records = ObservedRun.distinct(runs).compactMap(\.record)
        guard !records.isEmpty else { return Changes() }
        let parameters: [PostgresValue] = [
            .id(connection), .json(String(decoding: try JSONEncoder().encode(records), as: UTF8.self)),
        ]
        return try await write(connection, claims) { session in
            _ = try session.query(Self.joinTraces, parameters, name: "join_traces_to_events")
            let rows = try session.query(Self.upsertTraces, parameters, name: "upsert_executions")
            return try Self.changes(rows, connection, session)
        }
    }

    /// Makes a row of each `automation_triggered` event from `start` on and before `end` whose run has none yet, and recomputes
    /// the figures of the automations that it is about.
    ///
    /// Such a row is `running` while its trace may come: until the event is older than `grace`. After that, and where the automation
    /// has no id, it is `unknown`. Events of automations that are not there, and events without a context, are left out.
    package func recordTriggered(
        of connection: ConnectionID, from start: Timestamp, before end: Timestamp, grace: Duration,
        under claims: LeaseClaims? = nil
    ) async throws -> Changes? {
        let parameters: [PostgresValue] = [
            .id(connection), .timestamp(start), .timestamp(end), .int(grace.components.seconds),
        ]
        return try await write(connection, claims) { session in
            let rows = try session.query(Self.insertTriggered, parameters, name: "insert_triggered_executions")
            return try Self.changes(rows, connection, session)
        }
    }

    /// An execution that has not ended as far as the table knows.
    package struct Unfinished: Sendable, Hashable {
        package var id: UUID
        package var automation: AutomationID
        /// `nil` where only the event is known.
        package var runID: String?
        /// How long the row is there.
        package var age: Duration
        /// Whether a later state of the automation's entity says that nothing of it runs.
        package var isIdleSince: Bool
    }

    /// The executions that have not ended, oldest first, `limit` of them at most.
    package func unfinished(of connection: ConnectionID, limit: Int = 10_000) async throws -> [Unfinished] {
        try await pool.withConnection { session in
            try await session.query(
                Self.listUnfinished, [.id(connection), .int(Int64(limit))], name: "list_unfinished"
            )
            .map { row in
                Unfinished(
                    id: try row.uuid("id"), automation: try row.id("automation_id"),
                    runID: try row.optionalString("run_id"),
                    age: .milliseconds(try row.int("age_ms")), isIdleSince: try row.bool("is_idle"))
            }
        }
    }

    /// The connections of which `unfinished` finds executions, or `checkOverrides` may.
    package func connectionsWithLeftovers() async throws -> Set<ConnectionID> {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT connection_id FROM automation_executions WHERE status = 'running'
                UNION
                SELECT connection_id FROM automation_executions WHERE status = 'success' AND overrides_checked_at IS NULL
                """, name: "connections_with_leftovers"
            ).ids("connection_id")
        }
    }

    /// Makes `unknown` of executions that still count as running: their traces are lost.
    package func giveUp(
        _ executions: [UUID], of connection: ConnectionID, under claims: LeaseClaims? = nil
    ) async throws -> Changes? {
        guard !executions.isEmpty else { return Changes() }
        return try await write(connection, claims) { session in
            let rows = try session.query(
                """
                UPDATE automation_executions SET status = 'unknown'
                WHERE connection_id = $1 AND id = ANY ($2::uuid[]) AND status = 'running'
                RETURNING automation_id
                """, [.id(connection), .textArray(executions.map(\.uuidString))], name: "give_up_executions")
            return try Self.changes(rows, connection, session)
        }
    }

    /// Recomputes the figures of these automations, of all of the connection's when `automations` is `nil`; rows whose figures
    /// are right already are not touched.
    @discardableResult
    package func recomputeFigures(
        of connection: ConnectionID, automations: Set<AutomationID>? = nil, under claims: LeaseClaims? = nil
    ) async throws -> Int? {
        try await write(connection, claims, deadline: .seconds(300)) { session in
            try Self.recompute(automations.map(Array.init), connection, session)
        }
    }

    // MARK: Inside of a transaction

    private static func changes(
        _ rows: PostgresResult, _ connection: ConnectionID, _ session: isolated PostgresConnection
    ) throws -> Changes {
        var changes = Changes()
        for row in rows { changes.automations.insert(try row.id("automation_id")) }
        guard !changes.automations.isEmpty else { return changes }
        let large = try session.query(
            "SELECT id FROM automation_management WHERE connection_id = $1 AND id = ANY ($2::uuid[]) AND execution_count > $3::int",
            [
                .id(connection), .textArray(changes.automations.map(\.description)), .int(Int64(quickFigures)),
            ], name: "list_large_automations")
        for row in large { changes.postponed.insert(try row.id("id")) }
        _ = try recompute(Array(changes.automations.subtracting(changes.postponed)), connection, session)
        return changes
    }

    private static func recompute(
        _ automations: [AutomationID]?, _ connection: ConnectionID, _ session: isolated PostgresConnection
    ) throws -> Int {
        if let automations, automations.isEmpty { return 0 }
        let parameters: [PostgresValue] = [
            .id(connection), automations.map { .textArray($0.map(\.description)) } ?? .null,
        ]
        return try session.query(
            computeFigures, parameters, name: "compute_execution_figures", deadline: .seconds(300)
        ).affectedRows
    }
}
