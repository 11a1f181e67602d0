import CLibPQ

extension PostgresConnection {
    /// Runs `body` between BEGIN and COMMIT; any error rolls back and is thrown on.
    ///
    /// `deadline` bounds the transaction as a whole; `body` runs on the connection's thread without suspension, so nothing else
    /// comes in between. Cancellation is honoured up to the last statement of `body`, not at COMMIT. A connection lost in COMMIT
    /// throws `.connectionLost`: whether it took effect is unknown, so the work must be safe to repeat.
    ///
    /// `finalStatement`, one statement or several without parameters (see `PostgresLiteral`), goes to the server in one message with
    /// COMMIT: the locks that it takes live for a moment, and not for a round trip that a frozen client would make endless. When it
    /// fails, COMMIT is not executed, everything is rolled back, and its error carries `finalName`. Its rows are thrown away.
    package func transaction<R: Sendable>(
        deadline: Duration = .seconds(30), finalStatement: String? = nil, finalName: String = "final statement",
        _ body: @Sendable (isolated PostgresConnection) throws -> R
    ) throws -> R {
        guard transactionDeadline == nil else {
            throw PostgresError(.protocolViolation, "A transaction is open already on this connection")
        }
        let bound = Deadline(after: deadline)
        try run("BEGIN", name: "begin", deadline: bound)
        transactionDeadline = bound
        defer { transactionDeadline = nil }
        let result: R
        do {
            result = try body(self)
        } catch {
            rollBack()
            throw error
        }
        try commit(finalStatement, finalName, bound)
        return result
    }

    private func commit(_ finalStatement: String?, _ finalName: String, _ bound: Deadline) throws(PostgresError) {
        ignoresCancellation = true
        defer { ignoresCancellation = false }
        do throws(PostgresError) {
            // On a line of its own: a comment at the end of the statement must not swallow the COMMIT.
            let end = try run((finalStatement.map { $0 + "\n;\n" } ?? "") + "COMMIT", name: nil, deadline: bound)
            // COMMIT of a failed transaction is no error to the server: it answers with the tag of what it did.
            guard end?.commandTag == "COMMIT" else {
                throw PostgresError(
                    .server, "The transaction was rolled back, because an error inside it was not passed on",
                    sqlState: "25P02", statementName: "commit")
            }
        } catch {
            // A COMMIT that fails has ended the transaction; a statement before it leaves the transaction to be rolled back.
            let isBeforeCommit = handle != nil && !isOutsideTransaction
            leaveTransaction()
            throw error.named(isBeforeCommit ? finalName : "commit")
        }
    }

    /// True when the session is outside any transaction.
    var isOutsideTransaction: Bool { handle.map { PQtransactionStatus($0.raw) == PQTRANS_IDLE } ?? false }

    /// Leaves a transaction that someone else left open; gives the session up when that fails.
    func leaveTransaction() {
        if handle != nil && !isOutsideTransaction { rollBack() }
    }

    private func rollBack() {
        guard let handle, handle.isHealthy else {
            self.handle = nil
            return
        }
        ignoresCancellation = true
        defer { ignoresCancellation = false }
        do {
            // A bound of its own: the transaction's may be what has just passed.
            try run("ROLLBACK", name: "rollback", deadline: Deadline(after: .seconds(5)))
        } catch {
            logger.debug(
                "Could not roll back; the session is closed.", metadata: ["error": "\(error.shortDescription)"])
            self.handle = nil
        }
    }
}
