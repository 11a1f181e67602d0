import BridgeCore
import Cryptography
import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import Store

/// The id of a row of `console_session`.
struct SessionID: TypedIdentifier {
    let uuid: UUID
    init(_ uuid: UUID) { self.uuid = uuid }
}

/// The id of a row of `api_token`.
struct TokenID: TypedIdentifier {
    let uuid: UUID
    init(_ uuid: UUID) { self.uuid = uuid }
}

/// `account`: one's own password, sessions and tokens. Nobody else's: an administrator uses the commands.
enum AccountEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        let desk = SignInDesk(services, passwords: services.passwords)
        let tokens = APITokenRepository(services.system)

        endpoints.add(.put, "account/password", scope: .account) { call in
            let body = try await call.body("current", "new")
            let current = try body.requiredText("current", limit: 256)
            let new = try body.requiredText("new", limit: 256)
            try PasswordRule.check(new, username: call.principal.username)
            let visitor = Visitor(call.request, call.context)
            do {
                try await desk.confirm(call.principal, current, visitor)
            } catch let problem as Problem where problem.status == 401 {
                throw Problem(422, "wrong_password", "The current password is another one.")
            }
            try await desk.accounts.setPassword(
                try await desk.passwords.hash(new), of: call.principal.user, keeping: Self.session(of: call))
            try await desk.trail.record(.passwordSet, user: call.principal.user, visitor)
            return .noContent
        }

        endpoints.add(.get, "account/sessions", scope: .account) { call in
            let own = Self.session(of: call)
            let items = try await desk.sessions.list(user: call.principal.user).map { session in
                JSONValue.object([
                    "id": .string(session.id.uuidString.lowercased()), "is_current": .bool(session.id == own),
                    "created_at": .time(session.createdAt), "last_seen_at": .time(session.lastSeenAt),
                    "expires_at": .time(session.expiresAt), "address": .optional(session.address),
                    "user_agent": .optional(session.userAgent),
                ])
            }
            return try .json(.object(["items": .array(items), "next_cursor": .null]))
        }

        endpoints.add(.delete, "account/sessions/:id", scope: .account) { call in
            let id = try call.id(as: SessionID.self)
            guard try await desk.sessions.end(id.uuid, of: call.principal.user) else {
                throw Problem.notFound("session")
            }
            try await desk.trail.record(
                .sessionEnd, user: call.principal.user, Visitor(call.request, call.context),
                details: ["session": .string(id.description)])
            return .noContent
        }

        endpoints.add(.get, "account/tokens", scope: .account) { call in
            let items = try await tokens.list(user: call.principal.user).map(\.jsonValue)
            return try .json(.object(["items": .array(items), "next_cursor": .null]))
        }

        endpoints.add(.post, "account/tokens", scope: .account) { call in
            let body = try await call.body("name", "scopes", "expires_in_days")
            let name = try body.requiredText("name", limit: 100)
            let scopes = try Self.scopes(body)
            let days = try body.integer("expires_in_days", in: 1...366) ?? 90
            guard scopes.isSubset(of: call.principal.scopes) else {
                throw Problem(403, "not_allowed", "Your role does not allow this: a token can do no more than you.")
            }
            let secret = try TokenText.make()
            let token = try await tokens.add(
                user: call.principal.user, name: name, scopes: Set(scopes.map(\.rawValue)), days: Int(days),
                digest: try RandomSecret.digest(of: secret))
            try await desk.trail.record(
                .tokenAdd, user: call.principal.user, Visitor(call.request, call.context),
                details: token.auditDetails)
            return try .json(
                .object(token.jsonMembers.merging(["secret": .string(secret)]) { own, _ in own }), status: .created)
        }

        endpoints.add(.delete, "account/tokens/:id", scope: .account) { call in
            let id = try call.id(as: TokenID.self)
            guard let token = try await tokens.end(id.uuid, of: call.principal.user) else {
                throw Problem.notFound("token")
            }
            try await desk.trail.record(
                .tokenEnd, user: call.principal.user, Visitor(call.request, call.context), details: token.auditDetails)
            return .noContent
        }
    }

    private static func session(of call: Call) -> UUID? {
        guard case .session(let text) = call.principal.credential else { return nil }
        return UUID(uuidString: text)
    }

    private static func scopes(_ body: BodyReader) throws(Problem) -> Set<AccessScope> {
        let refusal = Problem.invalid("“scopes” takes a list of read and govern, each once.")
        guard case .array(let words)? = body.value("scopes"), !words.isEmpty else { throw refusal }
        var scopes: Set<AccessScope> = []
        for word in words {
            guard case .string(let text) = word, let scope = AccessScope(rawValue: text), scope != .account,
                scopes.insert(scope).inserted
            else { throw refusal }
        }
        return scopes
    }
}
