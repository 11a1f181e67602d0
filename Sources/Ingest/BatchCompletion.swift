import BridgeConcurrency
import Glibc

/// Whether a batch is committed, for the batch behind it, which must not be committed before.
///
/// May be used from any thread.
final class BatchCompletion: @unchecked Sendable {
    // @unchecked: everything mutable is guarded by `mutex`.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isCommitted: Bool?
    private var waiting: [CheckedContinuation<Bool, Never>] = []

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A clock that is set must not make a wait longer or shorter.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Tells everyone that the batch is committed, or that nobody tries any more. Only the first call counts.
    func end(isCommitted: Bool) {
        pthread_mutex_lock(mutex)
        guard self.isCommitted == nil else {
            pthread_mutex_unlock(mutex)
            return
        }
        self.isCommitted = isCommitted
        let ready = waiting
        waiting = []
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
        for continuation in ready { continuation.resume(returning: isCommitted) }
    }

    /// Whether the batch is committed; `nil` while it is being written.
    var current: Bool? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return isCommitted
    }

    /// Waits for the end, for as long as it takes: whoever writes a batch ends it, also when it is cancelled. Returns whether
    /// the batch is committed.
    func ended() async -> Bool {
        await withCheckedContinuation { continuation in
            pthread_mutex_lock(mutex)
            let known = isCommitted
            if known == nil { waiting.append(continuation) }
            pthread_mutex_unlock(mutex)
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Holds the calling thread until the end, or for `limit` at most. Returns whether the batch is committed.
    func wait(atMost limit: Duration) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = Int(deadline.tv_nsec) + Int(limit.inSeconds * 1e9)
        deadline.tv_sec += nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while isCommitted == nil, pthread_cond_timedwait(condition, mutex, &deadline) == 0 {}
        return isCommitted ?? false
    }
}
