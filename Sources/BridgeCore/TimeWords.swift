/// Lengths of time as a person reads them.
package enum TimeWords {
    /// How long ago `time` was, roughly: `4 s ago`, `3 h ago`, or a dash.
    package static func ago(_ time: Timestamp?, now: Timestamp) -> String {
        guard let time else { return "-" }
        let seconds = max(0, (now.microseconds - time.microseconds) / 1_000_000)
        switch seconds {
        case ..<60: return "\(seconds) s ago"
        case ..<3_600: return "\(seconds / 60) min ago"
        case ..<172_800: return "\(seconds / 3_600) h ago"
        default: return "\(seconds / 86_400) days ago"
        }
    }

    /// A short length of time: `38 ms`, `1.3 s`.
    package static func short(_ duration: Duration) -> String {
        let milliseconds = milliseconds(duration)
        guard milliseconds >= 1_000 else { return "\(milliseconds) ms" }
        return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
    }

    /// Whole milliseconds.
    package static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
