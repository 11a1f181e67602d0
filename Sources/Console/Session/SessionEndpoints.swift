import BridgeCore
import Cryptography
import HTTPTypes
import HummingbirdCore
import Store

/// `session`: signing in and out, and `session/link` for the first password and forgotten ones.
enum SessionEndpoints {
    static func add(to endpoints: inout Endpoints, _ services: ConsoleServices) {
        let desk = SignInDesk(services, passwords: services.passwords)
        let usesTLS = services.usesTLS

        endpoints.addOpen(.post, "session") { request, context in
            try SiteCheck.refuseForeign(request)
            let body = try await Self.body(of: request, "username", "password")
            let entry = try await desk.signIn(
                try body.requiredText("username", limit: 250), try body.requiredText("password", limit: 256),
                Visitor(request, context))
            return try Self.answer(entry, usesTLS: usesTLS)
        }

        endpoints.add(.get, "session", scope: .read) { call in
            var csrf = JSONValue.null
            var expires = JSONValue.null
            if case .session = call.principal.credential, let secret = SessionCookie.value(in: call.request),
                let found = try await desk.sessions.find(digest: try RandomSecret.digest(of: secret))
            {
                csrf = .string(try SessionCookie.csrfToken(of: secret))
                expires = .time(found.session.expiresAt)
            }
            let credentials = try await desk.accounts.credentials(of: call.principal.user)
            guard let user = credentials?.user else { throw Problem.signInNeeded }
            return try .json(
                .object([
                    "user": Self.document(user),
                    "scopes": .array(call.principal.scopes.map(\.rawValue).sorted().map { .string($0) }),
                    "csrf_token": csrf, "expires_at": expires,
                ]))
        }

        endpoints.add(.delete, "session", scope: .account) { call in
            if case .session(let text) = call.principal.credential, let id = SessionID(text) {
                _ = try await desk.sessions.end(id.uuid, of: call.principal.user)
                try await desk.trail.record(.signOut, user: call.principal.user, Visitor(call.request, call.context))
            }
            var response = Response.noContent
            response.headers[.setCookie] = SessionCookie.header(nil, usesTLS: usesTLS)
            return response
        }

        endpoints.addOpen(.get, "session/link") { request, _ in
            let query = try QueryReader(request, known: ["token"])
            guard let token = try query.text("token") else { throw Problem.invalid("The parameter token is missing.") }
            switch try await desk.purpose(ofLink: token) {
            case .firstPerson: return try .json(.object(["username": .null, "needs_user": .bool(true)]))
            case .password(let username):
                return try .json(.object(["username": .string(username), "needs_user": .bool(false)]))
            }
        }

        endpoints.addOpen(.post, "session/link") { request, context in
            try SiteCheck.refuseForeign(request)
            let body = try await Self.body(of: request, "token", "password", "username", "email")
            let token = try body.requiredText("token", limit: 250)
            let password = try body.requiredText("password", limit: 256)
            let username = try body.text("username", limit: 100)
            let email = try body.text("email", limit: 250)
            guard (username == nil) == (email == nil) else {
                throw Problem.unfit("“username” and “email” belong together.")
            }
            var person: (username: String, email: String)?
            if let username, let email { person = (username, email) }
            let entry = try await desk.signIn(
                link: token, password: password, person: person, Visitor(request, context))
            return try Self.answer(entry, usesTLS: usesTLS)
        }
    }

    private static func body(of request: Request, _ known: String...) async throws -> BodyReader {
        try BodyReader(
            try await CollectedBody.bytes(of: request), contentType: request.headers[.contentType], known: Set(known))
    }

    private static func answer(_ entry: SignInDesk.Entry, usesTLS: Bool) throws -> Response {
        var response = try Response.json(
            .object([
                "user": document(entry.user), "csrf_token": .string(try SessionCookie.csrfToken(of: entry.secret)),
                "expires_at": .time(entry.session.expiresAt),
            ]))
        response.headers[.setCookie] = SessionCookie.header(entry.secret, usesTLS: usesTLS)
        return response
    }

    private static func document(_ user: StoredUser) -> JSONValue {
        .object([
            "id": .string(user.id.description), "username": .string(user.username), "email": .string(user.email),
            "role": .string(user.role.rawValue),
        ])
    }
}
