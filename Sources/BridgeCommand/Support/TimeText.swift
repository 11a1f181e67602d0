import BridgeCore
import Glibc

/// How moments and lengths of time are written.
enum TimeText {
    /// For tables: UTC to the second, `2026-11-21 01:14:48Z`, or a dash.
    static func table(_ time: Timestamp?) -> String {
        guard let time else { return "-" }
        let text = time.iso8601
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))Z"
    }

    /// For tables of events: UTC to the millisecond.
    static func fine(_ time: Timestamp) -> String {
        let text = time.iso8601
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(12))Z"
    }

    /// How long ago `time` was, roughly: `4 s ago`, `3 h ago`, or a dash.
    static func ago(_ time: Timestamp?, now: Timestamp) -> String { TimeWords.ago(time, now: now) }

    /// A short length of time: `38 ms`, `1.3 s`.
    static func short(_ duration: Duration) -> String { TimeWords.short(duration) }

    /// How long something will take, roughly: `38 s`, `4 min`, `2 h 5 min`; begun seconds count.
    static func rough(_ duration: Duration) -> String {
        let (whole, rest) = duration.components
        let seconds = whole + (rest > 0 ? 1 : 0)
        if seconds < 60 { return "\(seconds) s" }
        return seconds < 3_600 ? "\(seconds / 60) min" : "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
    }

    /// Whole milliseconds, for `duration_ms`.
    static func milliseconds(_ duration: Duration) -> Int { TimeWords.milliseconds(duration) }

    /// The present moment.
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
