import BridgeConcurrency

/// Prometheus' text exposition, version 0.0.4.
package enum PrometheusText {
    /// The value of `Content-Type` that belongs to it.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All families as text; the order is that of the families.
    package static func render(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(escape(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for series in family.series {
                switch series.value {
                case .number(let number): line(family.name, series.labels, number, to: &text)
                case .histogram(let histogram): render(histogram, family.name, series.labels, to: &text)
                }
            }
        }
        return text
    }

    private static func render(
        _ histogram: HistogramSnapshot, _ name: String, _ labels: [MetricLabelPair], to text: inout String
    ) {
        var cumulated: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            cumulated += count
            let bound = index < histogram.bounds.count ? histogram.bounds[index] : .infinity
            line("\(name)_bucket", labels, bound: bound, Double(cumulated), to: &text)
        }
        line("\(name)_sum", labels, histogram.sum, to: &text)
        line("\(name)_count", labels, Double(cumulated), to: &text)
    }

    private static func line(
        _ name: String, _ labels: [MetricLabelPair], bound: Double? = nil, _ value: Double, to text: inout String
    ) {
        var pairs = labels.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }
        if let bound { pairs.append("le=\"\(number(bound))\"") }
        text += name
        if !pairs.isEmpty { text += "{\(pairs.joined(separator: ","))}" }
        text += " \(number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return "\(Int64(value))" }
        return "\(value)"
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
