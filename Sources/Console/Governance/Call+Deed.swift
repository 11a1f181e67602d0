import BridgeCore
import Cryptography
import PostgresClient
import Store

extension Call {
    /// Where a deed of this request comes from, for the audit trail.
    var origin: ActOrigin {
        let session =
            switch principal.credential {
            case .session(let id): "session:\(id)"
            case .token(let id): "token:\(id)"
            }
        return .console(from: context.remoteAddress, session: session)
    }

    /// Throws a `Problem` unless the principal may decide for the house, or for every house where `connection` is `nil`.
    func requireSay(over connection: ConnectionID?, _ every: String) async throws {
        guard let connection else {
            guard principal.role == .admin else {
                throw Problem(403, "not_allowed", "\(every) is an administrator's to decide. Name a house of your own.")
            }
            return
        }
        _ = try await Houses(self).chosen(connection)
    }

    /// Runs a deed. What the rules of the database refuse becomes a `Problem` in their words.
    func deed<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as PostgresError {
            throw Problem(refusal: error) ?? error
        } catch is CryptographyError {
            throw Problem(
                503, "keys_unusable",
                "The audit trail cannot be signed at present, so nothing was done. The log of the bridge says why.",
                retryAfter: 30)
        }
    }
}

extension Problem {
    /// What a trigger or a lock refused; `nil` for anything else.
    fileprivate init?(refusal error: PostgresError) {
        let words = error.hint.map { "\(error.message) \($0)" } ?? error.message
        switch error.sqlState {
        // The rules of approval.
        case "HB003": self.init(403, "not_allowed", words)
        // An emergency stop.
        case "HB004": self.init(409, "stopped", words)
        case "HB005":
            self.init(
                503, "try_again", "The keys were rotated meanwhile, and nothing was done. Try again.", retryAfter: 1)
        // A safety rule or a limit.
        case "HB006": self.init(409, "rule_blocks", words)
        // What it refers to was deleted meanwhile.
        case "23503": self.init(409, "gone", "What this is about was deleted meanwhile, and nothing was done.")
        case "40001", "40P01", "55P03":
            self.init(503, "try_again", "Somebody else decides this at the same time. Try again.", retryAfter: 1)
        default: return nil
        }
    }
}
