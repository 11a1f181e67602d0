import Glibc

/// Descriptors that connections to houses leave to the rest of the process.
///
/// Not everything can do without one for a moment: while many of its threads are busy, libdispatch reads files below /proc, and ends
/// the process when it cannot open them. A house that is not reached is told of and tried again.
enum DescriptorReserve {
    /// Of a small limit, a quarter.
    private static let most = 6

    /// Whether a socket that is made now leaves the reserve alone.
    static var allowsOne: Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return true }
        // The kernel gives out the lowest number that is free, so it tells how many are taken.
        let next = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard next >= 0 else { return errno != EMFILE && errno != ENFILE }
        close(next)
        return allows(next, limit: Int(clamping: limit.rlim_cur))
    }

    /// Whether the descriptor of that number leaves the reserve of a process that may have `limit` of them.
    static func allows(_ descriptor: Int32, limit: Int) -> Bool { Int(descriptor) < limit - min(most, limit / 4) }
}
