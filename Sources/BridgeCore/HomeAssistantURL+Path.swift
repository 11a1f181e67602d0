extension HomeAssistantURL {
    /// First segments of Home Assistant's own pages and interfaces. None is a likely prefix of a proxy; `home` and
    /// `app`, which
    /// could be either, are taken for a prefix.
    private static let ownSegments: Set<Substring> = [
        "_my_redirect", "api", "auth", "calendar", "climate", "config", "developer-tools", "energy", "frontend_es5",
        "frontend_latest", "hacsfiles", "hassio", "history", "light", "local", "logbook", "lovelace", "manifest.json",
        "map",
        "media-browser", "notfound", "onboarding", "onboarding.html", "profile", "security", "service_worker.js",
        "shopping-list", "states", "static", "todo",
    ]

    /// Turns the rest of a URL behind its host into a path prefix; see `init(_:)` for what is cut off.
    static func parsePath(_ text: Substring) throws(HomeAssistantURLError) -> String {
        let path = text.prefix { $0 != "?" && $0 != "#" }
        let segments = path.split(separator: "/").prefix { !isOwn($0) }
        guard segments.allSatisfy(isSegment) else {
            throw .init(
                .invalidPath,
                "The path after the host holds characters that a path cannot hold, or dots that lead out of it. "
                    + "Write only the prefix under which a proxy serves Home Assistant, or none.")
        }
        return segments.map { "/" + $0 }.joined()
    }

    /// Dashboards that people add have a hyphen in their path; Home Assistant itself proposes these two beginnings.
    private static func isOwn(_ segment: Substring) -> Bool {
        ownSegments.contains(segment) || segment.hasPrefix("lovelace-") || segment.hasPrefix("dashboard-")
    }

    private static func isSegment(_ segment: Substring) -> Bool {
        guard segment != ".", segment != ".." else { return false }
        // A proxy that decodes these would see dots, slashes or control characters.
        let lowercased = segment.lowercased()
        guard !["%2e", "%2f", "%5c", "%0", "%1", "%7f"].contains(where: lowercased.contains) else { return false }
        var digitsDue = 0
        for byte in segment.utf8 {
            if digitsDue > 0 {
                guard isHexadecimal(byte) else { return false }
                digitsDue -= 1
                continue
            }
            switch byte {
            case UInt8(ascii: "%"): digitsDue = 2
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: break
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"): break
            case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "+"), UInt8(ascii: ","): break
            case UInt8(ascii: "="), UInt8(ascii: ";"): break
            default: return false
            }
        }
        return digitsDue == 0
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
