import BridgeCore
import FoundationEssentials
import PostgresClient

/// The append-only table `ai_decision_audit`: what the bridge concluded, and what people said to it. Methods throw `StoreError` for
/// what a person can mend and `PostgresError` for the rest.
package struct DecisionRepository: Sendable {
    private let pool: PostgresPool
    private let writer: AuditChainWriter

    /// Uses connections of `pool`, one for each call. Rows are signed with `keys`, where there are any.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        writer = AuditChainWriter(table: .decisions, keys: keys)
    }

    // MARK: Reading

    /// Decisions, newest first, and of those made at once the most certain first; those that nobody has answered, unless
    /// `includesAnswered`.
    package func list(
        connection: ConnectionID? = nil, type: DecisionType? = nil, includesAnswered: Bool = false, limit: Int = 100
    ) async throws -> [StoredDecision] {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                \(StoredDecision.selection)
                WHERE ($1::uuid IS NULL OR decision.connection_id = $1::uuid)
                    AND ($2::text IS NULL OR decision.decision_type = $2::text)
                    AND ($3::boolean OR decision.user_feedback = 'PENDING')
                ORDER BY decision.created_at DESC, decision.confidence_score DESC NULLS LAST, decision.id
                LIMIT $4
                """,
                [
                    .optional(connection) { .id($0) }, .optional(type) { .text($0.rawValue) }, .bool(includesAnswered),
                    .int(Int64(max(0, limit))),
                ], name: "list_decisions")
            return try result.map(StoredDecision.init(row:))
        }
    }

    /// How many decisions about the connection, made since then, nobody has answered.
    package func unanswered(of connection: ConnectionID, since: Timestamp) async throws -> Int {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT count(*) AS count FROM ai_decisions
                WHERE connection_id = $1 AND created_at >= $2 AND user_feedback = 'PENDING'
                """, [.id(connection), .timestamp(since)], name: "unanswered_decisions"
            ).one { row throws(PostgresError) in try row.int("count") }
        }
    }

    /// The decision whose id begins with `prefix`, of at least four characters. Throws `.notFound`, `.ambiguous`, `.invalidValue`.
    package func find(_ prefix: String) async throws -> StoredDecision {
        try await ShortID.find(prefix, noun: "decision", list: "ha-bridge decision list") { prefix in
            try await pool.withConnection { session in
                try await session.query(
                    "\(StoredDecision.selection) WHERE decision.id::text LIKE $1 || '%' ORDER BY decision.id LIMIT 2",
                    [.text(prefix)], name: "find_decision"
                ).map(StoredDecision.init(row:))
            }
        }
    }

    /// The ids of some decisions, newest first; those that nobody has answered, or has, where `isAnswered` is given. `after` is the
    /// decision behind which to go on.
    package func page(
        connection: ConnectionID? = nil, type: DecisionType? = nil, isAnswered: Bool? = nil, after: DecisionID? = nil,
        limit: Int
    ) async throws -> [DecisionID] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT decision.id FROM ai_decisions AS decision
                WHERE ($1::uuid IS NULL OR decision.connection_id = $1::uuid)
                    AND ($2::text IS NULL OR decision.decision_type = $2::text)
                    AND ($3::boolean IS NULL OR (decision.user_feedback <> 'PENDING') = $3::boolean)
                    AND ($4::uuid IS NULL OR (decision.created_at, decision.id) < (
                        SELECT last.created_at, last.id FROM ai_decision_audit AS last WHERE last.id = $4::uuid))
                ORDER BY decision.created_at DESC, decision.id DESC
                LIMIT $5
                """,
                [
                    .optional(connection) { .id($0) }, .optional(type) { .text($0.rawValue) },
                    .optional(isAnswered) { .bool($0) }, .optional(after) { .id($0) }, .int(Int64(max(0, limit))),
                ], name: "page_decisions"
            ).map { row throws(PostgresError) in try row.id("id") }
        }
    }

    /// The decisions of these ids, in their order.
    package func read(_ ids: [DecisionID]) async throws -> [StoredDecision] {
        try await pool.withConnection { session in
            try await session.query(
                """
                \(StoredDecision.selection) WHERE decision.id = ANY ($1::uuid[])
                ORDER BY array_position($1::uuid[], decision.id)
                """, [.textArray(ids.map(\.description))], name: "read_decisions"
            ).map(StoredDecision.init(row:))
        }
    }

    // MARK: Writing

    /// Stores those of `drafts`, in their order and no more than `limit`, that no earlier decision of the connection was about, and
    /// returns them. What was suggested once is not suggested again, whether it was approved, rejected or not answered.
    ///
    /// One caller at a time for each connection. Stores nothing where the connection is gone or marked as removed, or its lease
    /// is not held as claimed.
    package func record(
        _ drafts: [DecisionDraft], of connection: ConnectionID, model: String, limit: Int = .max,
        under claims: LeaseClaims? = nil
    ) async throws -> [StoredDecision] {
        guard !drafts.isEmpty, limit > 0 else { return [] }
        let rows = drafts.enumerated().map { DraftRow($1, position: $0) }
        let json = String(decoding: try JSONEncoder().encode(rows), as: UTF8.self)
        let parameters: [PostgresValue] = [
            .id(connection), .json(json), .text(StorableText.fitting(model, limit: 50)), .int(Int64(limit)),
        ]
        let pair = try writer.keys?.pair()
        return try await pool.withConnection { session in
            try await session.transaction { session in
                guard try LeaseClaims.lock("ai_decision_audit", of: connection, under: claims, session) else {
                    return []
                }
                // Before the table is read: whoever takes rows out of it locks in this order, too.
                if let pair { _ = try writer.lockHeads([AuditChain(.decisions, connection)], pair, session) }
                let fresh = try session.query(Self.fresh, parameters, name: "fresh_decisions").map(
                    { row throws(PostgresError) in try Self.row(row, of: connection) })
                guard !fresh.isEmpty else { return [] }
                _ = try writer.write(fresh, pair, session)
                return try session.query(
                    """
                    \(StoredDecision.selection) WHERE decision.id = ANY($1::uuid[])
                    ORDER BY decision.confidence_score DESC, decision.id
                    """, [.textArray(fresh.map(\.id.uuidString))], name: "recorded_decisions"
                ).map(StoredDecision.init(row:))
            }
        }
    }

    /// Adds what a person said to a decision; the newest word counts. Throws `.notFound` for a decision that is none.
    package func answer(
        _ decision: DecisionID, _ feedback: DecisionFeedback, comment: String? = nil, by user: UserID? = nil,
        from origin: ActOrigin = .commandLine
    ) async throws {
        // A decision never changes, so it may be read beforehand.
        let rows = try await pool.withConnection { session in
            try await Self.feedback(decision, feedback, comment, user, origin, session)
        }
        guard !rows.isEmpty else { throw StoreError(.notFound, "There is no decision \(decision).") }
        _ = try await writer.append(rows, over: pool)
    }

    /// As `answer`, inside a transaction of the caller's; does nothing for a decision that is none. It locks the chain of the row until
    /// the transaction ends: call it before anything is appended to the chains of other tables, and otherwise last.
    package func answer(
        _ decision: DecisionID, _ feedback: DecisionFeedback, comment: String? = nil, by user: UserID? = nil,
        from origin: ActOrigin = .commandLine, in session: isolated PostgresConnection
    ) throws {
        let rows = try Self.feedback(decision, feedback, comment, user, origin, session)
        guard !rows.isEmpty else { return }
        _ = try writer.write(rows, try writer.keys?.pair(), session)
    }

    /// The row to append for what a person said; none for a decision that is none.
    private static func feedback(
        _ decision: DecisionID, _ feedback: DecisionFeedback, _ comment: String?, _ user: UserID?,
        _ origin: ActOrigin, _ session: isolated PostgresConnection
    ) throws -> [AuditRow] {
        try session.query(
            """
            SELECT gen_random_uuid() AS id, connection_id, automation_id, decision_type,
                'Feedback: ' || decision_description AS decision_description, $2::text AS user_feedback, id AS feedback_on,
                $3::uuid AS user_id, $4::text AS reasoning_explanation, $5::jsonb AS input_data, clock_timestamp() AS created_at
            FROM ai_decision_audit
            WHERE id = $1 AND feedback_on IS NULL
            """,
            [
                .id(decision), .text(feedback.rawValue), .optional(user) { .id($0) },
                .optional(comment) { .text(StorableText.fitting($0)) }, .optional(origin.json) { .json($0) },
            ], name: "feedback_on_decision"
        ).map { row throws(PostgresError) in try Self.row(row, of: try row.optionalID("connection_id")) }
    }

    /// A row of a result whose columns are named as those of the table, as one to append.
    private static func row(_ row: PostgresRow, of connection: ConnectionID?) throws(PostgresError) -> AuditRow {
        var values: [String: String?] = [:]
        for name in row.columnNames where name != "id" && name != "connection_id" {
            values[name] = try row.optionalString(name)
        }
        return AuditRow(id: try row.uuid("id"), connection: connection, values: values)
    }

    /// An automation that is gone meanwhile is left out with what was said of it.
    private static let fresh = """
        WITH draft AS (
            SELECT *, ARRAY(SELECT jsonb_array_elements_text(keys)) AS covered
            FROM jsonb_to_recordset($2::jsonb) AS draft (
                position integer, automation_id uuid, decision_type text, decision_description text, subject_key text,
                keys jsonb, confidence numeric, input text, output text, reason text)
        ), fresh AS (
            SELECT * FROM draft
            WHERE NOT EXISTS (
                    SELECT FROM ai_decision_audit AS earlier
                    WHERE earlier.connection_id = $1::uuid AND earlier.feedback_on IS NULL
                        AND (earlier.subject_key = ANY (draft.covered) OR earlier.output_data -> 'covers' ?| draft.covered)
                )
                AND (automation_id IS NULL OR EXISTS (
                    SELECT FROM automation_management AS automation
                    WHERE automation.id = draft.automation_id AND automation.connection_id = $1::uuid
                ))
            ORDER BY position
            LIMIT $4::bigint
        )
        SELECT gen_random_uuid() AS id, automation_id, decision_type, decision_description, subject_key, $3::text AS ai_model_version,
            confidence AS confidence_score, input::jsonb AS input_data, output::jsonb AS output_data,
            reason AS reasoning_explanation, CURRENT_TIMESTAMP AS created_at
        FROM fresh
        ORDER BY position
        """
}

/// A draft as `record` sends it.
private struct DraftRow: Encodable {
    var position: Int
    var automation_id: String?
    var decision_type: String
    var decision_description: String
    var subject_key: String
    var keys: [String]
    var confidence: Double
    var input: String
    var output: String
    var reason: String

    init(_ draft: DecisionDraft, position: Int) {
        self.position = position
        automation_id = draft.automation?.description
        decision_type = draft.type.rawValue
        decision_description = StorableText.fitting(draft.description)
        subject_key = StorableText.fitting(draft.subjectKey, limit: 255)
        keys = ([draft.subjectKey] + draft.covers).map { StorableText.fitting($0, limit: 255) }
        confidence = (min(100, max(0, draft.confidence)) * 100).rounded() / 100
        input = draft.input
        output = draft.output
        reason = StorableText.fitting(draft.reason)
    }
}
