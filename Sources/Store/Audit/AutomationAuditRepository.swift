import BridgeCore
import FoundationEssentials
import PostgresClient

/// What an audit row of an automation is about (`automation_audit_trail.action_type`).
package enum AutomationAuditAction: String, CaseIterable, Sendable {
    case create = "CREATE"
    case modify = "MODIFY"
    case delete = "DELETE"
    case enable = "ENABLE"
    case disable = "DISABLE"
    case execute = "EXECUTE"
    case propose = "PROPOSE"
    case approve = "APPROVE"
    case reject = "REJECT"
    case cancel = "CANCEL"
    case expire = "EXPIRE"
    case backup = "BACKUP"
    case rollback = "ROLLBACK"
    case restore = "RESTORE"
    case emergencyStop = "EMERGENCY_STOP"
    case emergencyRelease = "EMERGENCY_RELEASE"
    case safetyChange = "SAFETY_CHANGE"
}

/// A row of `automation_audit_trail`. It must be free of secrets: nobody can take it back.
package struct AutomationAuditEntry: Sendable, Equatable {
    /// Fresh for each entry, so that a retried insert is harmless.
    package var id: UUID
    /// That of the automation, where it is left out.
    package var connectionID: ConnectionID?
    package var automationID: AutomationID?
    package var workflowID: UUID?
    package var action: AutomationAuditAction
    /// One sentence, not blank.
    package var description: String
    /// JSON text.
    package var before: String?
    /// JSON text.
    package var after: String?
    /// Why, in plain words, where the bridge concluded it.
    package var reasoning: String?
    /// Who acted; `nil` where the bridge acted by itself.
    package var userID: UserID?
    package var ipAddress: String?
    /// `ha-bridge/<version>`.
    package var userAgent: String?
    package var sessionID: String?
    package var timestamp: Timestamp

    /// Makes an entry with a fresh id unless one is given.
    package init(
        id: UUID = UUID(), connectionID: ConnectionID? = nil, automationID: AutomationID? = nil,
        workflowID: UUID? = nil,
        action: AutomationAuditAction, description: String, before: String? = nil, after: String? = nil,
        reasoning: String? = nil, userID: UserID? = nil, ipAddress: String? = nil, userAgent: String? = nil,
        sessionID: String? = nil, timestamp: Timestamp
    ) {
        self.id = id
        self.connectionID = connectionID
        self.automationID = automationID
        self.workflowID = workflowID
        self.action = action
        self.description = description
        self.before = before
        self.after = after
        self.reasoning = reasoning
        self.userID = userID
        self.ipAddress = ipAddress
        self.userAgent = userAgent
        self.sessionID = sessionID
        self.timestamp = timestamp
    }

    var row: AuditRow {
        AuditRow(
            id: id, connection: connectionID,
            values: [
                "automation_id": automationID?.description,
                "workflow_id": workflowID?.uuidString.lowercased(),
                "action_type": action.rawValue,
                "action_description": StorableText.fitting(description),
                "before_state": before,
                "after_state": after,
                "ai_reasoning": reasoning.map { StorableText.fitting($0) },
                "user_id": userID?.description,
                "timestamp": timestamp.iso8601,
                "ip_address": ipAddress.flatMap(NumericAddress.normalised),
                "user_agent": userAgent.map { StorableText.fitting($0) },
                "session_id": sessionID.map { StorableText.fitting($0, limit: 255) },
            ])
    }

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.uuid("id")
        connectionID = try row.optionalID("connection_id")
        automationID = try row.optionalID("automation_id")
        workflowID = try row.optionalUUID("workflow_id")
        action = try row.enumeration("action_type")
        description = try row.string("action_description")
        before = try row.optionalString("before_state")
        after = try row.optionalString("after_state")
        reasoning = try row.optionalString("ai_reasoning")
        userID = try row.optionalID("user_id")
        ipAddress = try row.optionalString("ip_address")
        userAgent = try row.optionalString("user_agent")
        sessionID = try row.optionalString("session_id")
        timestamp = try row.timestamp("timestamp")
    }
}

/// The append-only table `automation_audit_trail`. Methods throw `PostgresError`, and those that write what the keys throw.
package struct AutomationAuditRepository: Sendable {
    private let pool: PostgresPool
    private let writer: AuditChainWriter

    /// Uses connections of `pool`, one for each call. Rows are signed with `keys`, where there are any.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        writer = AuditChainWriter(table: .automations, keys: keys)
    }

    /// Appends entries, all or none; those that are stored already are left alone, so a call that failed may be repeated.
    package func append(_ entries: [AutomationAuditEntry]) async throws {
        _ = try await writer.append(entries.map(\.row), over: pool)
    }

    /// As `append`, inside a transaction of the caller's, so that what is done and what is written of it go together. It locks the
    /// chains of the rows until the transaction ends: call it last, and for rows of one connection.
    package func append(_ entries: [AutomationAuditEntry], in session: isolated PostgresConnection) throws {
        _ = try writer.write(entries.map(\.row), try writer.keys?.pair(), session)
    }

    /// The newest entries first, those of one connection or automation alone where it is given.
    package func recent(
        connection: ConnectionID? = nil, automation: AutomationID? = nil, limit: Int = 100
    ) async throws -> [AutomationAuditEntry] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT id, connection_id, automation_id, workflow_id, action_type, action_description, before_state, after_state,
                    ai_reasoning, user_id, timestamp, host(ip_address) AS ip_address, user_agent, session_id
                FROM automation_audit_trail
                WHERE ($1::uuid IS NULL OR connection_id = $1::uuid) AND ($2::uuid IS NULL OR automation_id = $2::uuid)
                ORDER BY timestamp DESC, chain_sequence DESC NULLS LAST, id
                LIMIT $3
                """,
                [
                    .optional(connection) { .id($0) }, .optional(automation) { .id($0) }, .int(Int64(max(0, limit))),
                ], name: "recent_automation_audit"
            ).map(AutomationAuditEntry.init(row:))
        }
    }
}
