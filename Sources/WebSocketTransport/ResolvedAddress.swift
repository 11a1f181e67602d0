/// An address that a host name stands for and that the policy allows.
package struct ResolvedAddress: Hashable, Sendable, CustomStringConvertible {
    package let ip: IPAddress
    package let port: UInt16

    package init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// The numeric address, as `WebSocketTarget.address` wants it.
    package var address: String { ip.description }

    package var description: String { ip.isIPv6 ? "[\(ip)]:\(port)" : "\(ip):\(port)" }
}
