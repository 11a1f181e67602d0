import BridgeCore
import FoundationEssentials
import PostgresClient

/// A decision on a proposal and who made it.
package struct ApprovalVote: Sendable, Equatable {
    package enum Word: Sendable, Equatable {
        case approve(comment: String?)
        /// The reason is not blank.
        case reject(reason: String)
    }

    package var word: Word
    package var user: UserID
    /// The digest of what was shown to the person; `nil` where that is whatever the row holds.
    package var shownDigest: [UInt8]?
    package var origin: ActOrigin

    package init(_ word: Word, by user: UserID, shownDigest: [UInt8]? = nil, origin: ActOrigin = .commandLine) {
        self.word = word
        self.user = user
        self.shownDigest = shownDigest
        self.origin = origin
    }
}

extension ApprovalRepository {
    /// Stores a person's vote, with its audit row, and returns the proposal as it is then: PENDING where more votes are needed.
    ///
    /// Throws `.decided`, `.expired`, `.otherProposal`, `.notAllowed`, `.invalid`, `.notFound`.
    package func vote(_ vote: ApprovalVote, on workflow: WorkflowID, at time: Timestamp) async throws -> StoredWorkflow
    {
        do {
            return try await pool.withConnection { session in
                try await session.transaction { session in try cast(vote, on: workflow, at: time, session) }
            }
        } catch let error as PostgresError {
            throw ApprovalRefusal.explained(error, workflow: workflow)
        }
    }

    /// As `vote`, inside a transaction. Throws HB003 as PostgreSQL says it.
    func cast(
        _ vote: ApprovalVote, on id: WorkflowID, at time: Timestamp, _ session: isolated PostgresConnection
    ) throws -> StoredWorkflow {
        let before = try lock(id, shownDigest: vote.shownDigest, session)
        guard before.status == .pending else { throw Self.decided(before) }
        let (status, comments): (VoteStatus, String?) =
            switch vote.word {
            case .approve(let comment): (.approved, comment)
            case .reject(let reason): (.rejected, reason)
            }
        if status == .rejected, comments?.allSatisfy(\.isWhitespace) ?? true {
            throw ApprovalRefusal(.invalid, "A rejection needs a reason, for whoever proposed it.")
        }
        let rows = try session.query(
            """
            UPDATE approval_workflow_approvers SET status = $3, comments = $4
            WHERE workflow_id = $1 AND approver_id = $2 AND status = 'PENDING'
            """,
            [
                .id(id), .id(vote.user), .text(status.rawValue),
                .optional(comments) { .text(StorableText.fitting($0)) },
            ], name: "cast_vote")
        guard rows.affectedRows == 1 else { throw try Self.noVote(vote.user, on: id, session) }
        guard let after = try Self.read(id, session) else { throw Self.gone(id) }
        if let decision = after.decision, after.status != .pending {
            try decisions.answer(
                DecisionID(decision), after.status == .approved ? .approved : .rejected, comment: comments,
                by: vote.user, in: session)
        }
        let word = status == .approved ? "Approved" : "Rejected"
        var description = "\(word) “\(after.description)” \(vote.origin.way)"
        if let comments, !comments.isEmpty { description += ": \(comments)" }
        try trail.append(
            [
                Self.entry(
                    status == .approved ? .approve : .reject, description, after, before, by: vote.user,
                    from: vote.origin, at: time)
            ],
            in: session)
        return after
    }

