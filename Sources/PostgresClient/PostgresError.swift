/// Why PostgreSQL, or the way to it, did not do what was asked.
///
/// No text in here holds a parameter's value or a password: texts of the server that quote data (SQLSTATE classes 22 and 23)
/// are masked, and passwords of the connection string are cut out.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is; a closed set, fit for a metric label.
    package enum Code: String, Sendable, CaseIterable {
        /// No session could be opened.
        case connectionFailed = "connection_failed"
        /// The session ended while it was used; whether the statement took effect is unknown.
        case connectionLost = "connection_lost"
        /// A step took longer than it may; the session was given up.
        case deadlineExceeded = "deadline_exceeded"
        /// The task was cancelled before anything was sent.
        case cancelled
        /// The server refused the statement; `sqlState` says why.
        case server
        /// The answer does not fit the question, for instance COPY sent through `query`.
        case protocolViolation = "protocol_violation"
        /// The connection string cannot be used.
        case configuration
        /// A column is missing, NULL or not of the type that was asked for.
        case decoding
    }

    /// The kind of failure.
    package let code: Code
    /// One sentence or the server's own primary message.
    package let message: String
    /// The five characters that PostgreSQL gives each error, where there are any.
    package let sqlState: String?
    /// The server's detail; only the column names of a violated key survive for errors about data.
    package let detail: String?
    /// The server's hint.
    package let hint: String?
    /// The constraint that was violated.
    package let constraint: String?
    /// The table that the error is about.
    package let table: String?
    /// The column that the error is about.
    package let column: String?
    /// The line of the COPY stream, counted from 1, at which the server stopped. Binary rows count as lines.
    package let copyLine: Int?
    /// The name that the caller gave the statement.
    package internal(set) var statementName: String?

    /// Makes an error; texts must be free of parameter values and secrets.
    package init(
        _ code: Code, _ message: String, sqlState: String? = nil, detail: String? = nil, hint: String? = nil,
        constraint: String? = nil, table: String? = nil, column: String? = nil, copyLine: Int? = nil,
        statementName: String? = nil
    ) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
        self.table = table
        self.column = column
        self.copyLine = copyLine
        self.statementName = statementName
    }

    /// A text for people: what happened, in which statement, and the server's hint.
    package var description: String {
        var text = message
        if let detail { text += " (\(detail))" }
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        if let statementName { text += " in statement “\(statementName)”" }
        if text.last != "." { text += "." }
        if let hint { text += " \(hint)" }
        return text
    }

    /// A bounded text for metric labels: the SQLSTATE, else the code.
    package var shortDescription: String { sqlState ?? code.rawValue }
}
