import CLibWebSockets

#if canImport(Glibc)
    import Glibc
#endif

/// Starts the one thread of a loop.
enum LoopThread {
    /// Hands the core over to a new thread, which runs it to its end and then lets go of it.
    static func start(_ core: EventLoopCore) throws(WebSocketTransportError) -> pthread_t {
        let context = Unmanaged.passRetained(core)
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, loopThreadMain, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw WebSocketTransportError(
                code: .threadCreationFailed,
                message: "The network thread could not be started (system error \(status)). Raise the limit on threads."
            )
        }
        return thread
    }
}

// At file scope: a closure formed in an isolated context would inherit that isolation and trap on this thread.
private func loopThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let core = Unmanaged<EventLoopCore>.fromOpaque(context).takeRetainedValue()
    core.run()
    return nil
}
