import Logging

/// A fixed number of sessions, opened when first needed and replaced when broken.
///
/// Borrowers wait in the order in which they came, for a bounded time and in bounded number.
package actor PostgresPool {
    /// What a borrower gets: an open session, or the right to open one.
    private enum Grant: Sendable {
        case connection(PostgresConnection)
        case vacancy
    }

    private typealias Turn = Result<Grant, PostgresError>

    private let configuration: PostgresConfiguration
    private let size: Int
    private let maximumWaiters: Int
    private let waitLimit: Duration
    private let connectDeadline: Duration
    private let logger: Logger

    private var idle: [PostgresConnection] = []
    /// Lent sessions and those being opened.
    private var lent = 0
    /// Those in line, first come first.
    private var waiters: [Int] = []
    /// A waiter suspends, or is served, in either order: whichever comes first leaves its half here.
    private var suspended: [Int: CheckedContinuation<Turn, Never>] = [:]
    private var served: [Int: Turn] = [:]
    private var lastWaiterID = 0
    private var isClosed = false

    /// Opens nothing yet. A borrower waits at most `waitLimit` for its turn, and `connectDeadline` for a new session.
    package init(
        _ configuration: PostgresConfiguration, size: Int, maximumWaiters: Int = 64, waitLimit: Duration = .seconds(10),
        connectDeadline: Duration = .seconds(5), logger: Logger
    ) {
        self.configuration = configuration
        self.size = max(size, 1)
        self.maximumWaiters = maximumWaiters
        self.waitLimit = waitLimit
        self.connectDeadline = connectDeadline
        self.logger = logger
    }

    /// Lends a session for the length of `body`, which runs where the caller runs.
    ///
    /// A session found dead is replaced before it is lent; one that `body` leaves inside a transaction is rolled back. Throws
    /// `PostgresError` when no session is to be had: `.connectionFailed`, `.deadlineExceeded` after the wait limit, `.cancelled`,
    /// or 53300 when too many wait already.
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
        for connection in connections { await connection.close() }
    }

    // MARK: Borrowing

    private func borrow() async throws(PostgresError) -> PostgresConnection {
        guard !isClosed else { throw Self.closed }
        switch try await nextGrant() {
        case .connection(let connection):
            if await connection.isAlive() { return connection }
            logger.debug("Replacing a session that has ended.")
            return try await open()
        case .vacancy: return try await open()
        }
    }

    /// Opens a session on a place that `lent` counts already; passes the place on when that fails.
    private func open() async throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) {
            return try await PostgresConnection.connect(configuration, deadline: connectDeadline, logger: logger)
        } catch {
            release(nil)
            throw error
        }
    }

    private func nextGrant() async throws(PostgresError) -> Grant {
        if waiters.isEmpty, lent < size {
            lent += 1
            return idle.popLast().map { .connection($0) } ?? .vacancy
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
        if let connection, !isClosed { idle.append(connection) }
    }

    private static let closed = PostgresError(.connectionLost, "The pool of database sessions is closed")
}
