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
    /// When a target is to be looked at. Numbers alone: each look goes through all of them, and a weak reference is dear to copy.
    private struct Times {
        let deadline: ContinuousClock.Instant
        /// When it is to be looked at in any case. Before, it is looked at together with another.
        let due: ContinuousClock.Instant

        init(until deadline: ContinuousClock.Instant, from now: ContinuousClock.Instant) {
            self.deadline = deadline
            due = deadline + min(max((deadline - now) / 10, .milliseconds(10)), .milliseconds(400))
        }
    }

    private struct Target {
        weak let wakeable: (any Wakeable)?
    }

    private struct State {
        var times: [ObjectIdentifier: Times] = [:]
        /// Under the same keys.
        var targets: [ObjectIdentifier: Target] = [:]
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
        let times = Times(until: deadline, from: now)
        let key = ObjectIdentifier(target)
        let sleeper = state.withLock { state -> Task<Void, Never>? in
            // One that waits again and again is known; one that came to the place of another that is gone is not.
            if state.times.updateValue(times, forKey: key) == nil || state.targets[key]?.wakeable !== target {
                state.targets[key] = Target(wakeable: target)
            }
            guard let sleep = state.sleep, max(times.due, now + Self.pause) < sleep.end else { return nil }
            return sleep.task
        }
        sleeper?.cancel()
    }

    /// Watches until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let now = ContinuousClock.now
            for (key, deadline, target) in due(at: now) {
                let later = target?.wakeIfDue(at: now)
                state.withLock { state in
                    // A target that began to wait anew meanwhile has added itself again.
                    guard state.times[key]?.deadline == deadline else { return }
                    state.times[key] = later.map { Times(until: $0, from: now) }
                    if later == nil { state.targets[key] = nil }
                }
            }
            await rest()
        }
    }

    /// Those whose deadlines are over.
    private func due(
        at now: ContinuousClock.Instant
    ) -> [(key: ObjectIdentifier, deadline: ContinuousClock.Instant, target: (any Wakeable)?)] {
        state.withLock { state in
            var due: [(ObjectIdentifier, ContinuousClock.Instant, (any Wakeable)?)] = []
            for (key, times) in state.times where times.deadline <= now {
                due.append((key, times.deadline, state.targets[key]?.wakeable))
            }
            return due
        }
    }

    /// Sleeps until the next one is due, or one that is due earlier is added.
    private func rest() async {
        let sleep = state.withLock { state -> Task<Void, Never> in
            let next = state.times.values.reduce(.now + .seconds(3_600)) { min($0, $1.due) }
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
