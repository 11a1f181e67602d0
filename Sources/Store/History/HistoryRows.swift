import BridgeCore
import PostgresClient

/// A state that an entity took.
package struct HistorySample: Sendable, Equatable {
    package let at: Timestamp
    /// `nil` where the entity was removed.
    package let state: String?
    package let value: Double?

    /// Names the parts.
    package init(at: Timestamp, state: String?, value: Double? = nil) {
        self.at = at
        self.state = state
        self.value = value
    }
}

/// How coarse a roll-up is.
package enum HistoryTier: String, Sendable, CaseIterable {
    case fiveMinutes = "5m"
    case hour = "1h"
    case day = "1d"

    /// The length of a bucket. A day may have an hour more or less.
    package var seconds: Int64 {
        switch self {
        case .fiveMinutes: 300
        case .hour: 3_600
        case .day: 86_400
        }
    }

    var table: String {
        switch self {
        case .fiveMinutes: "home_assistant_states_5_minutes"
        case .hour: "home_assistant_states_hourly"
        case .day: "home_assistant_states_daily"
        }
    }
}

/// A row of a roll-up: what an entity was in one stretch of time with at least one event.
package struct HistoryBucket: Sendable, Equatable {
    package var start: Timestamp
    package var seconds: Int64
    package var minimum: Double?
    package var maximum: Double?
    package var mean: Double?
    /// For how many seconds there was a number: the weight of the mean.
    package var knownSeconds: Double
    package var lastValue: Double?
    package var lastState: String?
    package var samples: Int
    /// Seconds in each state that is no number.
    package var stateSeconds: [String: Double]

    /// Names the parts.
    package init(
        start: Timestamp, seconds: Int64, minimum: Double? = nil, maximum: Double? = nil, mean: Double? = nil,
        knownSeconds: Double = 0, lastValue: Double? = nil, lastState: String? = nil, samples: Int = 1,
        stateSeconds: [String: Double] = [:]
    ) {
        self.start = start
        self.seconds = seconds
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
        self.knownSeconds = knownSeconds
        self.lastValue = lastValue
        self.lastState = lastState
        self.samples = samples
        self.stateSeconds = stateSeconds
    }

    package var end: Timestamp { start.adding(seconds: seconds) }
}

extension HistoryBucket {
    init(row: PostgresRow, tier: HistoryTier) throws(PostgresError) {
        start = try row.timestamp("bucket_start")
        seconds = tier.seconds
        minimum = try row.optionalDouble("minimum")
        maximum = try row.optionalDouble("maximum")
        mean = try row.optionalDouble("mean")
        knownSeconds = try row.optionalDouble("known_seconds") ?? 0
        lastValue = try row.optionalDouble("last_value")
        lastState = try row.optionalString("last_state")
        samples = try row.int("sample_count")
        stateSeconds = [:]
        if case .object(let members) = JSONValue.parsed(try row.optionalString("state_seconds")) {
            for (state, seconds) in members {
                switch seconds {
                case .integer(let number): stateSeconds[state] = Double(number)
                case .number(let number): stateSeconds[state] = number
                default: break
                }
            }
        }
    }
}
