import BridgeCore
import PostgresClient

/// Who is told of proposals by phone, what was sent, and the answers: `approval_notification_target`, `approval_notification`.
/// Methods throw `ApprovalRefusal` for what a person can mend and `PostgresError` for the rest.
package struct ApprovalNotificationRepository: Sendable {
    private let pool: PostgresPool
    private let approvals: ApprovalRepository

    /// Uses connections of `pool`, one for each call. Audit rows are signed with `keys`, where there are any.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        approvals = ApprovalRepository(pool, keys: keys)
    }

    // MARK: Targets

    /// Says how a user is told, in place of what was said before. Writes an audit row in the same transaction. Throws `.invalid` for a
    /// service or person that cannot be one, or a person of Home Assistant who is another user's.
    package func set(_ target: NotificationTarget, by person: UserID?, at time: Timestamp) async throws {
        do {
            try await pool.withConnection { session in
                try await session.transaction { session in
                    _ = try session.query(
                        """
                        INSERT INTO approval_notification_target
                            (connection_id, user_id, notify_service, home_assistant_user_id, may_approve_high_risk)
                        VALUES ($1, $2, $3, $4, $5)
                        ON CONFLICT (connection_id, user_id) DO UPDATE SET notify_service = EXCLUDED.notify_service,
                            home_assistant_user_id = EXCLUDED.home_assistant_user_id,
                            may_approve_high_risk = EXCLUDED.may_approve_high_risk
                        """,
                        [
                            .id(target.connection), .id(target.user), .text(target.service),
                            .text(target.homeAssistantUser), .bool(target.mayApproveHighRisk),
                        ], name: "set_notification_target")
                    // Not the phone and not the person in Home Assistant: the trail outlives the user.
                    let text = JSONValue.object([
                        "may_approve_high_risk": .bool(target.mayApproveHighRisk),
                        "user_id": .string(target.user.description),
                    ])
                    try record(
                        "Proposals are sent to a user's phone.", after: text, target.connection, person, time, session)
                }
            }
        } catch let error as PostgresError where error.sqlState == "23514" {
            throw ApprovalRefusal(
                .invalid,
                "The service is a name such as mobile_app_phone, without “notify.”, and the person the id of a user of Home Assistant."
            )
        } catch let error as PostgresError where error.constraint == "approval_notification_target_one_person" {
            throw ApprovalRefusal(.invalid, "That user of Home Assistant answers for another user already.")
        }
    }

    /// Sends a user nothing more. Throws `.notFound` where nothing was sent before.
    package func remove(
        _ user: UserID, of connection: ConnectionID, by person: UserID?, at time: Timestamp
    ) async throws {
        try await pool.withConnection { session in
            try await session.transaction { session in
                let removed = try session.query(
                    "DELETE FROM approval_notification_target WHERE connection_id = $1 AND user_id = $2",
                    [.id(connection), .id(user)], name: "remove_notification_target"
                ).affectedRows
                guard removed > 0 else {
                    throw ApprovalRefusal(.notFound, "No proposals are sent to a phone of that user.")
                }
                try record(
                    "Proposals are sent to a user's phone no more.",
                    after: .object(["user_id": .string(user.description)]), connection, person, time, session)
            }
        }
    }

    private func record(
        _ sentence: String, after: JSONValue, _ connection: ConnectionID, _ person: UserID?, _ time: Timestamp,
        _ session: isolated PostgresConnection
    ) throws {
        try approvals.trail.append(
            [
                AutomationAuditEntry(
                    connectionID: connection, action: .safetyChange, description: sentence,
                    after: try after.text(indented: false), userID: person, userAgent: BridgeVersion.userAgent,
                    timestamp: time)
            ], in: session)
    }

    /// Who is told, by connection and name.
    package func targets(of connection: ConnectionID? = nil) async throws -> [NamedNotificationTarget] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT target.*, connection.name AS connection_name, person.username
                FROM approval_notification_target AS target
                JOIN home_assistant_connections AS connection ON connection.id = target.connection_id
                JOIN users AS person ON person.id = target.user_id
                WHERE connection.removed_at IS NULL AND ($1::uuid IS NULL OR target.connection_id = $1::uuid)
                ORDER BY lower(connection.name), lower(person.username)
                """, [.optional(connection) { .id($0) }], name: "list_notification_targets"
            ).map { row throws(PostgresError) in
                NamedNotificationTarget(
                    target: try NotificationTarget(row: row), connectionName: try row.string("connection_name"),
                    username: try row.string("username"))
            }
        }
    }

    // MARK: Sending

    /// The connections for which a proposal waits, or a notification that was sent is not taken back.
    package func connectionsToTell() async throws -> Set<ConnectionID> {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT connection_id FROM approval_workflow WHERE status = 'PENDING'
                UNION SELECT connection_id FROM approval_notification WHERE cleared_at IS NULL
                """, name: "connections_to_tell"
            ).ids("connection_id")
        }
    }

    /// What approvers of the connection wait to be told, oldest first.
    package func due(_ connection: ConnectionID) async throws -> [DueNotification] {
        try await pool.withConnection { session in
            try await session.query(Self.due, [.id(connection)], name: "due_notifications").map {
                row throws(PostgresError) in
                DueNotification(
                    workflow: try row.id("workflow_id"), target: try NotificationTarget(row: row),
                    description: try row.string("description"), risk: try row.enumeration("risk_level"),
                    type: try row.enumeration("workflow_type"),
                    automationName: try row.optionalString("automation_name"),
                    expiresAt: try row.optionalTimestamp("expires_at"), mayApprove: try row.bool("may_approve"))
            }
        }
    }

    /// Stores the digest of the token that goes with a notification, before it is sent, and says whether it may be: it was not sent
    /// before. What was prepared and never sent gets the new token.
    package func prepare(_ due: DueNotification, tokenDigest: [UInt8]) async throws -> Bool {
        try await pool.withConnection { session in
            try await !session.query(
                """
                INSERT INTO approval_notification (connection_id, workflow_id, user_id, token_digest)
                VALUES ($1, $2, $3, $4)
                ON CONFLICT (workflow_id, user_id) DO UPDATE SET token_digest = EXCLUDED.token_digest
                    WHERE approval_notification.sent_at IS NULL
                RETURNING id
                """, [.id(due.target.connection), .id(due.workflow), .id(due.target.user), .bytes(tokenDigest)],
                name: "prepare_notification"
            ).isEmpty
        }
    }

    /// Notes that Home Assistant has taken it.
    package func markSent(_ due: DueNotification) async throws {
        try await mark("sent_at", due.workflow, due.target.user)
    }

    /// What lies on phones of the connection though it was answered, decided or has expired.
    package func stale(_ connection: ConnectionID) async throws -> [StaleNotification] {
        try await pool.withConnection { session in
            try await session.query(Self.stale, [.id(connection)], name: "stale_notifications").map {
                row throws(PostgresError) in
                StaleNotification(
                    workflow: try row.id("workflow_id"), user: try row.id("user_id"),
                    service: try row.optionalString("notify_service"))
            }
        }
    }

    /// Notes that it was taken back.
    package func markCleared(_ stale: StaleNotification) async throws {
        try await mark("cleared_at", stale.workflow, stale.user)
    }

    private func mark(_ column: StaticString, _ workflow: WorkflowID, _ user: UserID) async throws {
        try await pool.withConnection { session in
            _ = try await session.query(
                """
                UPDATE approval_notification SET \(column) = clock_timestamp()
                WHERE workflow_id = $1 AND user_id = $2 AND \(column) IS NULL
                """, [.id(workflow), .id(user)], name: "mark_notification")
        }
    }

    // MARK: Answers

    /// Counts an answer as the vote of its person, once, or says why it does not count. What does not count uses nothing up.
    package func take(
        _ answer: PhoneAnswer, of connection: ConnectionID, at time: Timestamp
    ) async throws -> PhoneVerdict {
        do {
            return try await pool.withConnection { session in
                try await session.transaction { session in try judge(answer, connection, time, session) }
            }
        } catch is ApprovalRefusal {
            return .refused(.notOpen)
        } catch let error as PostgresError where error.sqlState == "HB003" {
            return .refused(.notOpen)
        }
    }

    private func judge(
        _ answer: PhoneAnswer, _ connection: ConnectionID, _ time: Timestamp, _ session: isolated PostgresConnection
    ) throws -> PhoneVerdict {
        // The workflow first, as everything that decides it does.
        let known = try session.query(
            "SELECT risk_level FROM approval_workflow WHERE id = $1 AND connection_id = $2 FOR NO KEY UPDATE",
            [.id(answer.workflow), .id(connection)], name: "lock_answered_workflow")
        guard let risk = try known.first?.enumeration("risk_level", as: RiskLevel.self) else {
            return .refused(.unknownToken)
        }
        let rows = try session.query(
            """
            SELECT sent.id, sent.user_id, sent.answered_at IS NOT NULL AS is_answered, target.home_assistant_user_id,
                coalesce(target.may_approve_high_risk, FALSE) AS may_approve_high_risk
            FROM approval_notification AS sent
            LEFT JOIN approval_notification_target AS target
                ON target.connection_id = sent.connection_id AND target.user_id = sent.user_id
            WHERE sent.workflow_id = $1 AND sent.token_digest = $2
            FOR NO KEY UPDATE OF sent
            """, [.id(answer.workflow), .bytes(answer.tokenDigest)], name: "find_notification")
        guard let row = rows.first else { return .refused(.unknownToken) }
        if try row.bool("is_answered") { return .refused(.replayed) }
        guard let person = try row.optionalString("home_assistant_user_id"), person == answer.homeAssistantUser else {
            return .refused(.wrongPerson)
        }
        if try answer.isApproval && risk >= .high && !row.bool("may_approve_high_risk") {
            return .refused(.riskTooHigh)
        }
        let reply = answer.reply.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : StorableText.fitting($0, limit: 500) }
        let word: ApprovalVote.Word =
            answer.isApproval ? .approve(comment: reply) : .reject(reason: reply ?? "Rejected by phone.")
        _ = try session.query(
            "UPDATE approval_notification SET answered_at = clock_timestamp() WHERE id = $1",
            [.uuid(try row.uuid("id"))], name: "use_notification")
        return .counted(
            try approvals.cast(
                ApprovalVote(word, by: try row.id("user_id"), origin: .phone), on: answer.workflow, at: time, session))
    }

    // MARK: SQL

    /// Who proposed something of high risk is not asked to approve it.
    private static let due = """
        SELECT target.*, workflow.id AS workflow_id, workflow.description, workflow.risk_level, workflow.workflow_type,
            automation.name AS automation_name, workflow.expires_at,
            workflow.risk_level IN ('LOW', 'MEDIUM')
                OR target.may_approve_high_risk AND workflow.created_by IS DISTINCT FROM target.user_id AS may_approve
        FROM approval_workflow AS workflow
        JOIN approval_workflow_approvers AS vote ON vote.workflow_id = workflow.id AND vote.status = 'PENDING'
        JOIN users AS person ON person.id = vote.approver_id AND person.status = 'active'
        JOIN approval_notification_target AS target
            ON target.connection_id = workflow.connection_id AND target.user_id = vote.approver_id
        LEFT JOIN automation_management AS automation
            ON automation.connection_id = workflow.connection_id AND automation.id = workflow.automation_id
        LEFT JOIN approval_notification AS sent ON sent.workflow_id = workflow.id AND sent.user_id = target.user_id
        WHERE workflow.connection_id = $1 AND workflow.status = 'PENDING'
            AND (workflow.expires_at IS NULL OR workflow.expires_at > clock_timestamp()) AND sent.sent_at IS NULL
        ORDER BY workflow.created_at, workflow.id, target.id
        LIMIT 20
        """

    private static let stale = """
        SELECT sent.workflow_id, sent.user_id, target.notify_service
        FROM approval_notification AS sent
        JOIN approval_workflow AS workflow ON workflow.id = sent.workflow_id
        LEFT JOIN approval_workflow_approvers AS vote ON vote.workflow_id = sent.workflow_id AND vote.approver_id = sent.user_id
        LEFT JOIN approval_notification_target AS target
            ON target.connection_id = sent.connection_id AND target.user_id = sent.user_id
        WHERE sent.connection_id = $1 AND sent.sent_at IS NOT NULL AND sent.cleared_at IS NULL
            AND (workflow.status <> 'PENDING' OR workflow.expires_at <= clock_timestamp() OR vote.status IS DISTINCT FROM 'PENDING')
        ORDER BY sent.sent_at LIMIT 20
        """
}
