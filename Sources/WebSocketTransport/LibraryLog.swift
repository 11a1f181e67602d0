import CLibWebSockets

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the loop that runs on the calling thread: callbacks of C carry no context that could not be dangling.
enum CurrentLoop {
    // A key is a number, written once here and only read afterwards.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// The loop of this thread, or nil on any other thread.
    static var loop: EventLoopCore? {
        guard let pointer = pthread_getspecific(key) else { return nil }
        return Unmanaged<EventLoopCore>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Makes `loop` the loop of this thread; the caller keeps it alive until it sets nil.
    static func set(_ loop: EventLoopCore?) {
        pthread_setspecific(key, loop.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
    }
}

/// Routes the lines that libwebsockets logs to the loop of the thread that logs them. The level stays at notice and below:
/// higher ones dump payloads.
enum LibraryLog {
    /// Sets the process-wide level and receiver, once.
    static let install: Void = lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, libraryLogLine)
}

// At file scope: a closure formed in an isolated context would inherit that isolation and trap on the loop thread.
private func libraryLogLine(_ level: Int32, _ line: UnsafePointer<CChar>?) {
    guard let line, let loop = CurrentLoop.loop else { return }
    // Bounded and without control characters, whatever a peer made the library say.
    var bytes: [UInt8] = []
    var cursor = line
    while cursor.pointee != 0 && bytes.count < 240 {
        let byte = UInt8(bitPattern: cursor.pointee)
        bytes.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte)
        cursor += 1
    }
    let isProblem = level == LLL_ERR || level == LLL_WARN
    loop.libraryLogged(String(decoding: bytes, as: UTF8.self), isProblem: isProblem)
}
