import BridgeConcurrency
import CLibWebSockets

#if canImport(Glibc)
    import Glibc
#endif

/// What libwebsockets keeps pointers to, and the buffer that messages are written from. Must outlive the context.
final class LoopMemory {
    let beatTimer: UnsafeMutablePointer<lws_sorted_usec_list_t>
    let deadlineTimer: UnsafeMutablePointer<lws_sorted_usec_list_t>
    private let protocols: UnsafeMutablePointer<lws_protocols>
    /// Without times: pings and deadlines are the loop's own.
    private let retryPolicy: UnsafeMutablePointer<lws_retry_bo_t>
    private let protocolName: UnsafeMutablePointer<CChar>?
    private var buffer: UnsafeMutableRawBufferPointer

    init(options: WebSocketEventLoopOptions) {
        beatTimer = .allocate(capacity: 1)
        beatTimer.initialize(to: lws_sorted_usec_list_t())
        deadlineTimer = .allocate(capacity: 1)
        deadlineTimer.initialize(to: lws_sorted_usec_list_t())
        protocolName = strdup("home-assistant")
        // The second, zero-filled one ends the list.
        protocols = .allocate(capacity: 2)
        protocols.initialize(repeating: lws_protocols(), count: 2)
        protocols[0].name = UnsafePointer(protocolName)
        protocols[0].callback = webSocketCallback
        protocols[0].rx_buffer_size = options.receiveBufferBytes
        retryPolicy = .allocate(capacity: 1)
        retryPolicy.initialize(to: lws_retry_bo_t())
        buffer = .allocate(byteCount: Self.headroom + 4096, alignment: 16)
    }

    deinit {
        beatTimer.deallocate()
        deadlineTimer.deallocate()
        protocols.deallocate()
        retryPolicy.deallocate()
        free(protocolName)
        buffer.deallocate()
    }

    /// A context with one virtual host, for clients only, and without TLS.
    func createContext(options: WebSocketEventLoopOptions) -> OpaquePointer? {
        var info = lws_context_creation_info()
        info.port = CONTEXT_PORT_NO_LISTEN
        info.protocols = UnsafePointer(protocols)
        info.retry_and_idle_policy = UnsafePointer(retryPolicy)
        info.fd_limit_per_thread = options.descriptorLimit
        info.pt_serv_buf_size = UInt32(clamping: options.receiveBufferBytes + 4096)
        // The library's own limits must not fire before ours, which know why.
        info.timeout_secs = 120
        info.connect_timeout_secs = 120
        nonisolated(unsafe) var settings = info  // Lent to the closure for the length of the call.
        return Self.library.withLock { _ in Transfer(lws_create_context(&settings)) }.context
    }

    /// Destroys a context, on the thread that served it. Its table of connections must be empty: the callbacks that come from
    /// here find nothing to tell.
    static func destroy(_ context: OpaquePointer) {
        nonisolated(unsafe) let context = context
        library.withLock { _ in lws_context_destroy(context) }
    }

    /// Making and destroying contexts touches variables that all contexts share.
    private static let library = LockedBox(0)  // Not (): an empty state shares its address with the mutex.

    private struct Transfer: @unchecked Sendable {
        // @unchecked: the context leaves the lock for the thread that asked for it, and no other.
        let context: OpaquePointer?
        init(_ context: OpaquePointer?) { self.context = context }
    }

    /// Starts a connection on which this side speaks by itself, whatever it is for. Nil if it failed at once; a callback may have
    /// told so already.
    func connect(context: OpaquePointer, to target: WebSocketTarget, id: WebSocketID) -> OpaquePointer? {
        var info = lws_client_connect_info()
        info.context = context
        info.port = Int32(target.port)
        info.retry_and_idle_policy = UnsafePointer(retryPolicy)
        // An id and not a pointer: whatever the library does with it, nothing can dangle.
        info.opaque_user_data = UnsafeMutableRawPointer(bitPattern: UInt(id.rawValue))
        info.local_protocol_name = UnsafePointer(protocolName)
        return target.address.withCString { address in
            target.path.withCString { path in
                target.hostHeader.withCString { host in
                    "RAW".withCString { method in
                        info.address = address
                        info.path = path
                        info.host = host
                        info.method = method
                        return lws_client_connect_via_info(&info)
                    }
                }
            }
        }
    }

    /// Writes bytes that `withBytes` has lent, or others; false if the connection is broken. What the socket does not take at once
    /// the library copies into a buffer of its own, which it does not wipe: the auth message is far smaller than what a fresh
    /// socket takes.
    static func write(_ bytes: UnsafeRawBufferPointer, to wsi: OpaquePointer) -> Bool {
        guard let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress) else { return false }
        return lws_write(wsi, start.assumingMemoryBound(to: UInt8.self), bytes.count, LWS_WRITE_HTTP) >= 0
    }

    /// Room in front of the bytes: for the header of a frame, and what the library wants.
    private static let headroom = cws_pre + 16

    /// Lends the bytes of one message, as a frame where `opcode` says of which kind; wipes them afterwards, if there is a secret in
    /// it.
    func withBytes(
        of message: WebSocketMessage, opcode: FrameOpcode? = nil, _ body: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        let needed = Self.headroom + message.count
        if buffer.count < needed || (buffer.count > 1 << 20 && needed < 1 << 16) {
            buffer.deallocate()
            buffer = .allocate(byteCount: max(needed, Self.headroom + 4096), alignment: 16)
        }
        var end = Self.headroom
        switch message {
        case .text(let bytes): append(bytes, at: &end)
        case .secret(let prefix, let secret, let suffix):
            append(prefix, at: &end)
            secret.withBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[end...]).copyMemory(from: bytes)
                end += bytes.count
            }
            append(suffix, at: &end)
        }
        let payload = UnsafeMutableRawBufferPointer(rebasing: buffer[Self.headroom..<end])
        defer { if case .secret = message, let base = payload.baseAddress { explicit_bzero(base, payload.count) } }
        guard let opcode else { return body(UnsafeRawBufferPointer(payload)) }
        let header = FrameHeader(opcode: opcode, count: payload.count)
        header.mask(payload)
        let start = Self.headroom - header.bytes.count
        UnsafeMutableRawBufferPointer(rebasing: buffer[start...]).copyBytes(from: header.bytes)
        return body(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
    }

    private func append(_ bytes: [UInt8], at end: inout Int) {
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[end...]).copyMemory(from: $0) }
        end += bytes.count
    }
}
