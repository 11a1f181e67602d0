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
    /// Those in line, first come first.
    private var waiters: [Int] = []
    /// A waiter suspends, or is served, in either order: whichever comes first leaves its half here.
    private var suspended: [Int: CheckedContinuation<Turn, Never>] = [:]
    private var served: [Int: Turn] = [:]
    private var lastWaiterID = 0
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
        for waiter in waiters { serve(waiter, .failure(Self.closed)) }
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
        // In line from here on: a session that comes back meanwhile is not missed.
        waiters.append(id)
        let limit = waitLimit
        let turn = await withTaskGroup(of: Turn?.self) { group in
            group.addTask { await self.wait(id) }
            group.addTask {
                do {
                    try await Task.sleep(for: limit)
                    await self.serve(id, .failure(self.overdue))
                } catch {
                    // The borrower's task was cancelled, or its turn has come and nobody is waiting under this number.
                    await self.serve(id, .failure(PostgresConnection.cancelled("a database session was free")))
                }
                return nil
            }
            var turn: Turn?
            for await result in group {
                if let result {
                    turn = result
                    group.cancelAll()
                }
            }
            return turn ?? .failure(Self.closed)
        }
        return try turn.get()
    }

    private func wait(_ id: Int) async -> Turn {
        if let turn = served.removeValue(forKey: id) { return turn }
        return await withCheckedContinuation { suspended[id] = $0 }
    }

    /// Takes a waiter out of the line and tells it how its wait ended; nothing when it has left already.
    private func serve(_ id: Int, _ turn: Turn) {
        guard let index = waiters.firstIndex(of: id) else { return }
        waiters.remove(at: index)
        if let continuation = suspended.removeValue(forKey: id) {
            continuation.resume(returning: turn)
        } else {
            served[id] = turn
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
            serve(next, .success(connection.map { .connection($0) } ?? .vacancy))
            return
        }
        lent -= 1
        if let connection, !isClosed { idle.append((connection, .now)) }
    }

    private static let closed = PostgresError(.connectionLost, "The pool of database sessions is closed")
}