    /// Withdraws a proposal that is not decided, or approved and not carried out. The one who proposed it may, the owner of the
    /// connection, and an active administrator. Returns it as it is then.
    package func cancel(
        _ id: WorkflowID, by user: UserID, reason: String?, from origin: ActOrigin = .commandLine, at time: Timestamp
    ) async throws -> StoredWorkflow {
        do {
            return try await pool.withConnection { session in
                try await session.transaction { session in
                    let before = try lock(id, shownDigest: nil, isBound: false, session)
                    guard before.status == .pending || before.status == .approved else { throw Self.decided(before) }
                    let isEntitled = try !session.query(
                        """
                        SELECT FROM users AS person
                        WHERE person.id = $2 AND person.status = 'active' AND (
                            person.role = 'admin'
                            OR person.id = (SELECT created_by FROM approval_workflow WHERE id = $1)
                            OR person.id = (SELECT user_id FROM home_assistant_connections WHERE id = $3))
                        """, [.id(id), .id(user), .id(before.connection)], name: "may_cancel"
                    ).isEmpty
                    guard isEntitled else {
                        throw ApprovalRefusal(
                            .notAllowed,
                            "Only who proposed it, the owner of the connection or an administrator may cancel a proposal. An approver can reject it."
                        )
                    }
                    _ = try session.query(
                        "UPDATE approval_workflow SET status = 'CANCELLED' WHERE id = $1", [.id(id)],
                        name: "cancel_approval")
                    guard let after = try Self.read(id, session) else { throw Self.gone(id) }
                    let why = reason.map { ": \($0)" } ?? "."
                    try trail.append(
                        [
                            Self.entry(
                                .cancel,
                                "Cancelled the proposal “\(after.description)”\(origin.wayUnlessCommandLine)\(why)",
                                after,
                                before, by: user, from: origin, at: time)
                        ], in: session)
                    return after
                }
            }
        } catch let error as PostgresError {
            throw ApprovalRefusal.explained(error, workflow: id)
        }
    }

    /// Ends the proposals whose time is over, those that were approved and never carried out among them, and returns them. Any
    /// bridge may do so: a row that another works on is left to it.
    package func expire(at time: Timestamp) async throws -> [StoredWorkflow] {
        let connections = try await pool.withConnection { session in
            try await session.query(
                "SELECT DISTINCT connection_id FROM approval_workflow AS workflow WHERE \(Self.isDue)",
                name: "due_approvals"
            ).map { row throws(PostgresError) -> ConnectionID in try row.id("connection_id") }
        }
        var expired: [StoredWorkflow] = []
        // One connection at a time: its rows form one chain of the audit trail.
        for connection in connections {
            expired += try await pool.withConnection { session in
                try await session.transaction { session in
                    let ids = try session.query(
                        """
                        WITH due AS MATERIALIZED (
                            SELECT id FROM approval_workflow AS workflow
                            WHERE workflow.connection_id = $1 AND \(Self.isDue)
                            ORDER BY id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED
                        )
                        UPDATE approval_workflow AS workflow SET status = 'EXPIRED' FROM due WHERE workflow.id = due.id
                        RETURNING workflow.id
                        """, [.id(connection)], name: "expire_approvals"
                    ).map { row throws(PostgresError) -> WorkflowID in try row.id("id") }
                    let rows = try ids.compactMap { try Self.read($0, session) }
                    try trail.append(
                        rows.map { row in
                            Self.entry(
                                .expire, "The proposal “\(row.description)” expired before it was carried out.", row,
                                nil, by: nil, at: time)
                        }, in: session)
                    return rows
                }
            }
        }
        return expired
    }

    private static let isDue = """
        workflow.expires_at <= clock_timestamp() AND (workflow.status = 'PENDING' OR workflow.status = 'APPROVED' AND NOT EXISTS (
            SELECT FROM automation_apply_operation AS operation
            WHERE operation.workflow_id = workflow.id AND operation.status IN ('IN_PROGRESS', 'COMPLETED')))
        """

    // MARK: Parts

