import CLibPQ

#if canImport(Glibc)
    import Glibc
#endif

/// A flag that `poll(2)` can wait for: an eventfd.
final class WakeEvent: Sendable {
    /// Readable while the flag is raised; -1 when the process has run out of descriptors, which `poll` skips.
    let descriptor: Int32

    init() { descriptor = cpq_eventfd() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Raises the flag; may be called from any thread.
    func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Lowers the flag.
    func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}

/// What a socket is waited for, and what it turned out to be.
struct Readiness: OptionSet, Sendable {
    let rawValue: UInt8
    static let read = Readiness(rawValue: 1)
    static let write = Readiness(rawValue: 2)
    /// The `WakeEvent` given along was raised.
    static let woken = Readiness(rawValue: 4)

    /// Blocks the calling thread until `descriptor` is ready, `wake` is raised, or `deadline` has passed (then: empty).
    ///
    /// A closed or failed socket counts as ready for everything, so that the next libpq call reports it.
    static func wait(
        for wanted: Readiness, on descriptor: Int32, wake: WakeEvent? = nil, deadline: Deadline
    ) -> Readiness {
        var events: Int16 = 0
        if wanted.contains(.read) { events |= Int16(POLLIN) }
        if wanted.contains(.write) { events |= Int16(POLLOUT) }
        while true {
            var entries = (
                pollfd(fd: descriptor, events: events, revents: 0),
                pollfd(fd: wake?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
            )
            let count = withUnsafeMutableBytes(of: &entries) { bytes in
                poll(bytes.bindMemory(to: pollfd.self).baseAddress, 2, deadline.remainingMilliseconds)
            }
            if count < 0 {
                // EINTR and EAGAIN pass; anything else would be a closed descriptor, which libpq will name.
                if errno == EINTR || errno == EAGAIN { continue }
                return wanted
            }
            var result: Readiness = []
            let found = entries.0.revents
            if found & Int16(POLLIN) != 0 { result.insert(.read) }
            if found & Int16(POLLOUT) != 0 { result.insert(.write) }
            if found & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { result.formUnion(wanted) }
            if entries.1.revents != 0 { result.insert(.woken) }
            if !result.isEmpty || deadline.hasPassed { return result }
        }
    }
}
