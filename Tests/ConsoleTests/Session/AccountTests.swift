import BridgeCore
import HTTPTypes
import Store
import TestSupport
import Testing

@testable import Console

@Suite("Accounts", .enabled(if: TestDatabase.isAvailable))
struct AccountTests {
    private static let newToken = #"{"name":"script","scopes":["read"]}"#

    @Test("Nothing is changed for another site: no token, a wrong one, one of another session, another origin")
    func forgery() async throws {
        try await Browser.with { _, visitor in
            var bert = visitor
            var anna = visitor
            _ = try await bert.signIn("bert")
            _ = try await anna.signIn("anna")
            let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
            func attempt(_ fields: HTTPFields, csrf: String?) async throws -> Int {
                var fields = fields
                fields[SiteCheck.tokenHeader] = csrf
                return try await bert.send(.post, "account/tokens", Self.newToken, headers: fields).status
            }
            let good = bert.csrf
            #expect(try await attempt(Browser.ownPage, csrf: nil) == 403)
            #expect(try await attempt(Browser.ownPage, csrf: "") == 403)
            #expect(try await attempt(Browser.ownPage, csrf: anna.csrf) == 403)
            #expect(try await attempt([:], csrf: good) == 403)
            #expect(try await attempt([.origin: "http://evil.example"], csrf: good) == 403)
            #expect(try await attempt([.origin: "null"], csrf: good) == 403)
            for value in ["cross-site", "same-site", "none"] {
                #expect(try await attempt([site: value, .origin: "http://127.0.0.1:8099"], csrf: good) == 403)
            }
            #expect(try await attempt([site: "same-origin"], csrf: good) == 201)
            #expect(try await attempt(Browser.ownPage, csrf: good) == 201)
            let form = try await bert.send(
                .post, "account/tokens", Self.newToken, headers: Browser.ownPage, type: "text/plain")
            #expect(form.status == 403)
        }
    }

    @Test("A session ends by its age, by idleness, by revocation, and with its user")
    func ends() async throws {
        try await Browser.with { house, visitor in
            let deeds = [
                "UPDATE console_session SET created_at = now() - interval '15 days', expires_at = now() - interval '1 day'",
                "UPDATE console_session SET last_seen_at = now() - interval '13 hours'",
                "UPDATE console_session SET revoked_at = now()",
                "UPDATE users SET status = 'suspended' WHERE username = 'bert'",
            ]
            for deed in deeds {
                var browser = visitor
                #expect(try await browser.signIn("bert").status == 200)
                #expect(try await browser.send(.get, "session").status == 200)
                try await house.session.execute(deed)
                #expect(try await browser.send(.get, "session").status == 401, "\(deed)")
            }
            for foreign in ["", "x", String(repeating: "Z", count: 43), String(repeating: "Z", count: 9_000)] {
                var browser = visitor
                browser.cookie = foreign
                #expect(try await browser.send(.get, "session").status == 401)
            }
        }
    }

    @Test("Sessions and tokens of others are not there")
    func others() async throws {
        try await Browser.with { _, visitor in
            var anna = visitor
            var bert = visitor
            _ = try await anna.signIn("anna")
            _ = try await bert.signIn("bert")
            let made = try await anna.change(.post, "account/tokens", Self.newToken)
            guard case .string(let token)? = made["id"],
                case .string(let session)? = try await anna.send(.get, "account/sessions")["items.0.id"]
            else {
                Issue.record("There is no token, or no session.")
                return
            }
            let missing = "00000000-0000-4000-8000-000000000000"
            #expect(try await bert.change(.delete, "account/tokens/\(token)").status == 404)
            #expect(try await bert.change(.delete, "account/sessions/\(session)").status == 404)
            #expect(try await bert.change(.delete, "account/tokens/\(missing)").status == 404)
            #expect(try await bert.change(.delete, "account/tokens/x").status == 404)
            #expect(try await bert.send(.get, "account/tokens").count == 0)
            #expect(try await bert.send(.get, "account/sessions").count == 1)
            #expect(try await anna.change(.delete, "account/tokens/\(token)").status == 204)
            #expect(try await anna.change(.delete, "account/sessions/\(session)").status == 204)
            #expect(try await anna.send(.get, "account/sessions").status == 401)
        }
    }

