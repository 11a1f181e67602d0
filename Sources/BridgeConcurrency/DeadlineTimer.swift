/// Something that waits with a deadline.
protocol Wakeable: AnyObject, Sendable {
    /// Wakes the waiter if its deadline is over. Returns the deadline that is still ahead, if any.
    func wakeIfDue(at now: ContinuousClock.Instant) -> ContinuousClock.Instant?
}

/// One task that watches the deadlines of many mailboxes.
///
/// A task that sleeps for each wait would cost two allocations and a timer for each batch of frames. Deadlines here are
/// seconds away and rarely reached, so that looking at all of them a few times a second is far cheaper. A deadline is seen up
/// to 100 ms late.
package final class DeadlineTimer: Sendable {
    private struct Weak { weak let target: (any Wakeable)? }

    private struct State {
        var watched: [ObjectIdentifier: Weak] = [:]
        var sleeper: CheckedContinuation<Void, Never>?
        var isCancelled = false
    }

    private let state = LockedBox(State())

    /// A timer that does nothing until `run` is called.
    package init() {}

    func watch(_ target: any Wakeable, until deadline: ContinuousClock.Instant) {
        let sleeper = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.watched[ObjectIdentifier(target)] = Weak(target: target)
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.resume()
    }

    /// Watches until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let targets = state.withLock { Array($0.watched) }
            if targets.isEmpty {
                await sleepUntilSomethingIsWatched()
                continue
            }
            let now = ContinuousClock.now
            for (key, weak) in targets where weak.target == nil || weak.target?.wakeIfDue(at: now) == nil {
                // A target that begins to wait between these two lines is added again by its own call of `watch`.
                state.withLock { state in
                    if state.watched[key]?.target?.wakeIfDue(at: now) == nil { state.watched[key] = nil }
                }
            }
            try? await Task.sleep(for: .milliseconds(100), tolerance: .milliseconds(20))
        }
    }

    private func sleepUntilSomethingIsWatched() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goOn = state.withLock { state -> Bool in
                    if !state.watched.isEmpty || state.isCancelled { return true }
                    state.sleeper = continuation
                    return false
                }
                if goOn { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.isCancelled = true
                defer { state.sleeper = nil }
                return state.sleeper
            }
            sleeper?.resume()
        }
    }
}
