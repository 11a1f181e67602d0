import Glibc

extension HomeAssistantURL {
    /// The size of the column `home_assistant_connections.url`.
    private static let maximumLength = 500

    /// The longest host that libwebsockets hands whole to the certificate check; it cuts a longer one.
    private static let maximumSecureHostLength = 127

    /// Reads a URL as people type and paste it, and normalises it.
    ///
    /// - `http`, `https`, `ws`, `wss` in any case; surrounding space and trailing slashes do not matter.
    /// - Without a scheme it is `http`, but `https` for port 443 and for `*.ui.nabu.casa`, where nothing else can
    /// answer. With
    ///   neither scheme nor port, the port is 8123.
    /// - A path is a prefix, but what belongs to Home Assistant itself is cut off: `/api/websocket`, `/lovelace/0`,
    ///   `/config/dashboard` and the like, as copied from a browser. Query and fragment are dropped for the same
    /// reason.
    /// - Refused: user and password, other schemes, international names (their `xn--` form is fine), IPv6 without
    /// brackets or
    ///   with a zone, short and octal forms of IPv4, IPv6 with TLS.
    ///
    /// Throws a `HomeAssistantURLError` whose message never repeats credentials.
    package init(_ text: String) throws(HomeAssistantURLError) {
        let trimmed = Self.trim(text)
        guard !trimmed.isEmpty else {
            throw .init(.empty, "The URL is empty. Give one such as http://homeassistant.local:8123.")
        }
        guard trimmed.utf8.count <= 4_096 else {
            throw .init(
                .tooLong, "The URL is longer than any real one. Give one such as http://homeassistant.local:8123.")
        }
        guard !Self.looksLikeToken(trimmed) else {
            throw .init(.looksLikeToken, "This looks like an access token where the URL belongs. Keep it secret.")
        }
        // Nothing that belongs to a Home Assistant URL holds an @, and a password may hold any of the marks that end
        // a host.
        guard !trimmed.utf8.contains(UInt8(ascii: "@")) else {
            throw .init(
                .containsCredentials,
                "The URL holds an @: user names and passwords do not belong into it. Leave out everything up to the @.")
        }
        let invalid = { (byte: UInt8) in byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "\\") }
        guard !trimmed.utf8.contains(where: invalid) else {
            throw .init(.malformed, "The URL holds a space, a backslash or a control character. Write it without.")
        }

        let (scheme, rest) = try Self.splitScheme(trimmed)
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let (hostText, portText) = try Self.splitAuthority(rest[..<authorityEnd])
        let host = try Self.parseHost(hostText)
        let explicitPort = try Self.parsePort(portText)

        isSecure =
            scheme.map { $0 == "https" || $0 == "wss" } ?? (explicitPort == 443 || host.hasSuffix(".ui.nabu.casa"))
        switch (explicitPort, scheme) {
        case (let given?, _): port = given
        case (nil, nil) where !isSecure: port = Self.usualPort
        default: port = isSecure ? 443 : 80
        }
        self.host = host
        pathPrefix = try Self.parsePath(rest[authorityEnd...])

