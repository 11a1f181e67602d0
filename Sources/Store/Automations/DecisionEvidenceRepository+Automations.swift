import BridgeCore
import PostgresClient

extension DecisionEvidenceRepository {
    /// Gives the automations that Home Assistant has to `body`, with their newest version and their newest runs, in pages.
    package func automations(
        of connection: ConnectionID, pageSize: Int = 100, runs limit: Int = 300,
        _ body: ([DecisionAutomation]) async throws -> Void
    ) async throws {
        var last = "00000000-0000-0000-0000-000000000000"
        while true {
            try Task.checkCancellation()
            let parameters: [PostgresValue] = [.id(connection), .text(last), .int(Int64(max(1, pageSize)))]
            let rows = try await pool.withConnection { session in
                try await session.query(Self.automationPage, parameters, name: "decision_automations")
            }
            guard let end = rows.last else { return }
            last = try end.string("id")
            let ids = try rows.map { try $0.string("id") }
            let runs = try await runs(of: ids, limit: limit)
            try await body(
                try rows.map { row in
                    var automation = try DecisionAutomation(row: row)
                    automation.runs = runs[automation.id] ?? []
                    return automation
                })
            guard rows.count >= pageSize else { return }
        }
    }

    private func runs(of automations: [String], limit: Int) async throws -> [AutomationID: [DecisionAutomation.Run]] {
        let parameters: [PostgresValue] = [.textArray(automations), .int(Int64(max(0, limit)))]
        let rows = try await pool.withConnection { session in
            try await session.query(Self.runPage, parameters, name: "decision_runs", deadline: .seconds(60))
        }
        var runs: [AutomationID: [DecisionAutomation.Run]] = [:]
        for row in rows { runs[try row.id("automation_id"), default: []].append(try DecisionAutomation.Run(row: row)) }
        return runs
    }

    private static let automationPage = """
        SELECT automation.id::text AS id, automation.name, automation.entity_id, automation.mode, automation.lifecycle_state,
            automation.created_at, automation.last_seen_at, automation.last_execution_time, newest.configuration_snapshot
        FROM automation_management AS automation
        LEFT JOIN LATERAL (
            SELECT backup.configuration_snapshot FROM automation_backup AS backup
            WHERE backup.automation_id = automation.id
            ORDER BY backup.version DESC
            LIMIT 1
        ) AS newest ON true
        WHERE automation.connection_id = $1::uuid AND automation.id > $2::uuid
            AND automation.lifecycle_state IN ('ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE')
        ORDER BY automation.id
        LIMIT $3
        """

    private static let runPage = """
        SELECT run.*
        FROM unnest($1::uuid[]) AS wanted (id)
        CROSS JOIN LATERAL (
            SELECT automation_id, started_at, status, script_execution, duration_ms,
                overrides_checked_at IS NOT NULL AS is_checked, overridden_at IS NOT NULL AS is_overridden
            FROM automation_executions
            WHERE automation_id = wanted.id
            ORDER BY started_at DESC
            LIMIT $2
        ) AS run
        ORDER BY run.automation_id, run.started_at DESC
        """
}

extension DecisionAutomation {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.id("id"), name: try row.string("name"), entityID: try row.optionalString("entity_id"),
            mode: try row.optionalString("mode"), state: try row.enumeration("lifecycle_state"),
            firstSeenAt: try row.timestamp("created_at"), lastSeenAt: try row.optionalTimestamp("last_seen_at"),
            lastRunAt: try row.optionalTimestamp("last_execution_time"),
            configuration: try row.optionalString("configuration_snapshot"))
    }
}

extension DecisionAutomation.Run {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            at: try row.timestamp("started_at"), try row.enumeration("status"),
            outcome: try row.optionalString("script_execution"), milliseconds: try row.optionalInt("duration_ms"),
            isChecked: try row.bool("is_checked"), isOverridden: try row.bool("is_overridden"))
    }
}
