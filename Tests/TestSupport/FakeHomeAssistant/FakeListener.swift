#if canImport(Glibc)
import Glibc
#endif

/// A listening socket and the thread that accepts.
final class FakeListener: @unchecked Sendable {
    // @unchecked: everything is written before the thread starts; `thread` is used by `stop` alone, which is called once.
    let port: UInt16
    private let descriptor: Int32
    private let wakeReader: Int32
    private let wakeWriter: Int32
    private let onAccept: @Sendable (Int32) -> Void
    private var thread = pthread_t()

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Listens on `address` (IPv4 or IPv6) and calls `onAccept` with each descriptor on the listener's thread.
    init(address: String, port: UInt16, onAccept: @escaping @Sendable (Int32) -> Void) throws {
        self.onAccept = onAccept
        let isIPv6 = address.contains(":")
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, kind, 0)
        guard descriptor >= 0 else { throw Failure(description: "No socket (errno \(errno)).") }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer -> Int32 in
            if isIPv6 {
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    $0.pointee.sin6_family = sa_family_t(AF_INET6)
                    $0.pointee.sin6_port = port.bigEndian
                    inet_pton(AF_INET6, address, &$0.pointee.sin6_addr)
                }
            } else {
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    $0.pointee.sin_family = sa_family_t(AF_INET)
                    $0.pointee.sin_port = port.bigEndian
                    inet_pton(AF_INET, address, &$0.pointee.sin_addr)
                }
            }
            let length = isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            return pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard bind(descriptor, $0, socklen_t(length)) == 0, listen(descriptor, 1024) == 0 else { return -1 }
                return getsockname(descriptor, $0, &size)
            }
        }
        guard status == 0 else {
            let code = errno
            close(descriptor)
            throw Failure(description: "Cannot listen on \(address) port \(port) (errno \(code)).")
        }
        // The port lies at the same place in both forms.
        self.port = withUnsafeBytes(of: &storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
        self.descriptor = descriptor
        var wake: [Int32] = [0, 0]
        pipe(&wake)
        wakeReader = wake[0]
        wakeWriter = wake[1]
        pthread_create(&thread, nil, fakeListenerMain, Unmanaged.passRetained(self).toOpaque())
    }

    /// Stops listening and waits for the thread.
    func stop() {
        _ = Glibc.write(wakeWriter, "x", 1)
        pthread_join(thread, nil)
        for open in [descriptor, wakeReader, wakeWriter] { close(open) }
    }

    fileprivate func run() {
        while true {
            var requests = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&requests, 2, -1)
            if requests[1].revents != 0 { return }
            guard requests[0].revents != 0 else { continue }
            let accepted = accept(descriptor, nil, nil)
            guard accepted >= 0 else { continue }
            _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
            var on: Int32 = 1
            setsockopt(accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            onAccept(accepted)
        }
    }
}

private func fakeListenerMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<FakeListener>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