    /// Locks the row, so that nobody else decides meanwhile, and looks whether it is what was shown and what was proposed.
    private func lock(
        _ id: WorkflowID, shownDigest: [UInt8]?, isBound: Bool = true, _ session: isolated PostgresConnection
    ) throws -> StoredWorkflow {
        let rows = try session.query(
            """
            SELECT proposal_digest IS NOT DISTINCT FROM sha256(convert_to(proposed_changes::text, 'UTF8')) AS is_whole,
                coalesce(expires_at <= clock_timestamp(), FALSE) AS is_expired
            FROM approval_workflow WHERE id = $1 FOR NO KEY UPDATE
            """, [.id(id)], name: "lock_approval")
        guard let row = rows.first, let workflow = try Self.read(id, session) else { throw Self.gone(id) }
        guard isBound, workflow.status == .pending else { return workflow }
        if try row.bool("is_expired") {
            throw ApprovalRefusal(.expired, "The time to decide this proposal is over. Propose it anew.")
        }
        guard try row.bool("is_whole") else {
            throw ApprovalRefusal(
                .otherProposal,
                "What this proposal holds was changed in the database after it was made. It cannot be decided: cancel it and propose anew."
            )
        }
        if let shownDigest, shownDigest != workflow.digest {
            throw ApprovalRefusal(
                .otherProposal,
                "The proposal is not the one of this digest. Look at it again: ha-bridge approval show \(id.short)")
        }
        return workflow
    }

    private static func gone(_ id: WorkflowID) -> ApprovalRefusal {
        ApprovalRefusal(.notFound, "There is no proposal \(id). See: ha-bridge approval list --all")
    }

    /// Why a proposal that was decided cannot be decided again.
    static func decided(_ workflow: StoredWorkflow) -> ApprovalRefusal {
        let text =
            switch workflow.status {
            case .pending: "waits for a decision"
            case .approved: "is approved already" + (workflow.approvedByName.map { ", by \($0)" } ?? "")
            case .rejected:
                "was rejected" + (workflow.rejectedByName.map { " by \($0)" } ?? "")
                    + (workflow.rejectionReason.map { " (\($0))" } ?? "")
            case .cancelled: "was cancelled"
            case .expired: "has expired"
            }
        let end = text.last.map { ".!?".contains($0) } == true ? "" : "."
        return ApprovalRefusal(.decided, "The proposal “\(workflow.description)” \(text)\(end)")
    }

    /// Why no row was there to vote with.
    private static func noVote(
        _ user: UserID, on workflow: WorkflowID, _ session: isolated PostgresConnection
    ) throws -> ApprovalRefusal {
        let votes = try votes(on: workflow, session)
        if let own = votes.first(where: { $0.approver == user }) {
            return ApprovalRefusal(
                .decided,
                "You have \(own.status == .approved ? "approved" : "rejected") this proposal already; a vote is final.")
        }
        let names = votes.filter { $0.status == .pending }.compactMap(\.approverName)
        let choice =
            names.isEmpty
            ? "Nobody who may still decide it is left: cancel it and propose anew."
            : "These may: \(names.joined(separator: ", "))."
        return ApprovalRefusal(.notAllowed, "You are no approver of this proposal. \(choice)")
    }

    private static func entry(
        _ action: AutomationAuditAction, _ description: String, _ after: StoredWorkflow, _ before: StoredWorkflow?,
        by user: UserID?, from origin: ActOrigin = .commandLine, at time: Timestamp
    ) -> AutomationAuditEntry {
        AutomationAuditEntry(
            connectionID: after.connection, automationID: after.automation, workflowID: after.id.uuid, action: action,
            description: Redactor.redact(description),
            before: before.map { #"{"status":"\#($0.status.rawValue)"}"# },
            after: #"{"proposal_digest":"\#(after.digestText)","status":"\#(after.status.rawValue)"}"#, userID: user,
            ipAddress: origin.address, userAgent: BridgeVersion.userAgent, sessionID: origin.session, timestamp: time)
    }
}

extension WorkflowID {
    /// Enough of the id to name it.
    package var short: String { String(description.prefix(8)) }
}

extension StoredWorkflow {
    /// The digest of what is proposed in hexadecimal digits; empty where nothing is.
    package var digestText: String {
        Hexadecimal.text(digest ?? [])
    }
}
