/// Where a Home Assistant listens: scheme, host, port and path prefix, in one normal form.
///
/// `init(_:)` understands what people type and paste, see there. Two texts for the same place give equal values, and
/// `HomeAssistantURL(url.description) == url`, so the description is what is stored and compared.
package struct HomeAssistantURL: Hashable, Sendable, CustomStringConvertible {
    /// The port on which Home Assistant listens unless it is told otherwise.
    package static let usualPort: UInt16 = 8123

    /// Whether TLS is spoken (`https`, `wss`).
    package let isSecure: Bool

    /// A DNS name in lower case, an IPv4 address, or an IPv6 address in its shortest form and without brackets.
    ///
    /// With `isSecure` it is never an IPv6 address and has at most 127 bytes, and it is never empty and never holds a
    /// colon:
    /// libwebsockets would check such a host's certificate wrongly or not at all.
    package let host: String

    /// 1 to 65535.
    package let port: UInt16

    /// Empty, or `/` and segments without a trailing slash, for a Home Assistant behind a proxy that serves it below
    /// a path.
    package let pathPrefix: String

    init(isSecure: Bool, host: String, port: UInt16, pathPrefix: String) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.pathPrefix = pathPrefix
    }

    /// `http` or `https`.
    package var scheme: String { isSecure ? "https" : "http" }

    /// Whether the host is an IPv6 address.
    package var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

    /// Host and port as the `Host` header wants them: IPv6 in brackets, the scheme's default port left out.
    package var hostHeader: String {
        let name = isIPv6 ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Scheme, host and port: `http://homeassistant.local:8123`. A sealed token is bound to it.
    package var origin: String { "\(scheme)://\(hostHeader)" }

    /// The path of the WebSocket API.
    package var webSocketPath: String { pathPrefix + "/api/websocket" }

    /// The base URL in normal form, without a trailing slash: `https://example.org/ha`.
    package var description: String { origin + pathPrefix }
}
