import Testing

@testable import BridgeCore

@Suite struct HomeAssistantURLTests {
    struct Accepted: Sendable, CustomTestStringConvertible {
        let text: String
        let normal: String

        init(_ text: String, _ normal: String) {
            self.text = text
            self.normal = normal
        }

        var testDescription: String { text }
    }

    static let accepted: [Accepted] = [
        // As people type them.
        .init("http://homeassistant.local:8123", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123///", "http://homeassistant.local:8123"),
        .init("  http://homeassistant.local:8123\r\n", "http://homeassistant.local:8123"),
        .init("HTTP://HomeAssistant.Local:8123", "http://homeassistant.local:8123"),
        .init("homeassistant.local:8123", "http://homeassistant.local:8123"),
        .init("homeassistant.local", "http://homeassistant.local:8123"),
        .init("homeassistant", "http://homeassistant:8123"),
        .init("localhost:8123/", "http://localhost:8123"),
        .init("192.168.1.5", "http://192.168.1.5:8123"),
        .init("192.168.1.5:80", "http://192.168.1.5"),
        .init("http://192.168.1.5:8123", "http://192.168.1.5:8123"),
        .init("http://home_assistant:8123", "http://home_assistant:8123"),
        .init("http://homeassistant.local.:8123", "http://homeassistant.local:8123"),
        // Default ports.
        .init("http://homeassistant.local", "http://homeassistant.local"),
        .init("http://homeassistant.local:80", "http://homeassistant.local"),
        .init("http://homeassistant.local:/", "http://homeassistant.local"),
        .init("http://homeassistant.local:08123", "http://homeassistant.local:8123"),
        .init("https://x.example.org", "https://x.example.org"),
        .init("https://x.example.org:443/", "https://x.example.org"),
        .init("https://x.example.org:8123", "https://x.example.org:8123"),
        .init("http://x.example.org:443", "http://x.example.org:443"),
        .init("https://x.example.org:80", "https://x.example.org:80"),
        .init("http://x.example.org:65535", "http://x.example.org:65535"),
        // No scheme, but only https can answer there.
        .init("x.example.org:443", "https://x.example.org"),
        .init("abc.ui.nabu.casa", "https://abc.ui.nabu.casa"),
        .init("https://abc.ui.nabu.casa/lovelace", "https://abc.ui.nabu.casa"),
        // WebSocket forms.
        .init("ws://homeassistant.local:8123/api/websocket", "http://homeassistant.local:8123"),
        .init("wss://x.example.org/api/websocket", "https://x.example.org"),
        .init("wss://x.example.org/ha/api/websocket/", "https://x.example.org/ha"),
        .init("WSS://X.Example.org", "https://x.example.org"),
        .init("ws://homeassistant.local", "http://homeassistant.local"),
        // Path prefixes.
        .init("https://x.example.org/ha", "https://x.example.org/ha"),
        .init("https://x.example.org/ha/", "https://x.example.org/ha"),
        .init("https://x.example.org//a//b/", "https://x.example.org/a/b"),
        .init("https://x.example.org/HA/Two", "https://x.example.org/HA/Two"),
        .init("https://x.example.org/h%C3%A4us", "https://x.example.org/h%C3%A4us"),
        .init("https://x.example.org/home", "https://x.example.org/home"),
        .init("x.example.org/ha", "http://x.example.org:8123/ha"),
        // Pages pasted from the browser.
        .init("http://homeassistant.local:8123/lovelace/0", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/lovelace/default_view?edit=1#top", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/lovelace-kitchen/1", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/dashboard-heating/1", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/config/dashboard", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/developer-tools/state", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/profile/security", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/api/", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/onboarding.html", "http://homeassistant.local:8123"),
        .init("https://x.example.org/ha/lovelace/0", "https://x.example.org/ha"),
        .init("http://homeassistant.local:8123/?auth_callback=1&code=SECRET", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123?x", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123#x", "http://homeassistant.local:8123"),
        .init("http://homeassistant.local:8123/api/hassio_ingress/SECRET/", "http://homeassistant.local:8123"),
        // IPv6.
        .init("http://[fd00::1]:8123", "http://[fd00::1]:8123"),
        .init("http://[FD00:0:0:0:0:0:0:1]:8123/", "http://[fd00::1]:8123"),
        .init("[fd00::1]:8123", "http://[fd00::1]:8123"),
        .init("[fd00::1]", "http://[fd00::1]:8123"),
        .init("http://[::1]", "http://[::1]"),
        .init("ws://[fd00::1]:8123/api/websocket", "http://[fd00::1]:8123"),
        // TLS with what a certificate can name.
        .init("https://192.168.1.5:8123", "https://192.168.1.5:8123"),
        .init("https://xn--hus-qla.example", "https://xn--hus-qla.example"),
        .init("https://1and1.example.org", "https://1and1.example.org"),
    ]

    @Test(arguments: accepted)
    func normalisesWhatPeopleType(_ row: Accepted) throws {
        let url = try HomeAssistantURL(row.text)
        #expect(url.description == row.normal)
        // What is stored reads back as the same value.
        #expect(try HomeAssistantURL(url.description) == url)
        #expect(url.description.hasPrefix(url.origin))
        #expect(!url.host.isEmpty)
        #expect(!(url.isSecure && url.isIPv6))
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let text: String
        let code: HomeAssistantURLError.Code

        init(_ text: String, _ code: HomeAssistantURLError.Code) {
            self.text = text
            self.code = code
        }

        var testDescription: String { "\(text.prefix(60)) is \(code)" }
    }

    static let refused: [Refused] = [
        .init("", .empty),
        .init("   \n", .empty),
        .init("http:/homeassistant.local", .malformed),
        .init("http:homeassistant.local", .malformed),
        .init("http:8123", .malformed),
        .init("wss:x", .malformed),
        .init("http://home assistant:8123", .malformed),
        .init("http://home\u{0}assistant:8123", .malformed),
        .init("http://host\\evil.example:8123", .malformed),
        .init("http://host:8123/a\tb", .malformed),
        .init("ftp://homeassistant.local", .unsupportedScheme),
        .init("file:///etc/passwd", .unsupportedScheme),
        .init("homeassistant://navigate/lovelace", .unsupportedScheme),
        .init("hunter2-my.secret://x", .unsupportedScheme),
        .init("://x", .unsupportedScheme),
        .init("http://", .emptyHost),
        .init("https://", .emptyHost),
        .init("http://:8123", .emptyHost),
        .init("https://:8123", .emptyHost),
        .init(":8123", .emptyHost),
        .init("http:///api/websocket", .emptyHost),
        .init("http://?x", .emptyHost),
        .init("//homeassistant.local:8123", .emptyHost),
        .init("/api/websocket", .emptyHost),
        .init("http://.", .emptyHost),
        .init("http://[]:8123", .emptyHost),
        .init("http://user:hunter2@homeassistant.local:8123", .containsCredentials),
        .init("http://user@homeassistant.local", .containsCredentials),
        .init("user:hunter2@homeassistant.local", .containsCredentials),
        .init("http://user:hunter2/x@homeassistant.local", .containsCredentials),
        .init("http://user:hunter2?x@homeassistant.local", .containsCredentials),
        .init("http://@homeassistant.local", .containsCredentials),
        .init("https://good.example@evil.example", .containsCredentials),
        .init("http://user:8123:hunter2", .unbracketedIPv6),
        .init("http://fd00::1:8123", .unbracketedIPv6),
        .init("::1", .unbracketedIPv6),
        .init("https://::1", .unbracketedIPv6),
        .init("http://fe80::1%eth0", .zoneIdentifier),
        .init("http://[fe80::1%eth0]:8123", .zoneIdentifier),
        .init("http://[fe80::1%25eth0]:8123", .zoneIdentifier),
        .init("http://[fd00::1:8123", .invalidIPv6),
        .init("http://[fd00::1]8123", .invalidIPv6),
        .init("http://[homeassistant.local]:8123", .invalidIPv6),
        .init("http://[fd00::1::2]", .invalidIPv6),
        .init("https://[fd00::1]:8123", .secureNeedsName),
        .init("wss://[::1]", .secureNeedsName),
        .init("[::1]:443", .secureNeedsName),
        .init("https://\(String(repeating: "abcdefg.", count: 16))org", .secureNeedsName),
        .init("http://0.0.0.0:8123", .unspecifiedAddress),
        .init("http://[::]:8123", .unspecifiedAddress),
        .init("http://127.1:8123", .invalidIPv4),
        .init("http://192.168.1.256", .invalidIPv4),
        .init("http://192.168.01.5", .invalidIPv4),
        .init("http://0x7f.0.0.1", .invalidIPv4),
        .init("http://0x7f000001", .invalidIPv4),
        .init("http://2130706433", .invalidIPv4),
        .init("http://1.2.3.4.5", .invalidIPv4),
        .init("http://häuschen.example", .internationalHost),
        .init("http://１９２.168.1.5", .internationalHost),
        .init("http://a..b", .invalidHost),
        .init("http://-a.example", .invalidHost),
        .init("http://a-.example", .invalidHost),
        .init("http://a%2eb", .invalidHost),
        .init("http://a,b", .invalidHost),
        .init("http://*.example.org", .invalidHost),
        .init("http://\(String(repeating: "a", count: 64)).example", .invalidHost),
        .init("http://\(String(repeating: "abcdefg.", count: 32))org", .invalidHost),
        .init("http://host:0", .invalidPort),
        .init("http://host:65536", .invalidPort),
        .init("http://host:99999999999999999999", .invalidPort),
        .init("http://host:-1", .invalidPort),
        .init("http://host:+80", .invalidPort),
        .init("http://host:8123x", .invalidPort),
        .init("http://user:hunter2/x", .invalidPort),
        .init("javascript:alert(1)", .invalidPort),
        .init("http://host:8123/../etc", .invalidPath),
        .init("http://host:8123/%2e%2E/etc", .invalidPath),
        .init("http://host:8123/a%00", .invalidPath),
        .init("http://host:8123/a%zz", .invalidPath),
        .init("http://host:8123/a%2", .invalidPath),
        .init("http://host:8123/ä", .invalidPath),
        .init("http://host:8123/\"x", .invalidPath),
        .init("http://host:8123/" + String(repeating: "a", count: 500), .tooLong),
        .init("http://host:8123/" + String(repeating: "a", count: 5_000), .tooLong),
        .init("eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodW50ZXIyaHVudGVyMiJ9.hunter2hunter2hunter2", .looksLikeToken),
    ]

    @Test(arguments: refused)
    func refusesWithASentenceThatRepeatsNoSecret(_ row: Refused) {
        let error = #expect(throws: HomeAssistantURLError.self) { try HomeAssistantURL(row.text) }
        #expect(error?.code == row.code)
        let message = error?.message ?? ""
        #expect(message.hasSuffix("."))
        #expect(message.first?.isUppercase == true)
        #expect(!message.contains("hunter2"))
    }

    @Test func splitsIntoWhatTheTransportNeeds() throws {
        let plain = try HomeAssistantURL("[FD00::1]:8123/ha/")
        #expect(!plain.isSecure && plain.host == "fd00::1" && plain.port == 8123 && plain.isIPv6)
        #expect(plain.origin == "http://[fd00::1]:8123")
        #expect(plain.hostHeader == "[fd00::1]:8123")
        #expect(plain.webSocketPath == "/ha/api/websocket")

        let secure = try HomeAssistantURL("wss://x.example.org/api/websocket")
        #expect(secure.isSecure && secure.host == "x.example.org" && secure.port == 443)
        #expect(secure.hostHeader == "x.example.org")
        #expect(secure.pathPrefix.isEmpty && secure.webSocketPath == "/api/websocket")
    }

    @Test func differentWritingsOfOnePlaceAreEqual() throws {
        let writings = [
            "homeassistant.local", "HTTP://homeassistant.local:8123", "ws://HomeAssistant.local:8123/api/websocket",
            " http://homeassistant.local.:08123/lovelace/0?kiosk ",
        ]
        let urls = try Set(writings.map { try HomeAssistantURL($0) })
        #expect(urls.count == 1)
    }

    @Test func httpAndHttpsAreDifferentOrigins() throws {
        let plain = try HomeAssistantURL("http://x.example.org:8123")
        let secure = try HomeAssistantURL("https://x.example.org:8123")
        #expect(plain != secure)
        #expect(plain.origin != secure.origin)
    }
}
