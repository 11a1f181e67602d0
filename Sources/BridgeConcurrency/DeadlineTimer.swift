/// Something that waits with a deadline.
protocol Wakeable: AnyObject, Sendable {
    /// Wakes the waiter if its deadline is over. Returns the deadline that is still ahead, if any.
    func wakeIfDue(at now: ContinuousClock.Instant) -> ContinuousClock.Instant?
}

/// One task that watches the deadlines of many mailboxes.
///
/// A task that sleeps for each wait would cost two allocations and a timer for each batch of frames. Deadlines here are seconds away and
/// rarely reached, and a machine in which nothing happens pays for each time that it is woken: so one task sleeps until the first of
/// them, and sees several at a time. A deadline is seen up to 100 ms late, or a tenth of the wait where that is more, and 500 ms at most.
package final class DeadlineTimer: Sendable {
    private struct Watched {
        weak let target: (any Wakeable)?
        let deadline: ContinuousClock.Instant
        /// When it is to be looked at in any case. Before, it is looked at together with another.
        let due: ContinuousClock.Instant

        init(_ target: (any Wakeable)?, until deadline: ContinuousClock.Instant, from now: ContinuousClock.Instant) {
            self.target = target
            self.deadline = deadline
            due = deadline + min(max((deadline - now) / 10, .milliseconds(10)), .milliseconds(400))
        }
    }

    private struct State {
        var watched: [ObjectIdentifier: Watched] = [:]
        /// The sleep of the task, and its end; `nil` while it looks.
        var sleep: (task: Task<Void, Never>, end: ContinuousClock.Instant)?
    }

    private let state = LockedBox(State())

    /// Between two looks lies at least so much.
    private static let pause: Duration = .milliseconds(80)

    /// A timer that does nothing until `run` is called.
    package init() {}

    func watch(_ target: any Wakeable, until deadline: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        let watched = Watched(target, until: deadline, from: now)
        let sleeper = state.withLock { state -> Task<Void, Never>? in
            state.watched[ObjectIdentifier(target)] = watched
            guard let sleep = state.sleep, max(watched.due, now + Self.pause) < sleep.end else { return nil }
            return sleep.task
        }
        sleeper?.cancel()
    }

    /// Watches until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let now = ContinuousClock.now
            let due = state.withLock { state in state.watched.filter { $0.value.deadline <= now } }
            for (key, watched) in due {
                let later = watched.target?.wakeIfDue(at: now)
                state.withLock { state in
                    // A target that began to wait anew meanwhile has added itself again.
                    guard state.watched[key]?.deadline == watched.deadline else { return }
                    state.watched[key] = later.map { Watched(watched.target, until: $0, from: now) }
                }
            }
            await rest()
        }
    }

    /// Sleeps until the next one is due, or one that is due earlier is added.
    private func rest() async {
        let sleep = state.withLock { state -> Task<Void, Never> in
            let next = state.watched.values.map(\.due).min() ?? .now + .seconds(3_600)
            let end = max(next, .now + Self.pause)
            let task = Task { _ = try? await Task.sleep(until: end, tolerance: .milliseconds(10)) }
            state.sleep = (task, end)
            return task
        }
        await withTaskCancellationHandler {
            await sleep.value
        } onCancel: {
            sleep.cancel()
        }
        state.withLock { $0.sleep = nil }
    }
}
