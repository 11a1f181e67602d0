import BridgeConcurrency
import BridgeCore
import Logging
import PostgresClient
import Store

/// Keeps the leases of one bridge: announces it, renews what it holds, takes what is free up to its share, and gives up what is
/// more than that.
///
/// It has a session with PostgreSQL of its own, with short deadlines, so that nothing else delays a renewal. While PostgreSQL
/// does not answer, nothing changes: nobody else can acquire a lease then, either. Only what the database says takes one away.
package final class LeaseKeeper: Sendable {
    private enum Order: Sendable {
        case look
        case release(ConnectionID, epoch: Int64)
        case withdraw
    }

    private struct State {
        var isRunning = false
        var acquiresNoMore = false
        var isWithdrawn = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// What the loop remembers between two rounds.
    private struct Memory {
        var rules: LeaseRules
        var nextRenewal = ContinuousClock.now
        var nextLook = ContinuousClock.now
        var retryAt: ContinuousClock.Instant?
        var attempt = 0
        /// Leases to release.
        var pending: Set<ConnectionID> = []
        /// Leases that the database says the bridge holds, and the book does not know: acquired in a commit whose answer got
        /// lost, or before a crash.
        var strays: Set<ConnectionID> = []
        var isWithdrawn = false
    }

    /// What the bridge holds.
    package let book: LeaseBook
    private let identity: BridgeIdentity
    private let timings: LeaseTimings
    private let pool: PostgresPool
    private let repository: LeaseRepository
    private let orders: Mailbox<Order>
    private let logger: Logger
    private let state = LockedBox(State())

    /// A keeper that does nothing until `run`. `timer` must run beside it.
    package init(
        identity: BridgeIdentity, configuration: PostgresConfiguration, timings: LeaseTimings = LeaseTimings(),
        timer: DeadlineTimer, logger: Logger
    ) {
        self.identity = identity
        self.timings = timings
        self.logger = logger
        book = LeaseBook(bridge: identity.id)
        pool = PostgresPool(configuration, size: 1, connectDeadline: timings.deadline, logger: logger)
        repository = LeaseRepository(pool, deadline: timings.deadline)
        orders = Mailbox(timer: timer)
    }

    // MARK: Orders, from any thread

    /// Looks for free leases at once: somebody has notified.
    package func look() { orders.push(.look) }

    /// From now on no lease is acquired; those held are renewed until `withdraw`.
    package func acquireNoMore() { state.withLock { $0.acquiresNoMore = true } }

    /// Releases a lease whose session has ended and whose events are written. Nothing when it has another epoch by now.
    package func release(_ connection: ConnectionID, epoch: Int64) { orders.push(.release(connection, epoch: epoch)) }

    /// Takes the bridge out and releases everything, of which the others are notified; `run` ends. Call it when everything read
    /// is written, and the last states, too: nothing is written for a connection afterwards. Returns when the database has it, or
    /// has not answered within a few deadlines: then the leases run out by themselves.
    package func withdraw() async {
        let isRunning = state.withLock { state in
            state.acquiresNoMore = true
            return state.isRunning
        }
        guard isRunning else { return await leave() }
        orders.push(.withdraw)
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isRunning { state.waiting.append(continuation) }
                return !state.isRunning
            }
            if isOver { continuation.resume() }
        }
    }

    // MARK: The loop

    /// Keeps the leases until `withdraw` or cancellation. After a cancellation the leases are left to run out.
    package func run() async {
        let isWithdrawn = state.withLock { state in
            state.isRunning = !state.isWithdrawn
            return state.isWithdrawn
        }
        if isWithdrawn { return }
        var memory = Memory(rules: LeaseRules(timings: timings))
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled, !memory.isWithdrawn {
            do {
                try await round(&memory)
                if memory.attempt > 0 { logger.notice("Leases are renewed again.") }
                memory.attempt = 0
                memory.retryAt = nil
            } catch {
                if Task.isCancelled { break }
                memory.attempt += 1
                memory.retryAt = .now + timings.retry.delay(attempt: memory.attempt, using: &generator)
                logger.log(
                    level: memory.attempt == 1 ? .warning : .debug,
                    "Cannot renew the leases. Sessions go on; trying again until it works.",
                    metadata: [LoggingKeys.error: "\(error)"])
            }
            await wait(&memory)
        }
        if memory.isWithdrawn { await leave() }
        await pool.close()
        let waiting = state.withLock { state in
            state.isRunning = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private func wait(_ memory: inout Memory) async {
        while !Task.isCancelled, !memory.isWithdrawn {
            let due = min(memory.nextRenewal, memory.nextLook)
            let deadline = memory.retryAt.map { max($0, due) } ?? due
            if deadline <= .now { return }
            for order in await orders.next(until: deadline) {
                switch order {
                case .look: memory.nextLook = .now
                case .release(let connection, let epoch):
                    // From here on nothing is claimed: what is still to be written was received under a lease, and needs none.
                    if book.markLost(connection, epoch: epoch) { memory.pending.insert(connection) }
                    memory.nextLook = .now
                case .withdraw: memory.isWithdrawn = true
                }
            }
        }
    }

    private func round(_ memory: inout Memory) async throws {
        if memory.nextRenewal <= .now {
            try await renew(&memory)
            memory.nextRenewal = .now + timings.renewal
        }
        if !memory.pending.isEmpty {
            try await repository.release(identity.id, memory.pending)
            memory.pending = []
        }
        if memory.nextLook <= .now || !memory.strays.isEmpty {
            try await look(&memory)
            memory.nextLook = .now + timings.look
        }
    }

    private func renew(_ memory: inout Memory) async throws {
        let held = book.leases.mapValues(\.epoch)
        let found = try await repository.renew(identity, held: held, expiry: timings.expiry)
        memory.rules.renewed(at: .now)
        for (connection, epoch) in held where found[connection] != epoch {
            guard book.markLost(connection, epoch: epoch) else { continue }
            logger.warning(
                "Another bridge speaks for this connection now. Its session is closed.",
                metadata: [LoggingKeys.connectionID: "\(connection)", LoggingKeys.leaseEpoch: "\(epoch)"])
        }
        memory.strays = Set(found.keys).subtracting(held.keys).subtracting(memory.pending)
    }

    private func look(_ memory: inout Memory) async throws {
        let acquiresNoMore = state.withLock { $0.acquiresNoMore }
        let census = try await repository.census(for: identity.id)
        let leases = book.leases
        if !acquiresNoMore {
            let acquired = try await repository.acquire(
                identity, atMost: memory.rules.room(census, held: leases.count), held: leases.keys,
                takesExpired: memory.rules.trustsExpiry(at: .now), expiry: timings.expiry)
            if !acquired.isEmpty {
                book.add(acquired)
                memory.strays.subtract(acquired.keys)
                logger.notice(
                    "This bridge speaks for more connections now.",
                    metadata: [
                        LoggingKeys.count: "\(acquired.count)", "held": "\(leases.count + acquired.count)",
                        "bridges": "\(census.bridges)",
                    ])
            }
        }
        // There is no room for what is left, or it is paused.
        try await repository.release(identity.id, memory.strays)
        memory.strays = []
        let active = leases.filter { !$0.value.isGivenUp }.keys.sorted { $0.description < $1.description }
        let surplus = memory.rules.surplus(census, active: active.count, at: .now)
        if surplus > 0 {
            book.giveUp(active.suffix(surplus))
            logger.notice(
                "Other bridges share the work now. Handing connections over to them.",
                metadata: [LoggingKeys.count: "\(surplus)", "bridges": "\(census.bridges)"])
        }
    }

    private func leave() async {
        let isFirst = state.withLock { state in
            defer { state.isWithdrawn = true }
            return !state.isWithdrawn
        }
        guard isFirst else { return }
        book.removeAll()
        do {
            try await repository.withdraw(identity.id)
        } catch {
            logger.warning(
                "Cannot release the leases. Other bridges take over when they have run out.",
                metadata: [LoggingKeys.error: "\(error)"])
        }
        await pool.close()
    }
}
