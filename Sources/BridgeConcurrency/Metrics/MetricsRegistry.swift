/// Every metric of the process, by name.
///
/// Asking for a metric returns a handle; the handle is what hot code keeps, the registry is only read when someone looks.
/// Asking twice for the same name and labels returns the same handle. A registration that cannot be shown (a bad name, a name
/// already used for another kind, too many series) never stops the process: the caller gets a handle that counts for nobody,
/// and `problems` says what is wrong. Thread-safe.
package final class MetricsRegistry: Sendable {
    /// The most series one name may have; more would be a label with free text.
    package static let seriesLimit = 2_000

    private let state = LockedBox(State())

    /// An empty registry.
    package init() {}

    /// The counter `name`, which must end in `_total`.
    package func counter(_ name: String, _ help: String, labels: [String: String] = [:]) -> Counter {
        let made = Counter()
        let kept = register(name, help, .counter, labels, .counter(made))
        if case .counter(let counter) = kept { return counter }
        return made
    }

    /// A counter for each value of a label whose values are a closed set.
    package func counter<Label: MetricLabel>(
        _ name: String, _ help: String, label: String, of values: Label.Type, labels: [String: String] = [:]
    ) -> LabelledCounter<Label> {
        LabelledCounter<Label> { value in
            counter(name, help, labels: labels.merging([label: value.rawValue]) { _, new in new })
        }
    }

    /// A counter whose value is read when someone looks. `read` must not block; `nil` leaves the series out.
    package func counter(
        _ name: String, _ help: String, labels: [String: String] = [:], read: @escaping @Sendable () -> Double?
    ) {
        _ = register(name, help, .counter, labels, .callback(read))
    }

    /// The gauge `name`.
    package func gauge(_ name: String, _ help: String, labels: [String: String] = [:]) -> Gauge {
        let made = Gauge()
        let kept = register(name, help, .gauge, labels, .gauge(made))
        if case .gauge(let gauge) = kept { return gauge }
        return made
    }

    /// A gauge whose value is read when someone looks. `read` must not block; `nil` leaves the series out.
    package func gauge(
        _ name: String, _ help: String, labels: [String: String] = [:], read: @escaping @Sendable () -> Double?
    ) {
        _ = register(name, help, .gauge, labels, .callback(read))
    }

    /// The histogram `name` with these upper bounds; a series that exists keeps its own.
    package func histogram(
        _ name: String, _ help: String, bounds: [Double] = Histogram.latencySeconds, labels: [String: String] = [:]
    ) -> Histogram {
        let made = Histogram(bounds: bounds)
        let kept = register(name, help, .histogram, labels, .histogram(made))
        if case .histogram(let histogram) = kept { return histogram }
        return made
    }

    /// Forgets every series that carries this label, as when a connection was removed. Handles stay valid, unseen.
    package func removeSeries(label: String, value: String) {
        let pair = MetricLabelPair(name: label, value: value)
        state.withLock { state in
            state.families = state.families.mapValues { family in
                var family = family
                family.series = family.series.filter { !$0.key.contains(pair) }
                return family
            }
        }
    }

    /// What could not be registered and why; empty in a correct program.
    package var problems: [String] { state.withLock { $0.problems } }

    /// All families by name, each series by its labels. Callbacks run on the calling thread, outside the lock.
    package func families() -> [MetricFamily] {
        let families = state.withLock { $0.families }
        return families.sorted { $0.key < $1.key }.compactMap { name, family in
            let series = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
                .compactMap { labels, source in
                    source.value.map { MetricFamily.Series(labels: labels, value: $0) }
                }
            guard !series.isEmpty else { return nil }
            return MetricFamily(name: name, help: family.help, kind: family.kind, series: series)
        }
    }

    private func register(
        _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ labels: [String: String], _ source: Source
    ) -> Source? {
        let pairs = labels.map { MetricLabelPair(name: $0.key, value: $0.value) }.sorted()
        return state.withLock { state in
            if let problem = Self.problem(name, kind, pairs, state.families[name]) {
                // Bounded: a fault in a loop must not grow the list for ever.
                if state.problems.count < 100 { state.problems.append(problem) }
                return nil
            }
            if let existing = state.families[name]?.series[pairs] { return existing }
            state.families[name, default: Family(help: help, kind: kind)].series[pairs] = source
            return source
        }
    }

    private static func problem(
        _ name: String, _ kind: MetricFamily.Kind, _ labels: [MetricLabelPair], _ family: Family?
    ) -> String? {
        if !isName(name) { return "The metric name \"\(name)\" is not valid." }
        if kind == .counter, !name.hasSuffix("_total") { return "The counter \(name) does not end in _total." }
        for label in labels where !isName(label.name) || label.name == "le" || label.name.hasPrefix("__") {
            return "The label \"\(label.name)\" of \(name) is not valid."
        }
        guard let family else { return nil }
        if family.kind != kind { return "\(name) is a \(family.kind.rawValue) and cannot be a \(kind.rawValue) too." }
        if family.series[labels] == nil, family.series.count >= seriesLimit {
            return "\(name) has \(seriesLimit) series already; the next one is not shown."
        }
        return nil
    }

    /// Letters, digits and underscores, not starting with a digit: what both metric and label names allow.
    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x5F: true
            default: false
            }
        }
    }

    private struct State {
        var families: [String: Family] = [:]
        var problems: [String] = []
    }

    private struct Family {
        let help: String
        let kind: MetricFamily.Kind
        var series: [[MetricLabelPair]: Source] = [:]
    }

    private enum Source: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        case callback(@Sendable () -> Double?)

        var value: MetricFamily.Value? {
            switch self {
            case .counter(let counter): .number(Double(counter.value))
            case .gauge(let gauge): .number(gauge.value)
            case .histogram(let histogram): .histogram(histogram.snapshot())
            case .callback(let read): read().map { .number($0) }
            }
        }
    }
}
