/// All series of one metric name at one moment, as an exporter prints them.
package struct MetricFamily: Sendable, Equatable {
    /// What Prometheus may do with the numbers.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// One series' number or counts.
    package enum Value: Sendable, Equatable {
        case number(Double)
        case histogram(HistogramSnapshot)
    }

    /// One combination of labels, sorted by name, and its value.
    package struct Series: Sendable, Equatable {
        package let labels: [MetricLabelPair]
        package let value: Value
    }

    package let name: String
    package let help: String
    package let kind: Kind
    package let series: [Series]
}

/// A label's name and value.
package struct MetricLabelPair: Hashable, Sendable, Comparable {
    package let name: String
    package let value: String

    /// Wraps both; the registry checks the name, the exposition escapes the value.
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    package static func < (left: MetricLabelPair, right: MetricLabelPair) -> Bool {
        (left.name, left.value) < (right.name, right.value)
    }
}
