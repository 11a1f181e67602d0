/// Where the HTTP server listens: `127.0.0.1:8099`, `[::1]:8099`, `localhost:8099`.
package struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or a numeric address, without brackets.
    package let host: String
    /// Zero lets the system choose.
    package let port: Int

    /// Wraps a host without brackets and a port.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, or returns `nil`. An IPv6 address stands in brackets, a port is 0 to 65535, a host is not empty.
    package init?(_ text: String) {
        let host: Substring
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard host.contains(":"), host.utf8.allSatisfy(Self.isIPv6Byte) else { return nil }
        } else {
            guard let colon = text.firstIndex(of: ":") else { return nil }
            host = text[..<colon]
            rest = text[colon...]
            guard !host.isEmpty, host.utf8.allSatisfy(Self.isHostByte) else { return nil }
        }
        let digits = rest.dropFirst()
        guard rest.first == ":", !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { return nil }
        self.init(host: String(host), port: port)
    }

    /// The address as it stands in a URL.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine can reach the address; a name counts when it is `localhost`.
    package var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    // A zone such as %eth0 may follow the address.
    private static func isIPv6Byte(_ byte: UInt8) -> Bool { isHostByte(byte) || byte == 0x3A || byte == 0x25 }
}
