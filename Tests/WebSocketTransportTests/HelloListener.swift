#if canImport(Glibc)
    import Glibc
#endif

/// A socket that takes the first message of a TLS handshake and says nothing.
final class HelloListener {
    struct Failure: Error { let call: String }

    /// What a client says of itself.
    struct Hello {
        /// The versions that it would speak, the best first; of before TLS 1.3, the one in the head of the message.
        var supportedVersions: [UInt16] = []
    }

    let port: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                bind(socket, place, size) == 0 && listen(socket, 1) == 0 && getsockname(socket, place, &size) == 0
            }
        }
        guard status else { throw Failure(call: "listen") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    /// Waits for a client and reads its hello.
    func hello() -> Hello {
        let client = accept(descriptor, nil, nil)
        defer { close(client) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        // A record's head of five bytes tells how long it is.
        while bytes.count < 5 || bytes.count < 5 + Int(bytes[3]) << 8 + Int(bytes[4]) {
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return Hello() }
            bytes += buffer.prefix(count)
        }
        return Self.parse(bytes)
    }

    private static func parse(_ bytes: [UInt8]) -> Hello {
        func number(_ offset: Int) -> Int {
            offset + 1 < bytes.count ? Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) : 0
        }
        // Record, handshake, version, random.
        var offset = 5 + 4 + 2 + 32
        offset += 1 + Int(bytes[offset])
        offset += 2 + number(offset)
        offset += 1 + Int(bytes[offset])
        let end = min(offset + 2 + number(offset), bytes.count)
        offset += 2
        var hello = Hello(supportedVersions: [UInt16(number(9))])
        while offset + 4 <= end {
            let length = number(offset + 2)
            if number(offset) == 43 {
                hello.supportedVersions = stride(from: offset + 5, to: offset + 4 + length, by: 2).map {
                    UInt16(number($0))
                }
            }
            offset += 4 + length
        }
        return hello
    }
}
