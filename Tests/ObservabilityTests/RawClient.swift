import BridgeConcurrency
import Glibc

/// A client that sends exactly what it is told, for what a well-behaved one does not do.
///
/// On a thread of its own, because its calls block and the server needs the threads of the pool.
actor RawClient {
    private let executor = ThreadExecutor(name: "raw-client")
    private let descriptor: Int32

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects to a port of this machine, or is `nil` when it cannot.
    init?(port: Int, v6: Bool = false, receiveBuffer: Int32? = nil) {
        guard let connected = Self.connected(port: port, v6: v6, receiveBuffer: receiveBuffer) else { return nil }
        descriptor = connected
    }

    /// A socket that is connected to a port of this machine, for whoever needs many and no threads; `nil` when that cannot be.
    static func connected(port: Int, v6: Bool = false, receiveBuffer: Int32? = nil) -> Int32? {
        let descriptor = socket(v6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let status: Int32
        if v6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(port).bigEndian
            address.sin6_addr = in6addr_loopback
            status = connect(descriptor, &address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            status = connect(descriptor, &address)
        }
        guard status == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    deinit { close(descriptor) }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    @discardableResult func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Reads until the peer closes, `enough` holds, or nothing comes for `seconds`; `nil` is that last case.
    func receive(seconds: Int = 10, until enough: (String) -> Bool = { _ in false }) -> String? {
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN { return nil }
            if count <= 0 { return String(decoding: content, as: UTF8.self) }
            content += buffer[0..<count]
            let text = String(decoding: content, as: UTF8.self)
            if enough(text) { return text }
        }
    }
}
