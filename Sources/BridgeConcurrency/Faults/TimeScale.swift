import Glibc

/// How much faster than in a house time passes: 1, or what `BRIDGE_TIME_SCALE` says in a debug build, so that a soak sees a
/// month's worth of pings, leases and retries in minutes.
package enum TimeScale {
    /// By how much every duration of the protocol is divided.
    package static let factor: Int = {
        #if DEBUG
            guard let value = getenv("BRIDGE_TIME_SCALE"), let factor = Int(String(cString: value)) else { return 1 }
            return min(max(factor, 1), 1_000)
        #else
            return 1
        #endif
    }()
}

extension Duration {
    /// The duration in the time of this process.
    package var scaled: Duration { TimeScale.factor == 1 ? self : self / TimeScale.factor }
}
