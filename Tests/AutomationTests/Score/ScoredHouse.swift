import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Logging
import PostgresClient
import TestSupport
import Testing

@testable import Automation
@testable import Store

/// A migrated database of a test's own with houses and automations in it.
struct ScoredHouse: Sendable {
    let pool: PostgresPool
    let session: PostgresConnection
    /// The house `home`.
    let connection: ConnectionID
    let workplace: AutomationWorkplace

    static func with(_ body: (ScoredHouse) async throws -> Void) async throws {
        try await TestDatabase.withSchema { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration.taking(.writer), size: 4, logger: server.logger)
            do {
                let user = try await UserRepository(pool).add(username: "anna", email: "anna@example.org")
                let home = try await ConnectionRepository(pool).add(
                    id: ConnectionID(), userID: user.id, name: "home", url: "http://home.local:8123",
                    sealedToken: "v1.k1.nonce.text.tag")
                try await body(
                    ScoredHouse(
                        pool: pool, session: session, connection: home.id,
                        workplace: AutomationWorkplace(pool: pool, timer: DeadlineTimer(), logger: server.logger)))
            } catch {
                await pool.close()
                await session.close()
                throw error
            }
            await pool.close()
            await session.close()
        }
    }

    var lifecycle: LifecycleRepository { LifecycleRepository(pool) }
    var scores: ScoreRepository { ScoreRepository(pool) }

    func addAutomation(
        _ name: String, _ state: LifecycleState = .active, problems: [String] = []
    ) async throws -> AutomationID {
        let id = AutomationID()
        _ = try await session.query(
            """
            INSERT INTO automation_management
                (id, connection_id, home_assistant_automation_id, name, lifecycle_state, problems)
            VALUES ($1, $2, $3, $3, $4, $5)
            """,
            [.id(id), .id(connection), .text(name), .text(state.rawValue), .textArray(problems)])
        return id
    }

    /// Stores runs that began before `moment`.
    func add(_ runs: [PastRun], to automation: AutomationID, at moment: Timestamp, error: String? = nil) async throws {
        for run in runs {
            let start = moment.adding(.microseconds(Int64((run.age * -1_000_000).rounded())))
            let end = run.duration.map { start.adding(.milliseconds($0)) }
            let checked = run.isChecked && run.status == .success ? start : nil
            _ = try await session.query(
                """
                INSERT INTO automation_executions (
                    automation_id, run_id, started_at, completed_at, status, error_message, overrides_checked_at,
                    overridden_at)
                VALUES ($1, gen_random_uuid()::text, $2, $3, $4, $5, $6, $7)
                """,
                [
                    .id(automation), .timestamp(start), .optional(end) { .timestamp($0) }, .text(run.status.rawValue),
                    .optional(run.status == .failure ? error : nil) { .text($0) },
                    .optional(checked) { .timestamp($0) },
                    run.isUndone ? .timestamp(start) : .null,
                ])
        }
    }

    func scalar(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> String? {
        try await session.query(sql, parameters).first?[0].optionalString
    }

    func state(of automation: AutomationID) async throws -> String? {
        try await scalar("SELECT lifecycle_state FROM automation_management WHERE id = $1", [.id(automation)])
    }

    /// The score as the column holds it.
    func score(of automation: AutomationID) async throws -> String? {
        try await scalar("SELECT performance_score FROM automation_management WHERE id = $1", [.id(automation)])
    }

    /// How often the row was written.
    func version(of automation: AutomationID) async throws -> String? {
        try await scalar("SELECT version FROM automation_management WHERE id = $1", [.id(automation)])
    }
}

extension Trait where Self == ConditionTrait {
    /// The suite needs a PostgreSQL that may create databases.
    static var needsScoreDatabase: Self {
        .enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable }
    }
}
