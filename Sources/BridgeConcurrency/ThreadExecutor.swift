import Glibc

/// Runs an actor's jobs one after another on a thread of its own, so that blocking C calls never hold a thread of Swift's pool.
///
/// The thread starts with the executor and ends when the executor is released and its queue is empty.
package final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
    // @unchecked: `shared` guards its own fields with its mutex; `thread` is written once in init.
    private let shared: Shared
    private let thread: pthread_t

    /// Starts the thread. `name` shows in `top -H`; the kernel keeps 15 bytes of it.
    package init(name: String) {
        let shared = Shared(name: name)
        self.shared = shared
        var thread = pthread_t()
        let context = Unmanaged.passRetained(shared).toOpaque()
        let status = pthread_create(&thread, nil, threadExecutorMain, context)
        // Without a thread nothing can run; the limit on threads is a fault of the machine's configuration.
        precondition(status == 0, "Cannot start the thread \(name) (error \(status)). Raise the limit on threads.")
        self.thread = thread
        pthread_detach(thread)
    }

    deinit { shared.stop() }

    package func enqueue(_ job: consuming ExecutorJob) { shared.append(UnownedJob(job), executor: self) }

    package func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "Called off the thread of its actor.")
    }

    package func isIsolatingCurrentContext() -> Bool? { pthread_equal(pthread_self(), thread) != 0 }

    /// What the thread and the executor share.
    fileprivate final class Shared: @unchecked Sendable {
        // @unchecked: everything mutable is guarded by `mutex`.
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var jobs: [(UnownedJob, ThreadExecutor)] = []
        private var stopped = false
        let name: String

        init(name: String) {
            self.name = name
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(condition, nil)
        }

        deinit {
            pthread_cond_destroy(condition)
            pthread_mutex_destroy(mutex)
            condition.deallocate()
            mutex.deallocate()
        }

        func append(_ job: UnownedJob, executor: ThreadExecutor) {
            pthread_mutex_lock(mutex)
            jobs.append((job, executor))
            pthread_cond_signal(condition)
            pthread_mutex_unlock(mutex)
        }

        func stop() {
            pthread_mutex_lock(mutex)
            stopped = true
            pthread_cond_signal(condition)
            pthread_mutex_unlock(mutex)
        }

        func run() {
            while true {
                pthread_mutex_lock(mutex)
                while jobs.isEmpty && !stopped { pthread_cond_wait(condition, mutex) }
                let batch = jobs
                jobs.removeAll(keepingCapacity: true)
                let ended = stopped && batch.isEmpty
                pthread_mutex_unlock(mutex)
                if ended { return }
                for (job, executor) in batch { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
            }
        }
    }
}

// At file scope: a closure formed in an isolated context would inherit that isolation and trap on this thread.
private func threadExecutorMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let shared = Unmanaged<ThreadExecutor.Shared>.fromOpaque(context).takeRetainedValue()
    nameCurrentThread(shared.name)
    shared.run()
    return nil
}

/// Gives the calling thread a name for `top -H` and `gdb`; a failure costs nothing but the name.
package func nameCurrentThread(_ name: String) {
    // pthread_setname_np is hidden from Swift without _GNU_SOURCE, and prctl is variadic; procfs does the same.
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(descriptor, bytes, bytes.count)
    close(descriptor)
}
