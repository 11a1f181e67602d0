import BridgeCore
import Cryptography
import Store
import TestSupport
import Testing

@testable import Console

@Suite("Links that set a password", .enabled(if: TestDatabase.isAvailable))
struct LinkTests {
    private func link(_ house: ConsoleHouse, for user: UserID?) async throws -> String {
        let secret = try RandomSecret.text()
        try await SignInLinkRepository(house.services.system).add(
            user: user, digest: try RandomSecret.digest(of: secret))
        return secret
    }

    @Test("A link sets a password once, and ends what the one before let in")
    func once() async throws {
        try await Browser.with { house, visitor in
            var before = visitor
            _ = try await before.signIn("bert")
            let token = try await link(house, for: house.bert.user)
            let other = try await link(house, for: house.bert.user)
            let purpose = try await visitor.send(.get, "session/link?token=\(token)")
            #expect(purpose["username"] == .string("bert") && purpose["needs_user"] == .bool(false))
            #expect(
                try await visitor.send(.post, "session/link", #"{"token":"\#(token)","password":"short"}"#).status
                    == 422)
            let named = #"{"token":"\#(token)","password":"a new password","username":"eve","email":"eve@example.org"}"#
            #expect(try await visitor.send(.post, "session/link", named).status == 422)
            var browser = visitor
            let body = #"{"token":"\#(token)","password":"another horse staple"}"#
            let used = try await browser.send(.post, "session/link", body)
            #expect(used.status == 200)
            browser.keep(used)
            #expect(try await browser.send(.get, "session")["user.username"] == .string("bert"))
            #expect(try await visitor.send(.post, "session/link", body).status == 404)
            for dead in [token, other, "nonsense"] {
                #expect(try await visitor.send(.get, "session/link?token=\(dead)").status == 404)
            }
            #expect(try await before.send(.get, "session").status == 401)
            var again = visitor
            #expect(try await again.signIn("bert").status == 401)
            #expect(try await again.signIn("bert", "another horse staple").status == 200)
        }
    }

    @Test("Twenty at once use a link once")
    func race() async throws {
        try await Browser.with { house, visitor in
            let token = try await link(house, for: house.bert.user)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    let body = #"{"token":"\#(token)","password":"race horse number \#(number)"}"#
                    group.addTask { try await visitor.send(.post, "session/link", body).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(Set(statuses).isSubset(of: [200, 404]))
        }
    }

    @Test("The first person comes by a link that belongs to nobody, and nobody after")
    func firstPerson() async throws {
        try await ConsoleHouse.with { house in
            let visitor = Browser(house)
            let token = try await link(house, for: nil)
            let late = try await link(house, for: nil)
            #expect(try await visitor.send(.get, "session/link?token=\(token)")["needs_user"] == .bool(true))
            #expect(
                try await visitor.send(.post, "session/link", #"{"token":"\#(token)","password":"a good long one"}"#)
                    .status == 422)
            let taken = #"{"token":"\#(token)","password":"a good long one","username":"anna","email":"x@example.org"}"#
            #expect(try await visitor.send(.post, "session/link", taken).status == 409)
            let name =
                #"{"token":"\#(token)","password":"emma the first","username":"Emma the First","email":"e@example.org"}"#
            #expect(try await visitor.send(.post, "session/link", name).status == 422)
            let good = #"{"token":"\#(token)","password":"a good long one","username":"emma","email":"e@example.org"}"#
            let made = try await visitor.send(.post, "session/link", good)
            #expect(made.status == 200 && made["user.role"] == .string("admin"))
            for dead in [token, late] {
                #expect(try await visitor.send(.get, "session/link?token=\(dead)").status == 404)
            }
        }
    }

    @Test("An old link, and one of somebody inactive, work no more")
    func dead() async throws {
        try await Browser.with { house, visitor in
            let old = try await link(house, for: house.bert.user)
            try await house.session.execute("UPDATE sign_in_link SET expires_at = now() - interval '1 second'")
            let carl = try await link(house, for: house.carl.user)
            try await UserRepository(house.services.system).deactivate("carl")
            for token in [old, carl] {
                let body = #"{"token":"\#(token)","password":"another horse staple"}"#
                let answer = try await visitor.send(.post, "session/link", body)
                #expect(answer.status == 404)
            }
        }
    }
}
