#if canImport(Glibc)
    import Glibc
#endif

/// A second attempt to connect, made only to learn why the first one failed: libwebsockets reads the socket's error and drops it.
/// Never blocks; nothing is ever sent.
final class ConnectProbe {
    private var descriptor: Int32

    enum Outcome {
        case pending
        /// The errno; 0 if this attempt went through.
        case known(Int32)
    }

    private var outcome = Outcome.pending

    /// Starts the attempt.
    init(_ ip: IPAddress, port: UInt16) {
        let family = ip.isIPv6 ? AF_INET6 : AF_INET
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(family, flags, 0)
        guard descriptor >= 0 else {
            outcome = .known(errno)
            return
        }
        let status: Int32
        if ip.isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: ip.bytes) }
            status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: ip.bytes) }
            status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        let code = errno
        if status == 0 { outcome = .known(0) } else if code != EINPROGRESS { outcome = .known(code) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Looks whether the answer is there.
    func check() -> Outcome {
        guard case .pending = outcome else { return outcome }
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, 0) > 0 else { return .pending }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        if getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) != 0 { code = errno }
        outcome = .known(code)
        return outcome
    }
}
