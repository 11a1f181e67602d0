import CLibPQ

/// The steps that every statement is made of. All of them run on the connection's thread.
extension PostgresConnection {
    /// The session, or why there is none.
    func session(for place: String) throws(PostgresError) -> ConnectionHandle {
        if Task.isCancelled && !ignoresCancellation { throw Self.cancelled(place) }
        guard let handle else {
            throw PostgresError(.connectionLost, "The connection to PostgreSQL is closed")
        }
        guard handle.isHealthy else {
            self.handle = nil
            throw PostgresError(.connectionLost, "The connection to PostgreSQL has ended")
        }
        return handle
    }

    /// The step's own deadline, cut by that of the transaction around it.
    func bounded(_ deadline: Duration) -> Deadline { Deadline(after: deadline).earlier(than: transactionDeadline) }

    /// Waits for the socket; ends the session at the deadline, also when the server keeps it busy all the time.
    func await(
        _ wanted: Readiness, _ handle: ConnectionHandle, deadline: Deadline
    ) throws(PostgresError) -> Readiness {
        let readiness = Readiness.wait(for: wanted, on: handle.socket, deadline: deadline)
        guard !readiness.isEmpty, !deadline.hasPassed else { throw giveUp(handle, deadline) }
        return readiness
    }

    /// Sends what libpq holds, reading meanwhile, so that neither side waits for the other.
    func flush(_ handle: ConnectionHandle, deadline: Deadline) throws(PostgresError) {
        while PQflush(handle.raw) > 0, handle.socket >= 0 {
            let readiness = try self.await([.read, .write], handle, deadline: deadline)
            // A failure shows in the result that the caller fetches next.
            if readiness.contains(.read), PQconsumeInput(handle.raw) == 0 { return }
        }
    }

    /// The next result of the statement under way, `nil` after the last.
    func nextResult(_ handle: ConnectionHandle, deadline: Deadline) throws(PostgresError) -> ResultStorage? {
        try flush(handle, deadline: deadline)
        // Without a socket PQgetResult reports the loss and does not wait.
        while PQisBusy(handle.raw) != 0, handle.socket >= 0 {
            _ = try self.await(.read, handle, deadline: deadline)
            if PQconsumeInput(handle.raw) == 0 { break }
        }
        return PQgetResult(handle.raw).map { ResultStorage(adopting: $0) }
    }

    /// Reads results until there are no more; returns the last good one, throws the first error.
    func finish(
        _ handle: ConnectionHandle, first: ResultStorage? = nil, deadline: Deadline
    ) throws(PostgresError) -> ResultStorage? {
        var last: ResultStorage?
        var failure: PostgresError?
        var next: ResultStorage?
        if let first { next = first } else { next = try nextResult(handle, deadline: deadline) }
        while let result = next {
            switch result.status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: last = result
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                // Nobody feeds or reads this COPY: leaving it needs an exchange that may hang, a new session does not.
                self.handle = nil
                throw PostgresError(
                    .protocolViolation,
                    "COPY … FROM STDIN and TO STDOUT need copyIn and copyOut; the session was closed")
            default: if failure == nil { failure = error(from: result, handle) }
            }
            next = try nextResult(handle, deadline: deadline)
        }
        if !handle.isHealthy { self.handle = nil }
        if let failure {
            if failure.isWrongServer {
                // Another session, with the server that takes writes, if there is one by now.
                configuration.servers.failed(handle.endpoint)
                self.handle = nil
            }
            throw failure
        }
        return last
    }

    /// The error for a request that libpq did not even queue.
    func notSent(_ handle: ConnectionHandle) -> PostgresError {
        let text = ErrorText.oneLine(ErrorText.removing(configuration.secrets, from: handle.errorText))
        // What state libpq is in after that is not known.
        self.handle = nil
        return PostgresError(.connectionLost, "The statement could not be sent: \(text)")
    }

    /// The error for a failed result.
    func error(from result: ResultStorage, _ handle: ConnectionHandle) -> PostgresError {
        let secrets = configuration.secrets
        guard let sqlState = result.diagnostic(.sqlState) else {
            let text = PQresultErrorMessage(result.raw).map { String(cString: $0) } ?? ""
            let message = ErrorText.oneLine(ErrorText.removing(secrets, from: text))
            return PostgresError(
                handle.isHealthy ? .protocolViolation : .connectionLost,
                "The connection to PostgreSQL was lost: " + (message.isEmpty ? "no reason given" : message))
        }
        let severity = result.diagnostic(.severity)
        let text = ErrorText.primary(result.diagnostic(.message) ?? "", sqlState: sqlState)
        return PostgresError(
            severity == "FATAL" || severity == "PANIC" ? .connectionLost : .server,
            ErrorText.removing(secrets, from: text), sqlState: sqlState,
            detail: ErrorText.detail(result.diagnostic(.detail), sqlState: sqlState),
            hint: result.diagnostic(.hint), constraint: result.diagnostic(.constraint),
            table: result.diagnostic(.table), column: result.diagnostic(.column),
            copyLine: ErrorText.copyLine(inContext: result.diagnostic(.context)))
    }

    /// Asks the server to stop, drops the session, and says so.
    func giveUp(_ handle: ConnectionHandle, _ deadline: Deadline) -> PostgresError {
        CancelRequest.send(for: handle, limit: .seconds(2))
        configuration.servers.failed(handle.endpoint)
        self.handle = nil
        return PostgresError(
            .deadlineExceeded,
            "PostgreSQL did not finish within \(deadline.spanText); it was asked to stop, and the session was closed")
    }
}