        if isSecure { try Self.requireVerifiableHost(host) }
        guard description.utf8.count <= Self.maximumLength else {
            throw .init(.tooLong, "The URL is longer than \(Self.maximumLength) characters. Use a shorter path prefix.")
        }
    }

    private static func trim(_ text: String) -> Substring {
        var trimmed = Substring(text)
        while let first = trimmed.first, first.isWhitespace { trimmed.removeFirst() }
        while let last = trimmed.last, last.isWhitespace { trimmed.removeLast() }
        return trimmed
    }

    /// Long-lived tokens of Home Assistant are JWTs: three parts, of which the first begins with `{"` in base64.
    private static func looksLikeToken(_ text: Substring) -> Bool {
        text.utf8.count > 60 && text.hasPrefix("eyJ") && text.split(separator: ".").count == 3
            && !text.utf8.contains(UInt8(ascii: "/"))
    }

    private static func splitScheme(_ text: Substring) throws(HomeAssistantURLError) -> (String?, Substring) {
        let known = ["http", "https", "ws", "wss"]
        let colon = text.firstIndex(of: ":")
        let before = colon.map { text[..<$0].lowercased() } ?? ""
        guard let colon, text[colon...].hasPrefix("://") else {
            if known.contains(before) {
                throw .init(.malformed, "The URL needs two slashes after \"\(before):\", as in \(before)://host:8123.")
            }
            if text.hasPrefix("/") {
                throw .init(.emptyHost, "The URL begins with a slash and names no host. Write http://host:8123.")
            }
            return (nil, text)
        }
        let rest = text[text.index(colon, offsetBy: 3)...]
        guard known.contains(before) else {
            // Only a short plain word is repeated: anything else might be a secret in the wrong place.
            let isPlainWord =
                (1...12).contains(before.utf8.count) && before.utf8.allSatisfy { (0x61...0x7A).contains($0) }
            let subject = isPlainWord ? "The scheme \"\(before)\"" : "What stands before :// "
            throw .init(
                .unsupportedScheme, "\(subject) is none that Home Assistant speaks. Use http, https, ws or wss.")
        }
        return (before, rest)
    }

    private static func splitAuthority(
        _ authority: Substring
    ) throws(HomeAssistantURLError) -> (host: Substring, port: Substring) {
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else {
                throw .init(
                    .invalidIPv6, "The IPv6 address has no closing bracket. Write it as in http://[fd00::1]:8123.")
            }
            let after = authority[authority.index(after: bracket)...]
            guard after.isEmpty || after.hasPrefix(":") else {
                throw .init(.invalidIPv6, "After the bracket of an IPv6 address only a colon and a port may follow.")
            }
            return (authority[...bracket], after.dropFirst())
        }
        let colons = authority.utf8.count { $0 == UInt8(ascii: ":") }
        guard colons <= 1 else {
            let hasZone = authority.utf8.contains(UInt8(ascii: "%"))
            if hasZone { throw zoneIdentifier }
            throw .init(
                .unbracketedIPv6,
                "The host holds several colons. Write an IPv6 address in brackets, as in http://[fd00::1]:8123.")
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, "") }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func parsePort(_ text: Substring) throws(HomeAssistantURLError) -> UInt16? {
        guard !text.isEmpty else { return nil }
        let isNumber = text.utf8.count <= 5 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let port = UInt16(text), port > 0 else {
            throw .init(
                .invalidPort, "The port after the host must be a number from 1 to 65535, as in http://host:8123.")
        }
        return port
    }

    private static func parseHost(_ text: Substring) throws(HomeAssistantURLError) -> String {
        if text.hasPrefix("[") { return try parseIPv6(text.dropFirst().dropLast()) }
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw .init(
                .internationalHost,
                "The host name holds letters outside ASCII. Write it in its xn-- form, as your browser shows it "
                    + "in certificates."
            )
        }
        var host = text.lowercased()
        // The root's dot changes nothing about the name, but no certificate carries it.
        if host.hasSuffix(".") { host.removeLast() }
        guard !host.isEmpty else {
            throw .init(.emptyHost, "The URL names no host. Write it as in http://homeassistant.local:8123.")
        }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        if let last = labels.last, isNumeric(last) { return try parseIPv4(host) }
        guard host.utf8.count <= 253, labels.allSatisfy(isLabel) else {
            throw .init(
                .invalidHost,
                "The host is no valid name: it takes letters, digits, hyphens and dots, as in homeassistant.local.")
        }
        return host
    }

    /// Whether a resolver would take a name that ends in this label for an address.
    private static func isNumeric(_ label: Substring) -> Bool {
        if label.hasPrefix("0x") { return true }
        return !label.isEmpty && label.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Underscores are no part of host names by the book, but container networks are full of them.
    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    private static func parseIPv4(_ host: String) throws(HomeAssistantURLError) -> String {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        // Strict: resolvers read 127.1, 010.0.0.1 and 0x7f000001 as addresses that nobody meant.
        let isAddress =
            parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && UInt8(part) != nil && (part == "0" || !part.hasPrefix("0"))
                    && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
        guard isAddress else {
            throw .init(
                .invalidIPv4,
                "The IPv4 address must be four numbers from 0 to 255 without leading zeros, as in 192.168.1.5.")
        }
        guard host != "0.0.0.0" else { throw unspecifiedAddress }
        return host
    }

    private static func parseIPv6(_ text: Substring) throws(HomeAssistantURLError) -> String {
        guard !text.utf8.contains(UInt8(ascii: "%")) else { throw zoneIdentifier }
        guard !text.isEmpty else {
            throw .init(.emptyHost, "The brackets of the IPv6 address are empty. Write it as in http://[fd00::1]:8123.")
        }
        var address = in6_addr()
        guard inet_pton(AF_INET6, String(text), &address) == 1 else {
            throw .init(
                .invalidIPv6, "What stands in brackets is no IPv6 address. Write it as in http://[fd00::1]:8123.")
        }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &buffer, socklen_t(buffer.count)) != nil else {
            throw .init(
                .invalidIPv6, "What stands in brackets is no IPv6 address. Write it as in http://[fd00::1]:8123.")
        }
        let normal = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard normal != "::" else { throw unspecifiedAddress }
        return normal
    }

    private static func requireVerifiableHost(_ host: String) throws(HomeAssistantURLError) {
        guard !host.utf8.contains(UInt8(ascii: ":")) else {
            throw .init(
                .secureNeedsName,
                "A certificate cannot be checked against an IPv6 address here. Use https with a DNS name or an "
                    + "IPv4 address."
            )
        }
        guard host.utf8.count <= maximumSecureHostLength else {
            throw .init(
                .secureNeedsName,
                "A certificate cannot be checked against a host name of more than \(maximumSecureHostLength) "
                    + "characters here."
            )
        }
    }

    private static var zoneIdentifier: HomeAssistantURLError {
        .init(
            .zoneIdentifier,
            "IPv6 addresses with a zone (after %) reach this machine's own links only and are refused. Use "
                + "another address."
        )
    }

    private static var unspecifiedAddress: HomeAssistantURLError {
        .init(
            .unspecifiedAddress,
            "That is the address to listen on, not one to connect to. For this machine write http://127.0.0.1:8123.")
    }
}
