/// Which addresses a connection may go to.
///
/// Home Assistant lives on private networks, so loopback and private addresses are allowed. Refused is what no Home Assistant
/// has and what an attacker would like to reach through us: link-local addresses (cloud metadata services live there),
/// multicast, the unspecified address, the database, and every spelling of these. An address that carries another one, to which
/// the packet finally goes, is judged by that.
package struct AddressPolicy: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        case allowed
        /// Why not, as the middle of a sentence: "is a multicast address".
        case refused(String)
    }

    /// A server of this installation that is no Home Assistant.
    package struct Server: Hashable, Sendable {
        /// A name or a numeric address; `nil` for this machine.
        package var host: String?
        package var port: UInt16

        package init(host: String?, port: UInt16) {
            self.host = host
            self.port = port
        }
    }

    /// If there are any, nothing outside of them is connected to.
    package var allowedNetworks: [IPNetwork]

    /// Never connected to, whatever the networks: the database.
    package var forbiddenServers: [Server]

    package init(allowedNetworks: [IPNetwork] = [], forbiddenServers: [Server] = []) {
        self.allowedNetworks = allowedNetworks
        self.forbiddenServers = forbiddenServers
    }

    /// Judges one address; a pure function. Without TLS, only loopback and private addresses are allowed: the token would cross
    /// the internet in clear.
    package func verdict(for address: IPAddress, isSecure: Bool) -> Verdict {
        let target = address.carried ?? address
        if let reason = Self.refusal(of: target) { return .refused(reason) }
        if !allowedNetworks.isEmpty, !allowedNetworks.contains(where: { $0.contains(target) }) {
            return .refused("is in none of the networks of HA_BRIDGE_ALLOWED_NETWORKS")
        }
        if !isSecure, !Self.isPrivate(target) {
            return .refused(
                "is a public address, where http:// would show the token to everyone on the way: take https://")
        }
        return .allowed
    }

    /// Whether only this machine, or machines of the same network, can have the address.
    package static func isPrivate(_ address: IPAddress) -> Bool {
        let target = address.carried ?? address
        return privateNetworks.contains { $0.contains(target) }
    }

    static func isLoopback(_ address: IPAddress) -> Bool { loopback.contains { $0.contains(address) } }

    private static let loopback = ["127.0.0.0/8", "::1"].compactMap { IPNetwork($0) }

    private static let privateNetworks =
        loopback
        + ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].compactMap { IPNetwork($0) }

    private static let refusedNetworks: [(IPNetwork, String)] = [
        ("0.0.0.0/8", "is the unspecified address"), ("::/128", "is the unspecified address"),
        ("169.254.0.0/16", "is a link-local address"), ("fe80::/10", "is a link-local address"),
        ("224.0.0.0/4", "is a multicast address"), ("ff00::/8", "is a multicast address"),
        ("240.0.0.0/4", "is a reserved address"),
        // The metadata service of one cloud has a private address.
        ("fd00:ec2::254", "is the address of a cloud's metadata service"),
    ].compactMap { text, reason in IPNetwork(text).map { ($0, reason) } }

    private static func refusal(of address: IPAddress) -> String? {
        if let found = refusedNetworks.first(where: { $0.0.contains(address) }) { return found.1 }
        if address.isIPv6, address.bytes[0..<12].allSatisfy({ $0 == 0 }), !isLoopback(address) {
            return "is an IPv4-compatible address, a form that is no longer in use"
        }
        return nil
    }
}

extension IPAddress {
    /// The IPv4 address that this one carries and to which the packet finally goes: NAT64, 6to4, Teredo, ISATAP and SIIT. `nil`
    /// for all others. Mapped addresses are IPv4 addresses from the start.
    var carried: IPAddress? {
        guard isIPv6 else { return nil }
        func starts(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
        func pick(_ indices: [Int], inverted: Bool = false) -> IPAddress? {
            IPAddress(bytes: indices.map { inverted ? ~bytes[$0] : bytes[$0] })
        }
        if starts([0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { return pick([12, 13, 14, 15]) }
        // The prefix for local use holds the address around its ninth byte.
        if starts([0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01]) { return pick([6, 7, 9, 10]) }
        if starts([0x20, 0x02]) { return pick([2, 3, 4, 5]) }
        if starts([0x20, 0x01, 0x00, 0x00]) { return pick([12, 13, 14, 15], inverted: true) }
        if starts([0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0]) { return pick([12, 13, 14, 15]) }
        if bytes[8] & 0xFC == 0, bytes[9] == 0, bytes[10] == 0x5E, bytes[11] == 0xFE { return pick([12, 13, 14, 15]) }
        return nil
    }
}
