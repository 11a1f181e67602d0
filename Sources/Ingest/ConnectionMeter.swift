import BridgeConcurrency
import BridgeCore
import HomeAssistantClient

/// Counts what one connection does, between two samples and in all.
package final class ConnectionMeter: SessionMeter {
    /// What was counted since the last sample.
    struct Interval: Sendable {
        var messages = 0
        var events = 0
        var errors = 0
        var roundTrips = 0
        var roundTripSum: Duration = .zero
        var connectedFor: Duration = .zero
    }

    private struct State {
        var interval = Interval()
        var startedAt = ContinuousClock.now
        var connectedSince: ContinuousClock.Instant?
        var lastSeen: Timestamp?
        var lastRoundTrip: Duration?
        var eventsInAll = 0
        var unknownInAll = 0
        var reconnects = 0
        var lastError: String?
    }

    /// What a person may want to know about a connection at any time.
    package struct Snapshot: Sendable {
        package var lastSeen: Timestamp?
        package var lastRoundTrip: Duration?
        package var events: Int
        package var unknownMessages: Int
        package var reconnects: Int
        package var lastError: String?
        package var isConnected: Bool
    }

    private let state = LockedBox(State())

    /// A meter at zero.
    package init() {}

    package func received(messages: Int, events: Int, errors: Int, unknown: Int) {
        let now = Timestamp.now
        state.withLock { state in
            state.interval.messages += messages
            state.interval.events += events
            state.interval.errors += errors
            state.eventsInAll += events
            state.unknownInAll += unknown
            state.lastSeen = now
        }
    }

    func roundTrip(_ time: Duration) {
        state.withLock { state in
            state.interval.roundTrips += 1
            state.interval.roundTripSum += time
            state.lastRoundTrip = time
        }
    }

    func connected() {
        state.withLock { state in
            if state.connectedSince == nil { state.connectedSince = .now }
            state.lastError = nil
        }
    }

    func disconnected(error: String?) {
        state.withLock { state in
            let now = ContinuousClock.now
            if let since = state.connectedSince {
                state.interval.connectedFor += now - max(since, state.startedAt)
                state.reconnects += 1
            }
            state.connectedSince = nil
            state.interval.errors += error == nil ? 0 : 1
            state.interval.messages += error == nil ? 0 : 1
            if let error { state.lastError = error }
        }
    }

    /// The counts since the last call and how long that was.
    func takeInterval() -> (Interval, length: Duration) {
        state.withLock { state in
            let now = ContinuousClock.now
            var interval = state.interval
            if let since = state.connectedSince { interval.connectedFor += now - max(since, state.startedAt) }
            let length = now - state.startedAt
            state.interval = Interval()
            state.startedAt = now
            return (interval, length)
        }
    }

    /// The figures of this moment.
    package var snapshot: Snapshot {
        state.withLock { state in
            Snapshot(
                lastSeen: state.lastSeen, lastRoundTrip: state.lastRoundTrip, events: state.eventsInAll,
                unknownMessages: state.unknownInAll, reconnects: state.reconnects,
                lastError: state.lastError, isConnected: state.connectedSince != nil)
        }
    }
}

extension ConnectionMeter.Interval {
    /// The four standard metrics of an interval, as `home_assistant_connection_metrics` keeps them. Without a round trip there
    /// is no latency.
    func samples(over length: Duration) -> [(type: String, value: Double)] {
        let seconds = max(length.inSeconds, 0.001)
        var samples: [(type: String, value: Double)] = []
        if roundTrips > 0 {
            samples.append(("latency", roundTripSum.inSeconds * 1_000 / Double(roundTrips)))
        }
        samples.append(("uptime", min(100, connectedFor.inSeconds / seconds * 100)))
        samples.append(("error_rate", messages == 0 ? 0 : Double(errors) / Double(messages) * 100))
        samples.append(("event_rate", Double(events) / seconds))
        return samples
    }
}
