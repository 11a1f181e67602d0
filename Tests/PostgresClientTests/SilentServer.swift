import PostgresClient

#if canImport(Glibc)
    import Glibc
#endif

/// Accepts connections, as the kernel does for a stopped process, and never says a word.
final class SilentServer: Sendable {
    let port: UInt16
    let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let server = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(server, address, length) | listen(server, 16) | getsockname(server, address, &length)
            }
        }
        guard status == 0 else { throw PostgresError(.configuration, "No port to listen on.") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
