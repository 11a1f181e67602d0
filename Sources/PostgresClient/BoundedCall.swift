import BridgeConcurrency

#if canImport(Glibc)
    import Glibc
#endif

/// Runs blocking C calls that know no deadline of their own (name lookup, `PQcancel`) on a short-lived thread.
enum BoundedCall {
    /// How a call ended.
    enum Outcome<Value: Sendable>: Sendable {
        case finished(Value)
        /// Still running; its result is released by its own thread when it comes.
        case timedOut
        /// `wake` was raised first; else as `timedOut`.
        case woken
        /// The machine gave no thread, or too many calls hang already.
        case notStarted
    }

    private static let maximum = 256
    private static let inFlight = LockedBox(0)

    /// Blocks the calling thread until `work` has ended on a thread of its own, but not past `deadline`.
    static func run<Value: Sendable>(
        name: String, deadline: Deadline, wake: WakeEvent? = nil, _ work: @escaping @Sendable () -> Value
    ) -> Outcome<Value> {
        let result = LockedBox<Value?>(nil)
        let done = WakeEvent()
        // Calls that were left behind end when their server or name server speaks, which may be never: no more threads then.
        guard inFlight.withLock({ count in count < maximum ? (count += 1, true).1 : false }) else { return .notStarted }
        let start = ThreadStart {
            nameCurrentThread(name)
            let value = work()
            inFlight.withLock { $0 -= 1 }
            result.withLock { $0 = value }
            done.signal()
        }
        guard start.detach() else {
            inFlight.withLock { $0 -= 1 }
            return .notStarted
        }
        let readiness = Readiness.wait(for: .read, on: done.descriptor, wake: wake, deadline: deadline)
        if let value = result.withLock({ $0 }) { return .finished(value) }
        return readiness.contains(.woken) ? .woken : .timedOut
    }
}

/// Carries a closure over to a new thread.
private final class ThreadStart: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    /// Starts a detached thread; false when the machine refuses one.
    func detach() -> Bool {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        guard pthread_create(&thread, nil, boundedCallMain, context.toOpaque()) == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

// At file scope: a closure formed in an isolated context would inherit that isolation and trap on this thread.
private func boundedCallMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue().body()
    return nil
}
