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
    private let retryPolicy: UnsafeMutablePointer<lws_retry_bo_t>
    /// For requests: their deadline is the only one.
    private let noRetryPolicy: UnsafeMutablePointer<lws_retry_bo_t>
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
        retryPolicy.pointee.secs_since_valid_ping = options.pingAfterSeconds
        retryPolicy.pointee.secs_since_valid_hangup = options.hangUpAfterSeconds
        noRetryPolicy = .allocate(capacity: 1)
        noRetryPolicy.initialize(to: lws_retry_bo_t())
        buffer = .allocate(byteCount: cws_pre + 4096, alignment: 16)
    }

    deinit {
        beatTimer.deallocate()
        deadlineTimer.deallocate()
        protocols.deallocate()
        retryPolicy.deallocate()
        noRetryPolicy.deallocate()
        free(protocolName)
        buffer.deallocate()
    }

    /// A context with one virtual host, for clients only.
    ///
    /// UTF-8 is not validated by the library: it would close the connection for one bad byte in one attribute, and every event
    /// until the reconnect would be lost. The decoder judges each message. Compression is not offered: no extensions.
    func createContext(options: WebSocketEventLoopOptions) -> OpaquePointer? {
        var info = lws_context_creation_info()
        info.port = CONTEXT_PORT_NO_LISTEN
        info.protocols = UnsafePointer(protocols)
        info.options = UInt64(LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT) | cws_option_no_session_cache
        info.retry_and_idle_policy = UnsafePointer(retryPolicy)
        info.fd_limit_per_thread = options.descriptorLimit
        info.pt_serv_buf_size = UInt32(clamping: options.receiveBufferBytes + 4096)
        info.ssl_client_options_set = Int(cws_ssl_op_no_old_tls)
        // The library's own limits must not fire before ours, which know why.
        info.timeout_secs = 120
        info.connect_timeout_secs = 120
        nonisolated(unsafe) var settings = info  // Lent to the closure for the length of the call.
        return Self.library.withLock { _ in
            guard let file = options.certificateAuthorityFile else { return Transfer(lws_create_context(&settings)) }
            return file.withCString { path in
                settings.client_ssl_ca_filepath = path
                return Transfer(lws_create_context(&settings))
            }
        }.context
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

    /// Starts a connection: a WebSocket, or one on which this side speaks by itself (`isBare`), TLS included. Nil if it failed at once; a
    /// callback may have told so already.
    func connect(
        context: OpaquePointer, to target: WebSocketTarget, id: WebSocketID, isBare: Bool
    ) -> OpaquePointer? {
        var info = lws_client_connect_info()
        info.context = context
        info.port = Int32(target.port)
        var flags = Int32(LCCSCF_HTTP_NO_FOLLOW_REDIRECT.rawValue)
        if target.isSecure, !isBare { flags |= Int32(LCCSCF_USE_SSL.rawValue) }
        info.ssl_connection = flags
        info.retry_and_idle_policy = UnsafePointer(isBare ? noRetryPolicy : retryPolicy)
        // An id and not a pointer: whatever the library does with it, nothing can dangle.
        info.opaque_user_data = UnsafeMutableRawPointer(bitPattern: UInt(id.rawValue))
        info.local_protocol_name = UnsafePointer(protocolName)
        return target.address.withCString { address in
            target.path.withCString { path in
                target.hostHeader.withCString { host in
                    "http/1.1".withCString { alpn in
                        info.address = address
                        info.path = path
                        info.host = host
                        info.alpn = alpn
                        guard isBare else { return lws_client_connect_via_info(&info) }
                        return "RAW".withCString { method in
                            info.method = method
                            return lws_client_connect_via_info(&info)
                        }
                    }
                }
            }
        }
    }

    /// Writes one text message; false if the connection is broken.
    ///
    /// The library masks the bytes in place and wants room in front of them. What it cannot write at once it copies into a buffer
    /// of its own, which it does not wipe: the auth message is far smaller than what a fresh socket takes.
    func write(_ message: WebSocketMessage, to wsi: OpaquePointer) -> Bool {
        withBytes(of: message) { bytes in
            guard let payload = UnsafeMutableRawPointer(mutating: bytes.baseAddress) else { return false }
            return lws_write(wsi, payload.assumingMemoryBound(to: UInt8.self), bytes.count, LWS_WRITE_TEXT) >= 0
        }
    }

    /// Lends the bytes of one message, with the room in front of them that the library wants; wipes them afterwards, if there is
    /// a secret in it.
    func withBytes(of message: WebSocketMessage, _ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        let headroom = cws_pre
        let needed = headroom + message.count
        if buffer.count < needed || (buffer.count > 1 << 20 && needed < 1 << 16) {
            buffer.deallocate()
            buffer = .allocate(byteCount: max(needed, headroom + 4096), alignment: 16)
        }
        var end = headroom
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
        guard let base = buffer.baseAddress else { return false }
        let payload = base + headroom
        defer { if case .secret = message { explicit_bzero(payload, message.count) } }
        return body(UnsafeRawBufferPointer(start: payload, count: message.count))
    }

    private func append(_ bytes: [UInt8], at end: inout Int) {
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[end...]).copyMemory(from: $0) }
        end += bytes.count
    }
}
