import Logging
import PostgresClient
import Store

extension Problem {
    /// The answer to whatever an endpoint threw. What no one foresaw is logged in full and told as "internal".
    init(_ error: any Error, logger: Logger) {
        switch error {
        case let problem as Problem: self = problem
        case let error as StoreError: self.init(error)
        case let refusal as ApprovalRefusal: self.init(refusal)
        case let error as PostgresError where error.isUnavailable:
            logger.warning("The console cannot read the database.", metadata: ["error": "\(error)"])
            self.init(503, "database_unavailable", "The database does not answer. Try again soon.", retryAfter: 5)
        case let error as PostgresError where error.sqlState == "57014":
            self.init(503, "too_slow", "The answer took too long. Ask for less: a shorter time, or fewer rows.")
        default:
            logger.error("The console could not answer.", metadata: ["error": "\(error)"])
            self.init(500, "internal", "Something went wrong here. The log of the bridge says what.")
        }
    }

    private init(_ error: StoreError) {
        switch error.code {
        case .notFound: self.init(404, "not_found", error.message)
        case .invalidValue: self.init(422, error.code.rawValue, error.message)
        default: self.init(409, error.code.rawValue, error.message)
        }
    }

    private init(_ refusal: ApprovalRefusal) {
        switch refusal.code {
        case .notFound: self.init(404, "not_found", refusal.message)
        case .invalid: self.init(422, "invalid_value", refusal.message)
        case .notAllowed: self.init(403, "not_allowed", refusal.message)
        case .ambiguous, .decided, .expired, .otherProposal:
            self.init(409, refusal.code.rawValue, refusal.message)
        }
    }
}

extension PostgresError {
    /// Whether the server, rather than the question, is the cause.
    fileprivate var isUnavailable: Bool {
        switch code {
        case .connectionFailed, .connectionLost, .deadlineExceeded, .cancelled, .configuration: true
        case .server, .protocolViolation, .decoding: false
        }
    }
}
