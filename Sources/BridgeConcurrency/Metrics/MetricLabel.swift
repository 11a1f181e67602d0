/// The closed set of values that one label of a metric can take, such as the reasons for a drop.
///
/// Prometheus keeps a series for each value for ever, so a label never holds free text:
/// `enum DropReason: String, MetricLabel { case queueFull = "queue_full", invalid }`.
package protocol MetricLabel: RawRepresentable<String>, CaseIterable, Hashable, Sendable {}

/// One counter for each value of a label; every series exists, at zero, from the start.
package struct LabelledCounter<Label: MetricLabel>: Sendable {
    private let counters: [Label: Counter]

    /// Builds a counter for each value with `make`.
    init(_ make: (Label) -> Counter) {
        counters = Dictionary(uniqueKeysWithValues: Label.allCases.map { ($0, make($0)) })
    }

    /// The counter of `label`; keep it where the path is hot.
    package subscript(label: Label) -> Counter { counters[label] ?? Counter() }

    /// The sum over all values.
    package var total: UInt64 { counters.values.reduce(0) { $0 &+ $1.value } }
}
