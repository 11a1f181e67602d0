/// A block of addresses: `192.168.1.0/24`, `fd00::/8`, or one address.
package struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    private let base: IPAddress
    private let prefix: Int

    /// Parses `ADDRESS/BITS` or an address alone; nil for anything else. Bits of the address behind the prefix say nothing.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = IPAddress(String(parts[0])) else { return nil }
        let count = base.bytes.count * 8
        guard parts.count == 2 else {
            self.init(base: base, prefix: count)
            return
        }
        // An address in its IPv4-mapped form is the IPv4 address, and its prefix counts from there.
        let offset = parts[0].contains(":") && !base.isIPv6 ? 96 : 0
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(parts[1]),
            (offset...offset + count).contains(bits)
        else { return nil }
        self.init(base: base, prefix: bits - offset)
    }

    private init(base: IPAddress, prefix: Int) {
        self.base = base
        self.prefix = prefix
    }

    /// Whether the address is in the block. Families never mix.
    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        for (index, (left, right)) in zip(address.bytes, base.bytes).enumerated() {
            let bits = min(max(prefix - index * 8, 0), 8)
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            guard left & mask == right & mask else { return false }
        }
        return true
    }

    package var description: String { "\(base)/\(prefix)" }
}
