import BridgeConcurrency
import BridgeCore

/// The meters of all running connections.
package final class MeterRegistry: Sendable {
    private let meters = LockedBox<[ConnectionID: ConnectionMeter]>([:])

    /// An empty registry.
    package init() {}

    /// The meter of `connection`, made when it is first asked for.
    package func meter(_ connection: ConnectionID) -> ConnectionMeter {
        meters.withLock { meters in
            if let meter = meters[connection] { return meter }
            let meter = ConnectionMeter()
            meters[connection] = meter
            return meter
        }
    }

    func remove(_ connection: ConnectionID) { meters.withLock { $0[connection] = nil } }

    /// All meters of this moment.
    package var all: [ConnectionID: ConnectionMeter] { meters.withLock { $0 } }
}
