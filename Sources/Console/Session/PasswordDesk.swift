import BridgeConcurrency
import BridgeCore
import Cryptography

/// Makes and checks passwords on a thread of its own, one at a time: each takes 32 MiB and a tenth of a second.
actor PasswordDesk {
    private let executor = ThreadExecutor(name: "passwords")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let waiting = LockedBox(0)
    /// So many wait at most; who comes later is told so at once.
    private static let limit = 32

    /// Nobody's password: checked where a name is nobody's, so that the answer takes as long as for a name that is somebody's.
    private static let nobody =
        "$scrypt$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    /// Whether `password` is the one of `stored`; never where there is none. Throws a `Problem` where too many wait.
    nonisolated func verify(_ password: String, against stored: String?) async throws -> Bool {
        try enter()
        defer { leave() }
        let isRight = try await check(password, stored ?? Self.nobody)
        return isRight && stored != nil
    }

    /// The form in which a new password is stored. Throws a `Problem` where too many wait.
    nonisolated func hash(_ password: String) async throws -> String {
        try enter()
        defer { leave() }
        return try await make(password)
    }

    private func check(_ password: String, _ stored: String) throws -> Bool {
        try PasswordHash.verify(password, against: stored)
    }

    private func make(_ password: String) throws -> String { try PasswordHash.make(password) }

    private nonisolated func enter() throws {
        let hasPlace = waiting.withLock { waiting in
            guard waiting < Self.limit else { return false }
            waiting += 1
            return true
        }
        guard hasPlace else {
            throw Problem(503, "busy", "Too many people sign in at this moment. Try again soon.", retryAfter: 5)
        }
    }

    private nonisolated func leave() { waiting.withLock { $0 -= 1 } }
}

/// What a password must be.
enum PasswordRule {
    static let bytes = 12...256

    /// Throws a `Problem` that says what is wrong with a new password.
    static func check(_ password: String, username: String) throws(Problem) {
        guard bytes.contains(password.utf8.count) else {
            throw Problem(
                422, "weak_password",
                "A password has \(bytes.lowerBound) to \(bytes.upperBound) bytes. Several words make a good one.")
        }
        guard password.lowercased() != username.lowercased() else {
            throw Problem(422, "weak_password", "The password must not be the name of the user.")
        }
    }
}
