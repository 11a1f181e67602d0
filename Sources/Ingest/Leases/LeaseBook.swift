import BridgeConcurrency
import BridgeCore
import Store

/// Which connections this bridge speaks for, and under which epoch: what the keeper has acquired and not yet seen lost.
///
/// It is a belief: the database alone knows, and every statement that writes for a connection asks it again. Thread-safe; no call
/// waits.
package final class LeaseBook: Sendable {
    /// One lease.
    package struct Lease: Sendable, Equatable {
        /// Grows by one with each acquisition, by whichever bridge.
        package let epoch: Int64
        /// When this bridge acquired it.
        package let since: ContinuousClock.Instant
        /// True when it is to be released as soon as its session is closed and what that has read is written.
        package fileprivate(set) var isGivenUp = false

        init(epoch: Int64, since: ContinuousClock.Instant) {
            self.epoch = epoch
            self.since = since
        }
    }

    private struct State {
        var leases: [ConnectionID: Lease] = [:]
        var observers: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastObserver = 0
    }

    /// Whose leases these are.
    package let bridge: BridgeID
    private let state = LockedBox(State())

    /// A book without leases.
    package init(bridge: BridgeID) { self.bridge = bridge }

    /// The epoch under which the bridge holds the lease of `connection`; `nil` when it does not.
    package func epoch(of connection: ConnectionID) -> Int64? {
        state.withLock { $0.leases[connection]?.epoch }
    }

    /// All leases of this moment.
    package var leases: [ConnectionID: Lease] { state.withLock { $0.leases } }

    /// The number of leases, those that are given up included.
    package var count: Int { state.withLock { $0.leases.count } }

    /// What the bridge claims at this moment.
    package var claims: LeaseClaims {
        LeaseClaims(bridge: bridge, epochs: leases.mapValues(\.epoch))
    }

    /// What the bridge claims for one connection; `nil` when that is nothing.
    package func claims(for connection: ConnectionID) -> LeaseClaims? {
        epoch(of: connection).map { LeaseClaims(bridge: bridge, epochs: [connection: $0]) }
    }

    /// Notes that the database refused a claim. A lease that was acquired anew since, under a later epoch than the `epoch`
    /// claimed, stays. Returns whether the book has changed.
    @discardableResult
    package func markLost(_ connection: ConnectionID, epoch: Int64? = nil) -> Bool {
        change { leases in
            guard let lease = leases[connection], epoch == nil || lease.epoch == epoch else { return false }
            leases[connection] = nil
            return true
        }
    }

    /// Yields at once, and then after every change; changes that come close together may be reported as one. Ends with the task
    /// that reads it.
    package func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastObserver += 1
            state.observers[state.lastObserver] = continuation
            return state.lastObserver
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.observers[number] = nil }
        }
        continuation.yield()
        return stream
    }

    /// Notes what the keeper has acquired.
    func add(_ acquired: [ConnectionID: Int64], now: ContinuousClock.Instant = .now) {
        change { leases in
            for (connection, epoch) in acquired { leases[connection] = Lease(epoch: epoch, since: now) }
            return !acquired.isEmpty
        }
    }

    /// Asks for the end of these leases.
    func giveUp(_ connections: some Sequence<ConnectionID>) {
        change { leases in
            var isChanged = false
            for connection in connections where leases[connection]?.isGivenUp == false {
                leases[connection]?.isGivenUp = true
                isChanged = true
            }
            return isChanged
        }
    }

    /// Forgets everything, as at the end of the process.
    func removeAll() {
        change { leases in
            defer { leases = [:] }
            return !leases.isEmpty
        }
    }

    @discardableResult
    private func change(_ body: (inout [ConnectionID: Lease]) -> Bool) -> Bool {
        let observers = state.withLock { state in
            body(&state.leases) ? Array(state.observers.values) : nil
        }
        // Outside the lock: a stream's end calls back into it.
        for observer in observers ?? [] { observer.yield() }
        return observers != nil
    }
}
