/// A moment on the monotonic clock after which a step is given up.
struct Deadline: Sendable {
    private let instant: ContinuousClock.Instant

    /// The span that was asked for, kept for messages.
    let span: Duration

    init(after span: Duration) {
        self.span = span
        instant = ContinuousClock.now.advanced(by: max(span, .zero))
    }

    /// The earlier of the two.
    func earlier(than other: Deadline?) -> Deadline {
        guard let other, other.instant < instant else { return self }
        return other
    }

    /// What is left, never negative.
    var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: instant)) }

    /// What is left for `poll(2)`: rounded up, so that a wait never ends just before its deadline and spins.
    var remainingMilliseconds: Int32 {
        let (seconds, attoseconds) = remaining.components
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        return Int32(seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    var hasPassed: Bool { remaining == .zero }

    /// The span for a sentence: `5 s`, `0.25 s`.
    var spanText: String {
        let (seconds, attoseconds) = span.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds % 1_000 != 0 else { return "\(milliseconds / 1_000) s" }
        return "\(Double(milliseconds) / 1_000) s"
    }
}
