import BridgeConcurrency
import BridgeCore
import Logging
import PostgresClient
import Store

/// Writes the four standard metrics of each connection once an interval, and when it was last seen; only of connections whose
/// lease the bridge holds when it writes.
package struct MetricsSampler: Sendable {
    private let meters: MeterRegistry
    private let metrics: ConnectionMetricsRepository
    private let connections: ConnectionRepository
    private let book: LeaseBook
    private let interval: Duration
    private let logger: Logger

    package init(
        meters: MeterRegistry, metrics: ConnectionMetricsRepository, connections: ConnectionRepository,
        book: LeaseBook, interval: Duration = .seconds(60), logger: Logger
    ) {
        self.meters = meters
        self.metrics = metrics
        self.connections = connections
        self.book = book
        self.interval = interval
        self.logger = logger
    }

    /// Samples until cancelled. The first sample comes early, so that a person who has just started sees figures. Between two
    /// samples `last_seen_at` is kept current.
    package func run() async {
        var unwritten: [MetricSample] = []
        let pause = min(interval, .seconds(15))
        var nextSample = ContinuousClock.now + pause
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            if nextSample <= .now {
                nextSample += interval
                unwritten += samples()
            }
            do {
                if !unwritten.isEmpty { try await metrics.append(unwritten, under: book.claims) }
                unwritten = []
                try await connections.recordSeen(sightings(), under: book.claims)
            } catch {
                // A day of samples of one connection is 5,760; more than a few days without a database are cut from the oldest.
                if unwritten.count > 100_000 { unwritten.removeFirst(unwritten.count - 100_000) }
                logger.debug(
                    "Cannot write metrics; they wait for the next interval.",
                    metadata: [LoggingKeys.error: "\(error)"])
            }
        }
    }

    private func samples() -> [MetricSample] {
        let now = Timestamp.now
        return meters.all.flatMap { connection, meter in
            let (counts, length) = meter.takeInterval()
            return counts.samples(over: length).map { sample in
                MetricSample(connectionID: connection, type: sample.type, value: sample.value, timestamp: now)
            }
        }
    }

    private func sightings() -> [(id: ConnectionID, seenAt: Timestamp, health: String?)] {
        meters.all.compactMap { connection, meter in
            let snapshot = meter.snapshot
            return snapshot.lastSeen.map { (id: connection, seenAt: $0, health: snapshot.json) }
        }
    }
}

extension ConnectionMeter.Snapshot {
    /// The JSON object for `connection_health`.
    var json: String {
        var fields = ["status": isConnected ? "connected" : "disconnected"]
        fields["last_error"] = lastError
        fields["last_seen"] = lastSeen?.iso8601
        fields["round_trip_ms"] = lastRoundTrip.map { String(Int($0.inSeconds * 1_000)) }
        fields["events"] = String(events)
        fields["reconnects"] = String(reconnects)
        return JSONText.object(fields)
    }
}
