import PostgresClient
import Testing

@testable import Store

/// A migrated database with one house in it, whose rows have ids that a test can write down.
enum ManagedHouse {
    /// The house, owned by `owner`.
    static let connection = "c0000000-0000-0000-0000-000000000001"
    /// Found in Home Assistant: ACTIVE.
    static let automation = "a0000000-0000-0000-0000-000000000001"
    /// Another automation of the same house, PROPOSED.
    static let proposed = "a0000000-0000-0000-0000-000000000002"
    /// A workflow of type CREATION about `proposed`, of HIGH risk, by `owner`, which needs one approval; PENDING.
    static let workflow = "f0000000-0000-0000-0000-000000000001"
    /// A backup of `automation`.
    static let backup = "b0000000-0000-0000-0000-000000000001"
    /// Owns the house.
    static let owner = user(1)

    /// The id of one of twelve users, counted from 1.
    static func user(_ number: Int) -> String {
        let digits = String(number)
        return "00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    /// A signature of the right form, of no key.
    static let signature = "v1.k1." + String(repeating: "A", count: 86) + "=="

    /// Runs `body` on a fresh database with the house.
    static func with(_ body: (StoreDatabase) async throws -> Void) async throws {
        try await StoreDatabase.with { database in
            // Statement by statement, each its own transaction, as rows come about in life.
            for statement in seed { try await database.session.execute(statement) }
            try await body(database)
        }
    }

    private static let seed = [
        """
        INSERT INTO users (id, username, email)
        SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'user' || n, 'user' || n || '@example.org'
        FROM generate_series(1, 12) AS n
        """,
        """
        INSERT INTO home_assistant_connections (id, name, url, encrypted_token, user_id)
        VALUES ('\(connection)', 'home', 'http://home.local:8123', 'v1.k1.n.c.t', '\(owner)')
        """,
        """
        INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, name, lifecycle_state)
        VALUES ('\(automation)', '\(connection)', 'night_light', 'Night light', 'ACTIVE'),
            ('\(proposed)', '\(connection)', 'morning_light', 'Morning light', 'PROPOSED')
        """,
        """
        INSERT INTO approval_workflow
            (id, automation_id, workflow_type, risk_level, description, proposed_changes, created_by)
        VALUES ('\(workflow)', '\(proposed)', 'CREATION', 'HIGH', 'Light in the morning', '{"alias": "Morning light"}',
            '\(owner)')
        """,
        """
        INSERT INTO automation_backup (id, automation_id, backup_name, backup_type, configuration_snapshot)
        VALUES ('\(backup)', '\(automation)', 'first', 'AUTOMATIC', '{"alias": "Night light"}')
        """,
    ]
}

extension StoreDatabase {
    /// What PostgreSQL says to a statement that it must refuse.
    func refusal(of sql: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> PostgresError {
        try await thrown(PostgresError.self, { _ = try await session.query(sql) }, sourceLocation: sourceLocation)
    }

    /// Expects that a statement is refused with this SQLSTATE.
    func expectRefused(
        _ sql: String, _ state: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let error = try await refusal(of: sql, sourceLocation: sourceLocation)
        #expect(error.sqlState == state, "\(error)", sourceLocation: sourceLocation)
    }

    /// Lets a user decide the workflow of the house.
    func vote(
        _ user: Int, _ status: String = "APPROVED", workflow: String = ManagedHouse.workflow, comments: String? = nil
    ) async throws {
        _ = try await session.query(
            """
            INSERT INTO approval_workflow_approvers (workflow_id, approver_id, status, comments) VALUES ($1, $2, $3, $4)
            """,
            [.text(workflow), .text(ManagedHouse.user(user)), .text(status), .optional(comments) { .text($0) }])
    }

    /// The status of a workflow.
    func status(of workflow: String = ManagedHouse.workflow) async throws -> String? {
        try await scalar("SELECT status FROM approval_workflow WHERE id = '\(workflow)'")
    }
}
