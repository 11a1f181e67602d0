import CLibPQ

extension PostgresConnection {
    /// Runs one statement with parameters (`$1`, `$2`, …) and returns its rows.
    ///
    /// `name` appears in errors and is not sent. Throws what the server says as `.server`, `.connectionLost`,
    /// `.deadlineExceeded`; a text with a NUL character is refused like the server would (22021).
    package func query(
        _ sql: String, _ parameters: [PostgresValue] = [], name: String? = nil, deadline: Duration = .seconds(30)
    ) throws(PostgresError) -> PostgresResult {
        do throws(PostgresError) {
            let deadline = bounded(deadline)
            let handle = try session(for: name ?? "a statement")
            let block = try ParameterBlock(parameters)
            guard block.send(sql, on: handle.raw) else { throw notSent(handle) }
            guard let result = try finish(handle, deadline: deadline) else {
                throw PostgresError(.protocolViolation, "PostgreSQL ended the statement without a result")
            }
            return PostgresResult(result)
        } catch {
            throw error.named(name)
        }
    }

    /// Runs SQL without parameters; several statements are allowed and then form one transaction.
    ///
    /// Rows are thrown away. Throws as `query` does.
    package func execute(
        _ sql: String, name: String? = nil, deadline: Duration = .seconds(30)
    ) throws(PostgresError) {
        try run(sql, name: name, deadline: bounded(deadline))
    }

    /// Asks the server for a sign of life; a frozen one costs the session. Throws `.connectionLost`, `.deadlineExceeded`.
    package func ping(deadline: Duration = .seconds(2)) throws(PostgresError) {
        try run("", name: "ping", deadline: bounded(deadline))
    }

    /// Listens on a channel; `notifications` then reports what is sent there.
    package func listen(to channel: String, deadline: Duration = .seconds(30)) throws(PostgresError) {
        let quoted = "\"" + channel.replacing("\"", with: "\"\"") + "\""
        try execute("LISTEN \(quoted)", name: "listen", deadline: deadline)
    }

    /// `execute` on an existing deadline; returns the last result.
    @discardableResult
    func run(_ sql: String, name: String?, deadline: Deadline) throws(PostgresError) -> ResultStorage? {
        do throws(PostgresError) {
            let handle = try session(for: name ?? "a statement")
            guard PQsendQuery(handle.raw, sql) == 1 else { throw notSent(handle) }
            return try finish(handle, deadline: deadline)
        } catch {
            throw error.named(name)
        }
    }
}

extension PostgresError {
    /// The same error with the statement's name, unless it has one.
    func named(_ name: String?) -> PostgresError {
        guard let name, statementName == nil else { return self }
        var copy = self
        copy.statementName = name
        return copy
    }
}
