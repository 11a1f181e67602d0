/// Hands elements from any thread to one task, many at a time, with a deadline.
///
/// `push` never waits, so a C library's event loop may call it. One task at most reads; it takes everything that has gathered
/// since it last looked, so that a burst costs one wake-up and not one for each element. Bounding what gathers is the
/// caller's work (`ByteBudget`): a mailbox does not drop.
package final class Mailbox<Element: Sendable>: Sendable, Wakeable {
    private struct State {
        var elements: [Element] = []
        var reader: CheckedContinuation<[Element], Never>?
        var deadline: ContinuousClock.Instant?
        var isClosed = false
    }

    private let state = LockedBox(State())
    private let timer: DeadlineTimer

    /// Creates an empty mailbox whose deadlines `timer` watches.
    package init(timer: DeadlineTimer) { self.timer = timer }

    /// Adds an element; wakes the reader if it waits. Elements pushed after `close` are dropped, for which it returns `false`.
    @discardableResult
    package func push(_ element: Element) -> Bool {
        let (isTaken, wake) = state.withLock { state -> (Bool, (CheckedContinuation<[Element], Never>, [Element])?) in
            guard !state.isClosed else { return (false, nil) }
            state.elements.append(element)
            return (true, Self.takeReader(&state))
        }
        if let (reader, elements) = wake { reader.resume(returning: elements) }
        return isTaken
    }

    /// Everything pushed since the last call, waiting for the first element until `deadline`. Returns an empty array when the
    /// deadline passes, the mailbox is closed, or the task is cancelled.
    package func next(until deadline: ContinuousClock.Instant? = nil) async -> [Element] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: [Element]? = state.withLock { state in
                    if !state.elements.isEmpty || state.isClosed || Task.isCancelled {
                        let elements = state.elements
                        state.elements = []
                        return elements
                    }
                    state.reader = continuation
                    state.deadline = deadline
                    return nil
                }
                if let ready {
                    continuation.resume(returning: ready)
                } else if let deadline {
                    // Only now: the timer forgets a mailbox in which nobody waits.
                    timer.watch(self, until: deadline)
                }
            }
        } onCancel: {
            wake()
        }
    }

    /// Everything pushed since the last call, without waiting.
    package func takeAll() -> [Element] {
        state.withLock { state in
            defer { state.elements = [] }
            return state.elements
        }
    }

    /// Whether `close` was called; what was pushed before may still wait.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Lets the reader go with an empty array, now and from here on.
    package func close() {
        state.withLock { $0.isClosed = true }
        wake()
    }

    /// Lets a waiting reader go with what there is.
    package func wake() {
        let reader = state.withLock { state -> (CheckedContinuation<[Element], Never>, [Element])? in
            Self.takeReader(&state)
        }
        if let (reader, elements) = reader { reader.resume(returning: elements) }
    }

    func wakeIfDue(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let (due, next) = state.withLock { state -> (Bool, ContinuousClock.Instant?) in
            guard state.reader != nil, let deadline = state.deadline else { return (false, nil) }
            return deadline <= now ? (true, nil) : (false, deadline)
        }
        if due { wake() }
        return next
    }

    private static func takeReader(_ state: inout State) -> (CheckedContinuation<[Element], Never>, [Element])? {
        guard let reader = state.reader else { return nil }
        state.reader = nil
        state.deadline = nil
        let elements = state.elements
        state.elements = []
        return (reader, elements)
    }
}
