import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

/// A database with a house and some automations in it, and a keeper of its executions.
struct ExecutionRig: Sendable {
    let pool: PostgresPool
    let session: PostgresConnection
    let connection: ConnectionID
    let timer = DeadlineTimer()

    var repository: ExecutionRepository { ExecutionRepository(pool) }

    static let quick: ExecutionPacing = {
        var pacing = ExecutionPacing()
        pacing.sweep = .milliseconds(300)
        pacing.gathering = .milliseconds(10)
        pacing.firstPoll = .milliseconds(20)
        pacing.lastPoll = .milliseconds(80)
        pacing.housekeeping = .milliseconds(100)
        pacing.directory = .milliseconds(50)
        pacing.grace = .seconds(2)
        pacing.retry = RetryPolicy(first: .milliseconds(20), cap: .milliseconds(50))
        return pacing
    }()

    static func with(_ body: @Sendable @escaping (ExecutionRig) async throws -> Void) async throws {
        try await TestDatabase.withHouse { house in
            try await body(ExecutionRig(pool: house.pool, session: house.session, connection: house.connection))
        }
    }

    func keeper(_ pacing: ExecutionPacing = ExecutionRig.quick) -> ExecutionKeeper {
        ExecutionKeeper(
            AutomationWorkplace(pool: pool, timer: timer, logger: TestDatabase.quietLogger), pacing: pacing)
    }

    /// Runs `body` while the keeper follows a session over `port`.
    func following(
        _ keeper: ExecutionKeeper, _ port: CommandPort, _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await timer.run() }
            group.addTask { await keeper.follow(connection, over: port) }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Adds an automation as the inventory would.
    @discardableResult
    func add(_ item: String, hasOwnID: Bool = true, entity: String? = nil) async throws -> AutomationID {
        let id = AutomationID()
        _ = try await session.query(
            """
            INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, has_own_id, entity_id, name)
            VALUES ($1, $2, $3, $4, $5, $3)
            """,
            [
                .id(id), .id(connection), .text(item), .bool(hasOwnID),
                .text(entity ?? "automation.\(item)"),
            ])
        return id
    }

    /// Stores an event as the writer of events would.
    func store(
        _ type: String, _ entity: String, at time: Timestamp, context: String? = nil, parent: String? = nil,
        user: String? = nil, from old: String? = nil, to new: String? = nil, attributes: String? = nil
    ) async throws {
        _ = try await session.query(
            """
            INSERT INTO home_assistant_events (
                connection_id, event_type, entity_id, timestamp, context_id, context_parent_id, context_user_id, old_state,
                new_state, attributes)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                .id(connection), .text(type), .text(entity), .timestamp(time), .optional(context, PostgresValue.text),
                .optional(parent, PostgresValue.text), .optional(user, PostgresValue.text),
                .optional(old, PostgresValue.text), .optional(new, PostgresValue.text),
                .optional(attributes, PostgresValue.json),
            ])
    }

    func triggered(_ item: String, _ context: String, at time: Timestamp) async throws {
        try await store("automation_triggered", "automation.\(item)", at: time, context: context)
    }

    /// The executions of an automation, oldest first.
    func executions(_ automation: AutomationID) async throws -> [StoredExecution] {
        try await repository.list(automation, limit: 10_000).reversed()
    }

    /// `success 2, unknown 1` of an automation.
    func tally(_ automation: AutomationID) async throws -> [ExecutionStatus: Int] {
        Dictionary(try await executions(automation).map { ($0.status, 1) }, uniquingKeysWith: +)
    }

    /// The figures of an automation: executions, success rate, average milliseconds.
    func figures(_ automation: AutomationID) async throws -> [Double?] {
        let rows = try await session.query(
            """
            SELECT execution_count, success_rate, average_execution_time_ms FROM automation_management WHERE id = $1
            """, [.id(automation)])
        let row = try #require(rows.first)
        return [
            try row.optionalDouble("execution_count"), try row.optionalDouble("success_rate"),
            try row.optionalDouble("average_execution_time_ms"),
        ]
    }
}
