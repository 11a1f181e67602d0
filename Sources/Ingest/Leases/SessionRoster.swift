import BridgeCore
import Store

/// Decides which sessions run: those of connections that are stored, wanted, and held by this bridge. No task, no clock and no
/// database inside.
///
/// Two sessions of one connection never overlap: the next one starts when the end of the one before was reported.
struct SessionRoster {
    enum Action: Equatable {
        /// Start a session, and report its end by `on(ended:)`.
        case start(StoredConnection, epoch: Int64)
        /// End the session. When it `drains`, its end is reported only after what it has read is written.
        case end(ConnectionID, drains: Bool)
        /// Give the lease back.
        case release(ConnectionID, epoch: Int64)
        /// Nothing more is to be told about the connection; the name is that of one which a person has paused.
        case forget(ConnectionID, paused: String?)
    }

    /// What makes a session start anew when it changes.
    private struct Revision: Equatable {
        let name: String
        let url: String
        let token: TokenIdentity
        let trust: TLSTrust
        let userID: UserID
        let epoch: Int64

        init(_ connection: StoredConnection, _ token: TokenIdentity, epoch: Int64) {
            name = connection.name
            url = connection.url
            self.token = token
            trust = connection.trust
            userID = connection.userID
            self.epoch = epoch
        }
    }

    private struct Running {
        let revision: Revision
        var isEnding = false
        /// It ended by itself; it is not tried again until something changes.
        var hasEnded = false
    }

    private var stored: [ConnectionID: StoredConnection] = [:]
    private var tokens: [ConnectionID: TokenIdentity] = [:]
    private var readAt: ContinuousClock.Instant?
    private var leases: [ConnectionID: LeaseBook.Lease] = [:]
    private var running: [ConnectionID: Running] = [:]
    /// Leases that were given back and are still in the book.
    private var released: [ConnectionID: Int64] = [:]

    /// The connections as the table has them, removed ones left out; `readAt` is before the reading. `tokens` tells which of
    /// their tokens are the same though they were sealed anew; those that are missing are the same as long as their text is.
    mutating func on(
        stored connections: [StoredConnection], tokens: [ConnectionID: TokenIdentity] = [:],
        readAt: ContinuousClock.Instant
    ) -> [Action] {
        self.tokens = tokens
        stored = Dictionary(connections.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.readAt = readAt
        return reconcile()
    }

    /// The leases as the book has them.
    mutating func on(leases: [ConnectionID: LeaseBook.Lease]) -> [Action] {
        self.leases = leases
        released = released.filter { leases[$0.key]?.epoch == $0.value }
        return reconcile()
    }

    /// A session has ended, and its socket is closed.
    mutating func on(ended connection: ConnectionID) -> [Action] {
        guard let entry = running[connection] else { return [] }
        guard entry.isEnding else {
            running[connection]?.hasEnded = true
            return []
        }
        return gone(connection) + reconcile()
    }

    private mutating func reconcile() -> [Action] {
        var actions: [Action] = []
        for (id, entry) in running.sorted(by: { $0.key.description < $1.key.description }) where !entry.isEnding {
            if revision(id) == entry.revision { continue }
            if entry.hasEnded {
                actions += gone(id)
            } else {
                running[id]?.isEnding = true
                let isHandedOver = leases[id]?.epoch == entry.revision.epoch && revision(id) == nil
                actions.append(.end(id, drains: isHandedOver))
            }
        }
        for (id, lease) in leases.sorted(by: { $0.key.description < $1.key.description }) where running[id] == nil {
            if let revision = revision(id), let connection = stored[id] {
                running[id] = Running(revision: revision)
                actions.append(.start(connection, epoch: lease.epoch))
            } else if isUseless(id, lease), released[id] == nil {
                released[id] = lease.epoch
                actions.append(.release(id, epoch: lease.epoch))
            }
        }
        return actions
    }

    private mutating func gone(_ id: ConnectionID) -> [Action] {
        running[id] = nil
        if revision(id) != nil { return [] }
        return [.forget(id, paused: stored[id].flatMap { $0.pausedAt == nil ? nil : $0.name })]
    }

    /// What is to run for a connection now; `nil` when nothing is.
    private func revision(_ id: ConnectionID) -> Revision? {
        guard let connection = stored[id], connection.pausedAt == nil, connection.removedAt == nil,
            let lease = leases[id], !lease.isGivenUp, released[id] == nil
        else { return nil }
        return Revision(connection, tokens[id] ?? .sealed(connection.sealedToken), epoch: lease.epoch)
    }

    /// Whether a lease without a session is to be given back. A connection that is missing or paused in a reading from before
    /// the acquisition was wanted when it was acquired.
    private func isUseless(_ id: ConnectionID, _ lease: LeaseBook.Lease) -> Bool {
        if lease.isGivenUp { return true }
        guard let readAt else { return false }
        return readAt > lease.since
    }
}
