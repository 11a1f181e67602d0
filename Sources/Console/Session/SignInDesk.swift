import BridgeCore
import Cryptography
import HummingbirdCore
import Store

/// Lets people in: by password, or by a link that works once.
struct SignInDesk: Sendable {
    let accounts: AccountRepository
    let sessions: ConsoleSessionRepository
    let links: SignInLinkRepository
    let passwords: PasswordDesk
    let trail: AccountTrail
    private let throttle: SignInThrottle

    init(_ services: ConsoleServices, passwords: PasswordDesk) {
        accounts = AccountRepository(services.system)
        sessions = ConsoleSessionRepository(services.system)
        links = SignInLinkRepository(services.system)
        throttle = SignInThrottle(services.system)
        trail = AccountTrail(services)
        self.passwords = passwords
    }

    /// Somebody who is in, and the cookie that shows it.
    struct Entry: Sendable {
        let user: StoredUser
        let session: ConsoleSession
        let secret: String
    }

    /// The same words whatever is wrong: a name that is nobody's, a wrong password, no password yet, or somebody who is inactive.
    private static let refusal = Problem(401, "wrong_credentials", "The name or the password is wrong.")
    private static let uselessLink = Problem(
        404, "not_found",
        "This link was used already, has expired, or never was one. ha-bridge user link NAME makes another.")

    /// Signs in with a password. Throws a `Problem`: 401, 429, 503.
    func signIn(_ username: String, _ password: String, _ visitor: Visitor) async throws -> Entry {
        let user = try await verified(visitor, named: username, password) {
            try await accounts.credentials(of: username)
        }
        return try await begin(user, visitor, by: "password")
    }

    /// Whether `password` is the one of somebody who is signed in, with the same patience as at the door.
    func confirm(_ principal: Principal, _ password: String, _ visitor: Visitor) async throws {
        _ = try await verified(visitor, named: principal.username, password) {
            try await accounts.credentials(of: principal.user)
        }
    }

    private func verified(
        _ visitor: Visitor, named username: String, _ password: String,
        _ find: () async throws -> AccountRepository.Credentials?
    ) async throws -> StoredUser {
        let keys = [
            try ThrottleKey.address(visitor.address), try ThrottleKey.name(username),
        ]
        for key in keys {
            if let seconds = try await throttle.reserve(key) {
                throw Problem(
                    429, "too_many_attempts", "There were too many failures. Try again in \(seconds) s.",
                    retryAfter: seconds)
            }
        }
        let found = try await find()
        let isRight = try await passwords.verify(password, against: found?.passwordHash)
        guard isRight, let user = found?.user, user.isActive else {
            try await trail.record(
                .signInFailure, user: found?.user.id ?? AccountTrail.nobody, visitor, success: false)
            throw Self.refusal
        }
        for key in keys { try await throttle.succeed(key, entirely: key == keys.last) }
        return user
    }

    /// What a link is for. Throws 404 where it works no more.
    func purpose(ofLink token: String) async throws -> SignInLinkRepository.Purpose {
        guard let purpose = try await links.purpose(digest: try RandomSecret.digest(of: token)) else {
            throw Self.uselessLink
        }
        return purpose
    }

    /// Sets the password of a link's user, or makes the first person, and signs in.
    func signIn(
        link token: String, password: String, person: (username: String, email: String)?, _ visitor: Visitor
    ) async throws -> Entry {
        let digest = try RandomSecret.digest(of: token)
        let outcome: SignInLinkRepository.Outcome
        switch try await purpose(ofLink: token) {
        case .password(let username):
            guard person == nil else {
                throw Problem.unfit("This link belongs to somebody: send no name and no e-mail.")
            }
            try PasswordRule.check(password, username: username)
            outcome = try await links.setPassword(digest: digest, hash: try await passwords.hash(password))
        case .firstPerson:
            guard let person else {
                throw Problem.unfit("“username” and “email” are missing: the link is the first person's.")
            }
            try PasswordRule.check(password, username: person.username)
            outcome = try await links.makeFirstPerson(
                digest: digest, username: person.username, email: person.email,
                hash: try await passwords.hash(password))
        }
        guard case .user(let user) = outcome else { throw Self.uselessLink }
        try await throttle.succeed(try ThrottleKey.name(user.username), entirely: true)
        try await trail.record(.passwordSet, user: user.id, visitor, details: ["with": .string("link")])
        return try await begin(user, visitor, by: "link")
    }

    /// A session of its own for each sign-in: a cookie from before is worth nothing after it.
    private func begin(_ user: StoredUser, _ visitor: Visitor, by way: String) async throws -> Entry {
        let secret = try RandomSecret.text()
        try await trail.record(.signIn, user: user.id, visitor, details: ["with": .string(way)])
        let session = try await sessions.begin(
            user: user.id, digest: try RandomSecret.digest(of: secret), address: visitor.address,
            userAgent: visitor.userAgent)
        try await accounts.noteSignIn(user.id)
        return Entry(user: user, session: session, secret: secret)
    }
}
