import BridgeConcurrency
import COpenSSL

#if canImport(Glibc)
import Glibc
#endif

/// A connected socket, plain or with TLS. One thread reads, any thread writes.
final class FakeChannel: Sendable {
    let descriptor: Int32
    /// OpenSSL's handle; its functions are called under `sslLock` only.
    private let ssl: LockedBox<OpaquePointer?>
    private let isSecure: Bool
    /// Held for a whole message, so that messages of several threads do not mix. Unlike elsewhere a write may block under it:
    /// a client that does not read is what some tests are about, and `shutDown` ends the wait.
    private let writing = LockedBox(())

    /// Takes over the descriptor. With `context` (an SSL_CTX), TLS must be accepted before anything is read or written.
    init(descriptor: Int32, context: OpaquePointer?) {
        self.descriptor = descriptor
        isSecure = context != nil
        nonisolated(unsafe) var handle: OpaquePointer?
        if let context {
            // OpenSSL must not block under the lock.
            let flags = fcntl(descriptor, F_GETFL)
            _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
            handle = SSL_new(context)
            SSL_set_fd(handle, descriptor)
        }
        ssl = LockedBox(handle)
    }

    deinit {
        ssl.withLock { if let handle = $0 { SSL_free(handle) } }
        close(descriptor)
    }

    /// Shakes hands; false if the client refused.
    func acceptTLS() -> Bool {
        while true {
            let (status, code) = ssl.withLock { handle in
                let status = SSL_accept(handle)
                return (status, SSL_get_error(handle, status))
            }
            if status == 1 { return true }
            guard isReady(code) else { return false }
        }
    }

    /// Reads what is there, waiting for the first byte; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard isSecure else { return max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0)) }
        while true {
            let (count, code) = ssl.withLock { handle in
                let count = SSL_read(handle, buffer.baseAddress, Int32(clamping: buffer.count))
                return (count, SSL_get_error(handle, count))
            }
            if count > 0 { return Int(count) }
            guard isReady(code) else { return 0 }
        }
    }

    /// Writes all; false if the connection is broken.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        nonisolated(unsafe) var rest = bytes
        return writing.withLock { _ in
            while !rest.isEmpty {
                let count = writeSome(rest)
                guard count > 0 else { return false }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
            return true
        }
    }

    private func writeSome(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard isSecure else {
            while true {
                let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                if count < 0 && errno == EINTR { continue }
                return count
            }
        }
        while true {
            let (count, code) = ssl.withLock { handle in
                let count = SSL_write(handle, bytes.baseAddress, Int32(clamping: min(bytes.count, 1 << 20)))
                return (count, SSL_get_error(handle, count))
            }
            if count > 0 { return Int(count) }
            guard isReady(code) else { return -1 }
        }
    }

    /// Waits for what OpenSSL wants; false if it is not worth waiting.
    private func isReady(_ code: Int32) -> Bool {
        guard code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE else { return false }
        var request = pollfd(
            fd: descriptor, events: Int16(code == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), revents: 0)
        return poll(&request, 1, -1) >= 0
    }

    /// Ends the connection; reads and writes that are under way return. The descriptor is closed with the last reference.
    func shutDown() { _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Makes the end of the connection a TCP reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // Connecting to nothing dissolves the association, and with no linger time that sends RST at once.
        var nothing = sockaddr()
        nothing.sa_family = sa_family_t(AF_UNSPEC)
        _ = connect(descriptor, &nothing, socklen_t(MemoryLayout<sockaddr>.size))
    }
}
