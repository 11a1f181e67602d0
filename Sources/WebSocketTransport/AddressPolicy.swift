/// Which addresses a connection may go to.
///
/// Home Assistant lives on private networks, so loopback and private addresses are allowed. Refused is what no Home Assistant
/// has and what an attacker would like to reach through us: link-local addresses (cloud metadata services live there),
/// multicast, the unspecified address, and the IPv6 spellings of these.
package enum AddressPolicy {
    package enum Verdict: Hashable, Sendable {
        case allowed
        /// Why not, as the middle of a sentence: "is a multicast address".
        case refused(String)
    }

    /// Judges one address; a pure function.
    package static func verdict(for address: IPAddress) -> Verdict {
        address.isIPv6 ? verdict6(address.bytes) : verdict4(address.bytes[...])
    }

    private static func verdict4(_ bytes: ArraySlice<UInt8>) -> Verdict {
        let first = bytes[bytes.startIndex]
        let second = bytes[bytes.startIndex + 1]
        if first == 0 { return .refused("is the unspecified address") }
        if first == 169 && second == 254 { return .refused("is a link-local address") }
        if first & 0xF0 == 224 { return .refused("is a multicast address") }
        if first & 0xF0 == 240 { return .refused("is a reserved address") }
        return .allowed
    }

    private static func verdict6(_ bytes: [UInt8]) -> Verdict {
        if bytes[0] == 0xFF { return .refused("is a multicast address") }
        if bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 { return .refused("is a link-local address") }
        let startsWithZeros = bytes[0..<12].allSatisfy { $0 == 0 }
        if startsWithZeros {
            if bytes[12...].allSatisfy({ $0 == 0 }) { return .refused("is the unspecified address") }
            if bytes[12] == 0 && bytes[13] == 0 && bytes[14] == 0 && bytes[15] == 1 { return .allowed }
            return .refused("is an IPv4-compatible address, a form that is no longer in use")
        }
        // NAT64 and 6to4 carry an IPv4 address to which the packet finally goes.
        if bytes[0] == 0x00 && bytes[1] == 0x64 && bytes[2] == 0xFF && bytes[3] == 0x9B
            && bytes[4..<12].allSatisfy({ $0 == 0 })
        {
            return verdict4(bytes[12...])
        }
        if bytes[0] == 0x20 && bytes[1] == 0x02 { return verdict4(bytes[2..<6]) }
        return .allowed
    }
}
