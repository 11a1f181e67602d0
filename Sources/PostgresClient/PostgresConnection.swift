import BridgeConcurrency
import CLibPQ
import Logging

/// One session with PostgreSQL on a thread of its own.
///
/// libpq is used without blocking: each wait is a `poll(2)` that ends at the step's deadline. A deadline that passes sends a
/// cancel request over a second socket and gives the session up: `isUsable` is false from then on.
///
/// Cancellation of the calling task is looked at before a statement is sent, never in its midst: what was sent runs to its end
/// or its deadline, so the session's state is always known. Only `notifications` and `connect` end early.
package actor PostgresConnection {
    private nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated let wake = WakeEvent()
    let configuration: PostgresConfiguration
    let logger: Logger
    /// `nil` once closed or given up.
    var handle: ConnectionHandle?
    /// Bounds each step inside `transaction`.
    var transactionDeadline: Deadline?
    /// True while steps must not be refused because the task was cancelled: ROLLBACK and COMMIT.
    var ignoresCancellation = false

    private init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        executor = ThreadExecutor(name: "postgres")
    }

    /// Opens a session; all servers of the connection string together get `deadline`.
    ///
    /// The session speaks UTC, ISO dates and hexadecimal `bytea`, and has the bounds of `settings`. Throws `.connectionFailed`
    /// (with the server's SQLSTATE when it refused; `needsAttention` tells a wrong password from a server that is away, and
    /// `isWrongServer` one that only reads), `.deadlineExceeded`, or `.cancelled`.
    package static func connect(
        _ configuration: PostgresConfiguration, settings: PostgresSessionSettings = .none,
        deadline: Duration = .seconds(5), logger: Logger
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(configuration, logger: logger)
        let result = await withTaskCancellationHandler {
            await connection.open(settings, deadline: Deadline(after: deadline))
        } onCancel: {
            connection.wake.signal()
        }
        try result.get()
        return connection
    }

    /// False once the session was closed, lost or given up; a look at what is known, without asking the server.
    package var isUsable: Bool { handle?.isHealthy ?? false }

    /// True when the session is usable and its socket shows no sign of having ended. Waits for a few milliseconds at most, and
    /// only when the server has said something unasked.
    package func isAlive() -> Bool {
        guard let handle, handle.isHealthy else { return false }
        // An idle session hears little but its own end: a last word, and then the socket closes.
        for patience in [Duration.zero, .milliseconds(20)] {
            let readiness = Readiness.wait(for: .read, on: handle.socket, deadline: Deadline(after: patience))
            if readiness.isEmpty { break }
            if PQconsumeInput(handle.raw) == 0 {
                self.handle = nil
                return false
            }
        }
        return isUsable
    }

    /// The process id of the server's side of the session.
    package var backendProcessID: Int32? { handle.map { PQbackendPID($0.raw) } }

    /// The server's version as PostgreSQL counts it: 160004 is 16.4; `nil` without a session.
    package var serverVersion: Int? { handle.map { Int(PQserverVersion($0.raw)) } }

    /// Ends the session without waiting for the server. Harmless when called twice.
    package func close() { handle = nil }

    private func open(_ settings: PostgresSessionSettings, deadline: Deadline) -> Result<Void, PostgresError> {
        if Task.isCancelled { return .failure(Self.cancelled("connecting")) }
        let attempt = ConnectionAttempt(configuration: configuration, deadline: deadline, logger: logger)
        switch BoundedCall.run(name: "pg-connect", deadline: deadline, wake: wake, attempt.run) {
        case .finished(.success(let handle)): self.handle = handle
        case .finished(.failure(let error)): return .failure(error)
        case .timedOut:
            return .failure(
                PostgresError(
                    .deadlineExceeded,
                    "No connection to \(configuration.redactedDescription) within \(deadline.spanText)",
                    hint: "Check that the host name resolves and that the server runs."))
        case .woken: return .failure(Self.cancelled("connecting"))
        case .notStarted:
            return .failure(
                PostgresError(
                    .connectionFailed,
                    "Cannot start a thread to connect to PostgreSQL, or too many attempts hang already"))
        }
        do throws(PostgresError) {
            try run(Self.sessionSettings, name: "session settings", deadline: deadline)
            try apply(settings, deadline: deadline)
            try takeConfiguredRole(deadline: deadline)
            return .success(())
        } catch {
            handle = nil
            let hint = error.hint
            return .failure(
                PostgresError(
                    error.code == .server ? .connectionFailed : error.code, error.message, sqlState: error.sqlState,
                    hint: hint))
        }
    }

    private func apply(_ settings: PostgresSessionSettings, deadline: Deadline) throws(PostgresError) {
        guard let statement = settings.statement(withClientCheck: true) else { return }
        do throws(PostgresError) {
            try run(statement, name: "session settings", deadline: deadline)
        } catch  where error.sqlState == "22023" {
            // A server on a system that cannot watch its sockets refuses the check, and the other settings with it.
            guard let rest = settings.statement(withClientCheck: false) else { return }
            try run(rest, name: "session settings", deadline: deadline)
        }
    }

    // The texts that results are decoded from must not depend on the settings of a role or database. And to compile a statement
    // takes a server that can do it, such as Debian's, some hundred times as long as to run ours; it does so where it thinks that
    // there are many rows, as in the triggers on tables that are new.
    private static let sessionSettings = """
        SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO'; SET bytea_output TO 'hex'; SET extra_float_digits TO 1; SET jit TO off
        """

    static func cancelled(_ place: String) -> PostgresError {
        PostgresError(.cancelled, "Cancelled before \(place)")
    }
}
