import BridgeCore
import Cryptography
import HTTPTypes
import Store
import TestSupport
import Testing

@testable import Console

@Suite("Signing in", .enabled(if: TestDatabase.isAvailable))
struct SignInTests {
    @Test("A password lets in, and out again")
    func inAndOut() async throws {
        try await Browser.with { house, visitor in
            var browser = visitor
            let entry = try await browser.signIn("BERT")
            #expect(entry.status == 200)
            #expect(entry["user.username"] == .string("bert") && entry["user.role"] == .string("user"))
            let header = try #require(entry.headers[.setCookie])
            for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=1209600"] { #expect(header.contains(part)) }
            #expect(!header.contains("Domain") && !header.contains("Secure"))
            #expect(SessionCookie.header("x", usesTLS: true).hasSuffix("; Secure"))
            let session = try await browser.send(.get, "session")
            #expect(session["user.id"] == .string(house.bert.user.description))
            #expect(session["csrf_token"] == entry["csrf_token"] && session["csrf_token"] != nil)
            let stored = try await house.session.query(
                "SELECT count(*) AS count FROM console_session WHERE position($1 in encode(secret_hash, 'escape')) > 0",
                [.text(browser.cookie ?? "")]
            ).first?.int("count")
            #expect(stored == 0)
            let out = try await browser.change(.delete, "session")
            #expect(out.status == 204)
            #expect(out.headers[.setCookie]?.contains("Max-Age=0") == true)
            #expect(try await browser.send(.get, "session").status == 401)
            let trail = try await house.session.query("SELECT action FROM home_assistant_audit_log ORDER BY created_at")
            #expect(try trail.map { row in try row.string("action") } == ["sign_in", "sign_out"])
        }
    }

    @Test("Each sign-in makes a session of its own: a cookie that was planted before is worth nothing")
    func fixation() async throws {
        try await Browser.with { _, visitor in
            let planted = String(repeating: "A", count: 43)
            var browser = visitor
            browser.cookie = planted
            _ = try await browser.signIn("bert")
            let first = try #require(browser.cookie)
            #expect(first != planted)
            _ = try await browser.signIn("bert")
            #expect(browser.cookie != first)
            var attacker = visitor
            attacker.cookie = planted
            #expect(try await attacker.send(.get, "session").status == 401)
            // Two cookies of the name: one of them was planted, and nobody knows which.
            let both = try await visitor.send(
                .get, "session",
                headers: [.cookie: "ha_bridge_session=\(planted); ha_bridge_session=\(browser.cookie ?? "")"])
            #expect(both.status == 401)
        }
    }

    @Test("Whoever guesses learns nothing about names")
    func enumeration() async throws {
        try await Browser.with { house, visitor in
            try await UserRepository(house.services.system).deactivate("carl")
            _ = try await UserRepository(house.services.system).add(username: "dora", email: "dora@example.org")
            var answers: [ConsoleHouse.Answer] = []
            var browser = visitor
            for (index, name) in ["bert", "nobody", "carl", "dora"].enumerated() {
                browser.address = "192.0.2.\(index + 10)"
                let password = name == "carl" ? Browser.password : "wrong horse battery"
                answers.append(try await browser.signIn(name, password))
            }
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.allSatisfy { $0.status == 401 && $0.headers[.setCookie] == nil })
            // Every attempt leaves a row, and no name.
            let rows = try await house.session.query(
                "SELECT count(*) AS count, count(details) FILTER (WHERE details::text ~ 'nobody') AS named FROM home_assistant_audit_log WHERE action = 'sign_in_failure'"
            ).first
            #expect(try rows?.int("count") == 4)
            #expect(try rows?.int("named") == 0)
        }
    }

    @Test("The seventh guess waits, whatever the name, the address, or a restart")
    func throttling() async throws {
        try await Browser.with { house, visitor in
            for name in ["bert", "nobody"] {
                var guesser = visitor
                for attempt in 0..<6 {
                    guesser.address = "198.51.100.\(attempt)"
                    #expect(try await guesser.signIn(name, "guess number \(attempt)").status == 401)
                }
                guesser.address = "198.51.100.77"
                let refused = try await guesser.signIn(name)
                #expect(refused.status == 429)
                #expect(Int(refused.headers[.retryAfter] ?? "").map { (1...900).contains($0) } == true)
                // Another process over the same database.
                var later = Browser(house)
                later.address = "198.51.100.78"
                #expect(try await later.signIn(name).status == 429)
            }
            var sprayer = visitor
            sprayer.address = "203.0.113.9"
            for attempt in 0..<6 { _ = try await sprayer.signIn("name\(attempt)", "a common password") }
            #expect(try await sprayer.signIn("anna").status == 429)
            // Anna herself, from elsewhere, is let in.
            var anna = visitor
            #expect(try await anna.signIn("anna").status == 200)
        }
    }

    @Test("Of IPv6 the network counts, and an IPv4 address in its clothes is one")
    func networks() {
        #expect(ThrottleKey.network(of: "2001:db8::1") == ThrottleKey.network(of: "2001:db8::ffff:2"))
        #expect(ThrottleKey.network(of: "2001:db8:0:1::1") != ThrottleKey.network(of: "2001:db8::1"))
        #expect(ThrottleKey.network(of: "::ffff:192.0.2.1") == "192.0.2.1")
        #expect(ThrottleKey.network(of: "fe80::1%eth0") == ThrottleKey.network(of: "fe80::2"))
        #expect(ThrottleKey.network(of: "192.0.2.1") == "192.0.2.1")
    }

    @Test("Another site signs nobody in, and bodies are bounded")
    func doors() async throws {
        try await Browser.with { _, visitor in
            let body = #"{"username":"bert","password":"correct horse battery"}"#
            let foreign: [HTTPFields] = [
                [.origin: "http://evil.example"], [.origin: "null"], [.origin: "http://127.0.0.1:8098"],
            ]
            for headers in foreign {
                #expect(try await visitor.send(.post, "session", body, headers: headers).status == 403)
            }
            let form = try await visitor.send(.post, "session", body, type: "text/plain")
            #expect(form.status == 415)
            let large = #"{"username":"bert","password":""# + String(repeating: "x", count: 100_000) + #""}"#
            #expect(try await visitor.send(.post, "session", large).status == 413)
            #expect(try await visitor.send(.post, "session", "{}").status == 400)
            #expect(try await visitor.send(.post, "session", body).status == 200)
        }
    }
}
