import Logging

/// A fixed number of sessions, opened when first needed and replaced when broken.
///
/// Borrowers wait in the order in which they came, for a bounded time and in bounded number.
package actor PostgresPool {
    /// What a borrower gets: an open session, or the right to open one.
    private enum Grant: Sendable {
        case connection(PostgresConnection)
        /// As `connection`, after a rest that was long enough for the server to freeze unnoticed.
        case unproven(PostgresConnection)
        case vacancy
    }

    private typealias Turn = Result<Grant, PostgresError>

    private struct Waiter {
        let id: Int
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Turn, Never>
    }

    private let configuration: PostgresConfiguration
    private let size: Int
    private let maximumWaiters: Int
    private let waitLimit: Duration
    private let connectDeadline: Duration
    private let settings: PostgresSessionSettings
    private let probeAfter: Duration
    private let logger: Logger

    /// The sessions that nobody uses, and since when.
    private var idle: [(connection: PostgresConnection, since: ContinuousClock.Instant)] = []
    private var gate = ReconnectGate()
    private var generator = SystemRandomNumberGenerator()
    /// Attempts to connect so far.
    package private(set) var attempts = 0
    /// Lent sessions and those being opened.
    private var lent = 0
    /// Those in line, first come first: so their deadlines are in order, too.
    private var waiters: [Waiter] = []
    private var lastWaiterID = 0
    /// Whether a task sleeps until the first deadline in line.
    private var isWatching = false
    private var isClosed = false

    /// Opens nothing yet. A borrower waits at most `waitLimit` for its turn, and `connectDeadline` for a new session. A session that
    /// was idle for `probeAfter` is asked for a sign of life before it is lent: a frozen server is as silent as an idle one.
    package init(
        _ configuration: PostgresConfiguration, size: Int, maximumWaiters: Int = 64, waitLimit: Duration = .seconds(10),
        connectDeadline: Duration = .seconds(5), settings: PostgresSessionSettings = .none,
        probeAfter: Duration = .seconds(5), logger: Logger
    ) {
        self.configuration = configuration
        self.size = max(size, 1)
        self.maximumWaiters = maximumWaiters
        self.waitLimit = waitLimit
        self.connectDeadline = connectDeadline
        self.settings = settings
        self.probeAfter = probeAfter
        self.logger = logger
    }

    /// Lends a session for the length of `body`, which runs where the caller runs.
    ///
    /// A session found dead or frozen is replaced before it is lent; one that `body` leaves inside a transaction is rolled back.
    /// Throws `PostgresError` when no session is to be had: `.connectionFailed`, `.deadlineExceeded` after the wait limit,
    /// `.cancelled`, or 53300 when too many wait already. While the server is away, attempts have pauses of up to 2 s between them,
    /// in which borrowers get the last error at once.
    package func withConnection<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let connection = try await borrow()
        do {
            let result = try await body(connection)
            await giveBack(connection)
            return result
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Refuses new borrowers, wakes those that wait, and ends idle sessions; lent ones end when they come back.
    package func close() async {
        isClosed = true
        let connections = idle
        idle = []
        for waiter in waiters { serve(waiter.id, .failure(Self.closed)) }
        for entry in connections { await entry.connection.close() }
    }

    // MARK: Borrowing

    private func borrow() async throws(PostgresError) -> PostgresConnection {
        guard !isClosed else { throw Self.closed }
        switch try await nextGrant() {
        case .connection(let connection):
            if await connection.isAlive() { return connection }
            logger.debug("Replacing a session that has ended.")
            return try await open()
        case .unproven(let connection):
            if await answers(connection) { return connection }
            logger.debug("Replacing a session that does not answer.")
            return try await open()
        case .vacancy: return try await open()
        }
    }

    /// Asks a session that was idle for long whether it is still there.
    private func answers(_ connection: PostgresConnection) async -> Bool {
        guard await connection.isAlive() else { return false }
        do throws(PostgresError) {
            try await connection.ping()
            return true
        } catch {
            // A borrower that is gone says nothing about the session.
            return error.code == .cancelled
        }
    }

    /// Opens a session on a place that `lent` counts already; passes the place on when that fails.
    private func open() async throws(PostgresError) -> PostgresConnection {
        if case .notYet(let error) = gate.ask(now: .now) {
            release(nil)
            throw error
        }
        attempts += 1
        do throws(PostgresError) {
            let connection = try await PostgresConnection.connect(
                configuration, settings: settings, deadline: connectDeadline, logger: logger)
            gate.succeeded()
            return connection
        } catch {
            gate.failed(error, now: .now, using: &generator)
            release(nil)
            throw error
        }
    }

    private func nextGrant() async throws(PostgresError) -> Grant {
        if waiters.isEmpty, lent < size {
            lent += 1
            guard let entry = idle.popLast() else { return .vacancy }
            return ContinuousClock.now - entry.since < probeAfter
                ? .connection(entry.connection) : .unproven(entry.connection)
        }
        guard waiters.count < maximumWaiters else {
            throw PostgresError(
                .connectionFailed, "\(waiters.count) users of the database wait already for one of \(size) sessions",
                sqlState: "53300")
        }
        lastWaiterID += 1
        let id = lastWaiterID
        let turn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // In line from here on: a session that comes back meanwhile is not missed.
                waiters.append(Waiter(id: id, deadline: .now + waitLimit, continuation: continuation))
                watchDeadlines()
            }
        } onCancel: {
            // It finds the waiter in line, or served: the actor is busy with what is above until then.
            Task { await self.serve(id, .failure(PostgresConnection.cancelled("a database session was free"))) }
        }
        return try turn.get()
    }

    /// Takes a waiter out of the line and tells it how its wait ended; nothing when it has left already.
    private func serve(_ id: Int, _ turn: Turn) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(returning: turn)
    }

    /// Sends away whose deadline is over, for as long as anyone is in line. One task for all: hundreds wait at once when a process
    /// starts, and memory that was needed once is not given back.
    private func watchDeadlines() {
        guard !isWatching else { return }
        isWatching = true
        Task {
            while let first = waiters.first {
                if first.deadline <= .now {
                    serve(first.id, .failure(overdue))
                } else {
                    try? await Task.sleep(until: first.deadline)
                }
            }
            isWatching = false
        }
    }

    private nonisolated var overdue: PostgresError {
        PostgresError(
            .deadlineExceeded, "No database session became free within \(Deadline(after: waitLimit).spanText)",
            hint: "All \(size) sessions are busy.")
    }

    // MARK: Returning

    private func giveBack(_ connection: PostgresConnection) async {
        await connection.leaveTransaction()
        if isClosed { await connection.close() }
        release(await connection.isUsable ? connection : nil)
    }

    /// Gives a place, with its session if that is still good, to the next in line.
    private func release(_ connection: PostgresConnection?) {
        if let next = waiters.first {
            serve(next.id, .success(connection.map { .connection($0) } ?? .vacancy))
            return
        }
        lent -= 1
        if let connection, !isClosed { idle.append((connection, .now)) }
    }

    private static let closed = PostgresError(.connectionLost, "The pool of database sessions is closed")
}