    @Test("A token does what its scopes say, within its user's role, as long as it lives")
    func tokens() async throws {
        try await Browser.with { house, visitor in
            var bert = visitor
            var carl = visitor
            _ = try await bert.signIn("bert")
            _ = try await carl.signIn("carl")
            #expect(
                try await carl.change(.post, "account/tokens", #"{"name":"x","scopes":["govern"]}"#).status == 403)
            for body in [
                #"{"name":"x","scopes":["account"]}"#, #"{"name":"x","scopes":[]}"#, #"{"name":"x"}"#,
                #"{"name":" ","scopes":["read"]}"#, #"{"name":"x","scopes":["read","read"]}"#,
                #"{"name":"x","scopes":["read"],"expires_in_days":367}"#,
                #"{"name":"x","scopes":["read"],"expires_in_days":0}"#,
            ] {
                #expect(try await bert.change(.post, "account/tokens", body).status == 400, "\(body)")
            }
            let made = try await bert.change(.post, "account/tokens", Self.newToken)
            guard case .string(let secret)? = made["secret"] else {
                Issue.record("No secret was shown: \(made.body)")
                return
            }
            #expect(secret.hasPrefix("hab_"))
            let script: HTTPFields = [.authorization: "Bearer \(secret)"]
            let session = try await visitor.send(.get, "session", headers: script)
            #expect(session["user.username"] == .string("bert") && session["csrf_token"] == .null)
            #expect(session["scopes"] == .array([.string("read")]))
            // Neither its own account, nor more tokens.
            #expect(try await visitor.send(.get, "account/tokens", headers: script).status == 403)
            #expect(try await visitor.send(.post, "account/tokens", Self.newToken, headers: script).status == 403)
            #expect(try await bert.send(.get, "account/tokens").body.contains(secret) == false)
            for wrong in ["Bearer hab_x", "Bearer \(secret)x", "Basic \(secret)", "Bearer", secret] {
                #expect(try await visitor.send(.get, "session", headers: [.authorization: wrong]).status == 401)
            }
            // A bad token is not made good by a cookie.
            #expect(try await bert.send(.get, "session", headers: [.authorization: "Bearer hab_x"]).status == 401)
            for deed in [
                "UPDATE api_token SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day'",
                "UPDATE api_token SET expires_at = now() + interval '1 day', revoked_at = now()",
                "UPDATE api_token SET revoked_at = NULL; UPDATE users SET status = 'inactive' WHERE username = 'bert'",
            ] {
                try await house.session.execute(deed)
                let refused = try await visitor.send(.get, "session", headers: script)
                #expect(refused.status == 401 && refused["code"] == .string("invalid_token"), "\(deed)")
            }
        }
    }

    @Test("A new password needs the current one, and signs out everywhere else")
    func password() async throws {
        try await Browser.with { _, visitor in
            var here = visitor
            var elsewhere = visitor
            _ = try await here.signIn("bert")
            _ = try await elsewhere.signIn("bert")
            func set(_ current: String, _ new: String) async throws -> Int {
                try await here.change(.put, "account/password", #"{"current":"\#(current)","new":"\#(new)"}"#).status
            }
            #expect(try await set("wrong horse battery", "another horse staple") == 422)
            #expect(try await set(Browser.password, "short") == 422)
            #expect(try await set(Browser.password, String(repeating: "x", count: 257)) == 400)
            #expect(try await set(Browser.password, "another horse staple") == 204)
            #expect(try await here.send(.get, "session").status == 200)
            #expect(try await elsewhere.send(.get, "session").status == 401)
            #expect(try await elsewhere.signIn("bert").status == 401)
            #expect(try await elsewhere.signIn("bert", "another horse staple").status == 200)
        }
    }

    @Test("A shared house is seen, and nothing follows from it")
    func shares() async throws {
        let sight: Console.Area = { endpoints, _ in
            for (path, scope) in [("look", AccessScope.read), ("decide", .govern)] {
                endpoints.add(.get, path, scope: scope) { call in
                    let names = try await call.reader.withConnection { session in
                        try await session.query(
                            "SELECT stored.name FROM home_assistant_connection_overview AS stored JOIN home_assistant_connection_leases AS lease USING (connection_id) ORDER BY stored.name"
                        ).map { row in try row.string("name") }
                    }
                    return try .json(.array(names.map { .string($0) }))
                }
            }
        }
        try await ConsoleHouse.with(areas: [sight]) { house in
            let shares = ConnectionShareRepository(house.services.system)
            let isNew = try await shares.share(house.home, with: house.bert.user)
            #expect(isNew)
            #expect(try await !shares.share(house.home, with: house.bert.user))
            #expect(try await shares.share(house.home, with: house.carl.user))
            #expect(try await shares.viewers(of: house.home) == ["bert", "carl"])
            let both = JSONValue.array([.string("cabin"), .string("home")])
            #expect(try await house.get("look", as: house.bert).json == both)
            #expect(try await house.get("look", as: house.carl).json == .array([.string("home")]))
            #expect(try await house.get("decide", as: house.bert).json == .array([.string("cabin")]))
            #expect(try await house.get("decide", as: house.carl).status == 403)
            #expect(try await house.get("decide", as: house.anna).json == both)
            #expect(try await shares.unshare(house.home, from: house.carl.user))
            #expect(try await house.get("look", as: house.carl).json == .array([]))
        }
    }
}
