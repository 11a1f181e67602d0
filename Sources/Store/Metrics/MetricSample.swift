import BridgeCore

/// How a connection fared in one interval, in one respect.
package struct MetricSample: Sendable, Equatable {
    package let connectionID: ConnectionID
    /// `latency`, `uptime`, `error_rate`, `event_rate` or another word of lowercase letters, digits and underscores.
    package let type: String
    /// Within what the column holds, ±999999.9999, and within 0 to 100 for percentages; NaN where there is nothing to store.
    package let value: Double
    /// The start of the interval.
    package let timestamp: Timestamp

    /// Clamps `value` to what the column holds: a figure out of range is still told as the extreme that it is.
    package init(connectionID: ConnectionID, type: String, value: Double, timestamp: Timestamp) {
        self.connectionID = connectionID
        self.type = type
        self.timestamp = timestamp
        let bounds = Self.percentages.contains(type) ? 0...100 : -Self.largest...Self.largest
        self.value = value.isNaN ? value : min(max(value, bounds.lowerBound), bounds.upperBound)
    }

    /// The types that the table holds to 0 to 100.
    private static let percentages: Set<String> = ["uptime", "error_rate"]
    /// `DECIMAL(10,4)`.
    private static let largest = 999_999.9999
}
