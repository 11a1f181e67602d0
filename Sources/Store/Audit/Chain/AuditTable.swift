/// A table whose rows are signed in chains.
package enum AuditTable: String, CaseIterable, Sendable, Comparable {
    /// What was done to automations.
    case automations = "automation_audit_trail"
    /// What the bridge concluded, and what people said to it.
    case decisions = "ai_decision_audit"
    /// What was done to connections and users, and how their sessions went.
    case connections = "home_assistant_audit_log"

    /// By name, which is the order in which their chains are locked.
    package static func < (left: AuditTable, right: AuditTable) -> Bool { left.rawValue < right.rawValue }

    /// A column that a signature covers.
    struct Column: Sendable {
        let name: String
        /// The type that a value has in the table.
        let type: String

        /// JSON, read as text first, because a value that is none must not be mistaken for its neighbours.
        fileprivate var isJSON: Bool { type == "jsonb" }
        fileprivate var isTime: Bool { type == "timestamptz" }
    }

    /// Every column but those of the chain (`connection_id`, `chain_sequence`, `previous_digest` and the signature, which stand
    /// in the head of the message). A test holds them against the table.
    var columns: [Column] {
        switch self {
        case .automations:
            Self.columns(
                ("id", "uuid"), ("automation_id", "uuid"), ("workflow_id", "uuid"), ("action_type", "varchar(50)"),
                ("action_description", "text"), ("before_state", "jsonb"), ("after_state", "jsonb"),
                ("ai_reasoning", "text"), ("user_id", "uuid"), ("timestamp", "timestamptz"), ("ip_address", "inet"),
                ("user_agent", "text"), ("session_id", "varchar(255)"))
        case .decisions:
            Self.columns(
                ("id", "uuid"), ("automation_id", "uuid"), ("decision_type", "varchar(50)"),
                ("decision_description", "text"), ("subject_key", "varchar(255)"), ("ai_model_version", "varchar(50)"),
                ("confidence_score", "numeric(5,2)"), ("input_data", "jsonb"), ("output_data", "jsonb"),
                ("reasoning_explanation", "text"), ("user_feedback", "varchar(50)"), ("feedback_on", "uuid"),
                ("user_id", "uuid"), ("created_at", "timestamptz"))
        case .connections:
            Self.columns(
                ("id", "uuid"), ("user_id", "uuid"), ("action", "varchar(100)"), ("details", "jsonb"),
                ("ip_address", "inet"), ("user_agent", "text"), ("success", "boolean"), ("error_message", "text"),
                ("duration_ms", "integer"), ("created_at", "timestamptz"))
        }
    }

    /// The column that says when it happened.
    package var timeColumn: String {
        switch self {
        case .automations: "timestamp"
        case .decisions, .connections: "created_at"
        }
    }

    private static func columns(_ columns: (String, String)...) -> [Column] {
        columns.map { Column(name: $0.0, type: $0.1) }
    }
}

// MARK: SQL

extension AuditTable {
    /// The columns of `row` as a signature covers them, for a COPY in text: PostgreSQL's own output of each type, and times in UTC
    /// with microseconds. The same when a row is written and when it is verified, and made of nothing but the server's own functions.
    func canonicalColumns(of row: String) -> String {
        columns.map { column in
            let value = "\(row).\(column.name)"
            guard column.isTime else { return value }
            // What to_char cannot tell apart, such as a year before Christ, stays as PostgreSQL writes it.
            return """
                CASE WHEN \(value) >= '0001-01-01 00:00:00+00'::timestamptz AND \(value) < '10000-01-01 00:00:00+00'::timestamptz
                THEN pg_catalog.to_char(pg_catalog.timezone('UTC', \(value)), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
                ELSE \(value)::text END
                """
        }.joined(separator: ", ")
    }

    /// The names of all columns that an INSERT gives, in their order.
    var insertedColumns: String {
        (["connection_id"] + columns.map(\.name) + ["chain_sequence", "previous_digest", "cryptographic_signature"])
            .joined(separator: ", ")
    }

    /// Rows that were sent as JSON, with the types of the table: those of `insertedColumns`, and `position`. `source` is an
    /// expression of type `jsonb`, an array of objects of texts.
    func recordset(_ source: String) -> String {
        let names = columns.map { $0.isJSON ? "sent.\($0.name)::jsonb AS \($0.name)" : "sent.\($0.name)" }
        let definitions = columns.map { "\($0.name) \($0.isJSON ? "text" : $0.type)" }
        // A row that names its automation alone belongs to that one's connection; a trigger of the table says so, too.
        let connection =
            columns.contains { $0.name == "automation_id" }
            ? """
            coalesce(sent.connection_id, (
                SELECT automation.connection_id FROM automation_management AS automation WHERE automation.id = sent.automation_id
            ))
            """ : "sent.connection_id"
        return """
            SELECT sent.position, \(connection) AS connection_id, \(names.joined(separator: ", ")), sent.chain_sequence,
                decode(sent.previous_digest, 'hex') AS previous_digest, sent.cryptographic_signature
            FROM jsonb_to_recordset(\(source)) AS sent (
                position bigint, connection_id uuid, \(definitions.joined(separator: ", ")), chain_sequence bigint,
                previous_digest text, cryptographic_signature varchar(255))
            """
    }
}
