#if canImport(Glibc)
    import Glibc
#endif

/// A numeric IPv4 or IPv6 address. An IPv4 address in its IPv6 form (`::ffff:a.b.c.d`) is kept as the IPv4 address it is.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes, in network order.
    package let bytes: [UInt8]

    /// Takes raw bytes in network order; nil unless there are 4 or 16.
    package init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16:
            let isMapped = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            self.bytes = isMapped ? Array(bytes[12...]) : bytes
        default: return nil
        }
    }

    /// Parses the textual form, without brackets, port or zone; nil for anything else, in particular for names.
    package init?(_ text: String) {
        // inet_pton stops at a NUL byte; Swift strings may hold one.
        guard !text.utf8.contains(0) else { return nil }
        var address4 = in_addr()
        if inet_pton(AF_INET, text, &address4) == 1 {
            self.init(bytes: withUnsafeBytes(of: &address4) { Array($0) })
            return
        }
        var address6 = in6_addr()
        guard inet_pton(AF_INET6, text, &address6) == 1 else { return nil }
        self.init(bytes: withUnsafeBytes(of: &address6) { Array($0) })
    }

    package var isIPv6: Bool { bytes.count == 16 }

    /// The canonical text, without brackets.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = isIPv6 ? AF_INET6 : AF_INET
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
