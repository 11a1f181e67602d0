import Glibc

/// One struct of state behind a pthread mutex.
///
/// `Synchronization.Mutex` gives false reports under ThreadSanitizer on Linux and is slow under contention; a pthread mutex is
/// neither. The body must not suspend, block, or call back into code that may take the same lock.
package final class LockedBox<State>: @unchecked Sendable {
    // @unchecked: `state` is touched only while `mutex` is held.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// Takes ownership of the first state.
    package init(_ state: State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with exclusive access to the state.
    package func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }
}
