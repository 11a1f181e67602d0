import BridgeConcurrency

/// Remembers which servers of a connection string answered last, so that a dead one costs its share of the time once and not at
/// every reconnect. All copies of a `PostgresConfiguration` share it.
final class ServerOrder: Sendable {
    private struct State {
        var clock = 0
        var ranks: [PostgresEndpoint: Int] = [:]
    }

    private let state = LockedBox(State())

    /// The one that answered last comes first, those that failed come last, the one that failed most recently at the very end;
    /// in between the order given.
    func sorted(_ endpoints: [PostgresEndpoint]) -> [PostgresEndpoint] {
        guard endpoints.count > 1 else { return endpoints }
        let ranks = state.withLock { $0.ranks }
        return endpoints.enumerated()
            .sorted { (ranks[$0.element] ?? 0, $0.offset) < (ranks[$1.element] ?? 0, $1.offset) }
            .map(\.element)
    }

    func succeeded(_ endpoint: PostgresEndpoint) { note(endpoint, sign: -1) }

    func failed(_ endpoint: PostgresEndpoint) { note(endpoint, sign: 1) }

    private func note(_ endpoint: PostgresEndpoint, sign: Int) {
        state.withLock { state in
            // Addresses behind a name come and go.
            if state.ranks.count >= 64 { state.ranks = [:] }
            state.clock += 1
            state.ranks[endpoint] = sign * state.clock
        }
    }
}
