import Cryptography
import Glibc

/// Under what failures are counted.
enum ThrottleKey {
    /// A user's name, in whatever case; whether anybody has it makes no difference.
    static func name(_ username: String) throws -> String { "name:" + (try digest(username.lowercased())) }

    /// A client's address; of IPv6 the network, since whoever has one address of it has all.
    static func address(_ address: String) throws -> String { "address:" + (try digest(network(of: address))) }

    private static func digest(_ text: String) throws -> String { try sha256Hex(Array(text.utf8)) }

    static func network(of address: String) -> String {
        guard address.contains(":") else { return address }
        var bytes = in6_addr()
        let text = address.prefix { $0 != "%" }
        guard inet_pton(AF_INET6, String(text), &bytes) == 1 else { return address }
        let groups = withUnsafeBytes(of: bytes) { Array($0) }
        // An IPv4 address in the clothes of IPv6 is one address.
        if groups.prefix(10).allSatisfy({ $0 == 0 }), groups[10] == 255, groups[11] == 255 {
            return groups.suffix(4).map { String($0) }.joined(separator: ".")
        }
        return groups.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
    }
}
