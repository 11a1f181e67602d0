import BridgeCore

#if canImport(Glibc)
    import Glibc
#endif

/// Where a connection goes: an address that was resolved before, and the name that certificates and virtual hosts are checked against.
package struct WebSocketTarget: Sendable, Hashable {
    /// A numeric IPv4 or IPv6 address without brackets. Names are refused: the loop never resolves.
    package var address: String

    /// The host as the user wrote it, without brackets and port: sent as `Host`, as SNI, and demanded of the certificate.
    package var host: String

    /// The TCP port.
    package var port: UInt16

    /// Whether the connection is wrapped in TLS, with full verification.
    package var isSecure: Bool

    /// What the certificate must have besides a right name and time.
    package var trust: TLSTrust

    /// The path of the WebSocket endpoint, starting with a slash.
    package var path: String

    /// The time for TCP, TLS and the upgrade together; at most 110 seconds.
    package var handshakeTimeout: Duration

    package init(
        address: String,
        host: String,
        port: UInt16,
        isSecure: Bool,
        trust: TLSTrust = .system,
        path: String = "/api/websocket",
        handshakeTimeout: Duration = .seconds(10)
    ) {
        self.address = address
        self.host = host
        self.port = port
        self.isSecure = isSecure
        self.trust = trust
        self.path = path
        self.handshakeTimeout = min(max(handshakeTimeout, .milliseconds(1)), .seconds(110))
    }

    /// Where it goes, for sentences: `host:port`, IPv6 in brackets.
    package var display: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The `Host` header: the port only where it is not the scheme's own.
    var hostHeader: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Why this target must not be tried, or nil. An empty host would switch the check of the certificate's name off in
    /// libwebsockets, and a control character would end up in the request.
    var fault: String? {
        if host.isEmpty || host.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "/") }) {
            return "The host name is empty or has characters that no host name can have."
        }
        if !path.hasPrefix("/") || path.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            return "The path of the URL must start with a slash and hold neither blanks nor control characters."
        }
        if port == 0 { return "Port 0 cannot be connected to." }
        guard let ip = IPAddress(address) else { return "\(display) was not resolved to a numeric address." }
        // The resolver has asked the same, with the networks that are set; this holds whoever resolved.
        if case .refused(let reason) = AddressPolicy().verdict(for: ip, isSecure: isSecure) {
            return "\(display) leads to \(address), which \(reason)."
        }
        return nil
    }
}
