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
    private var waiters: [(id: Int, continuation: CheckedContinuation<Turn, Never>)] = []
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
        for waiter in waiters { waiter.continuation.resume(returning: .failure(Self.closed)) }
        waiters = []
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
        let limit = waitLimit
        let turn = await withTaskGroup(of: Turn?.self) { group in
            group.addTask { await self.wait(id) }
            group.addTask {
                try? await Task.sleep(for: limit)
                await self.expire(id, after: limit)
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
        await withCheckedContinuation { continuation in
            waiters.append((id, continuation))
        }
    }

    /// Runs after the wait limit, and at once when the borrower's task is cancelled, since that ends the sleep.
    private func expire(_ id: Int, after limit: Duration) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        let waiter = waiters.remove(at: index)
        let error = PostgresError(
            .deadlineExceeded, "No database session became free within \(Deadline(after: limit).spanText)",
            hint: "All \(size) sessions are busy.")
        waiter.continuation.resume(returning: .failure(error))
    }

    // MARK: Returning

    private func giveBack(_ connection: PostgresConnection) async {
        await connection.leaveTransaction()
        if isClosed { await connection.close() }
        release(await connection.isUsable ? connection : nil)
    }

    /// Gives a place, with its session if that is still good, to the next in line.
    private func release(_ connection: PostgresConnection?) {
        if !waiters.isEmpty {
            waiters.removeFirst().continuation.resume(
                returning: .success(connection.map { .connection($0) } ?? .vacancy))
            return
        }
        lent -= 1
        if let connection, !isClosed { idle.append(connection) }
    }

    private static let closed = PostgresError(.connectionLost, "The pool of database sessions is closed")
}
