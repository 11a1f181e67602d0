import Automation
import BridgeCore
import Cryptography
import HomeAssistantClient
import Ingest
import Observability
import PostgresClient
import Search
import Store

/// Which exit status stands for which error; decided here and nowhere else.
extension CommandFailure {
    /// The failure that `error` means for the person.
    init(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as ConfigurationError: self.init(.configuration, error.description)
        case let error as HomeAssistantURLError: self.init(.usage, error.message)
        case let error as PostgresError: self.init(error)
        case let error as StoreError: self.init(Self.status(of: error.code), error.message)
        case let error as ApprovalRefusal: self.init(Self.status(of: error.code), error.message)
        case let error as AuditCheckpointFile.Failure: self.init(.inputOutput, error.description)
        case let error as MigrationError: self.init(error)
        case let error as SearchError: self.init(error.code.isTemporary ? .tryAgain : .usage, error.message)
        case let error as CryptographyError: self.init(Self.status(of: error.code), error.message)
        case let error as HTTPServerError: self.init(Self.status(of: error.code), error.message)
        case let error as HomeAssistantClient.CommandFailure: self.init(.unavailable, error.description)
        case let error as BackfillPostponed:
            self.init(.tryAgain, "\(error.reason) The gaps stay open. Run the command again.")
        case let error as ImportError: self.init(Self.status(of: error.code), error.message)
        case let error as ProposalRefusal: self.init(error)
        case is CancellationError: self.init(.tryAgain, "The command was interrupted. Run it again.")
        default: self.init(.software, "Something went wrong that should not: \(error).")
        }
    }

    private init(_ error: PostgresError) {
        let status = Self.status(of: error)
        switch error.sqlState {
        case "42P01", "42703", "42883", "3F000":
            self.init(
                .configuration,
                "The database lacks a table or column that this program needs. Run: ha-bridge migrate up")
        case "HB003", "HB004":
            // The rules of approvals and stops, in the words of the trigger.
            self.init(.permission, error.hint.map { "\(error.message) \($0)" } ?? error.message)
        case "HB005":
            self.init(
                .tryAgain,
                "The keys were rotated while this command ran, and nothing was stored. Run it again. If that does not help,"
                    + " this keyring is older than the database's: run ha-bridge key rotate.")
        case "HB006":
            // A safety rule or a limit, in the words of the trigger.
            self.init(.permission, error.hint.map { "\(error.message) \($0)" } ?? error.message)
        default:
            let prefix = error.code == .configuration ? "DATABASE_URL cannot be used. " : ""
            self.init(status, prefix + error.description)
        }
    }

    private static func status(of error: PostgresError) -> ExitStatus {
        if let state = error.sqlState {
            if state.hasPrefix("28") || state == "42501" { return .permission }
            // The database of that name does not exist.
            if state == "3D000" { return .configuration }
            // A database that takes no sessions waits for a person.
            if error.isRetriable, state != "55000" { return .tryAgain }
        }
        switch error.code {
        case .connectionFailed, .connectionLost, .deadlineExceeded: return .unavailable
        case .configuration: return .configuration
        case .cancelled: return .tryAgain
        case .server, .protocolViolation, .decoding: return .software
        }
    }

    private init(_ error: MigrationError) {
        if error.isRetriable {
            self.init(.tryAgain, error.message)
        } else if case .invalidTarget = error.code {
            self.init(.usage, error.message)
        } else if let cause = error.cause, Self.status(of: cause) == .permission {
            self.init(.permission, error.message)
        } else {
            self.init(.configuration, error.message)
        }
    }

    private static func status(of code: StoreError.Code) -> ExitStatus {
        switch code {
        case .ownerNeeded: .permission
        case .auditUnsound: .unsound
        case .noSigningKey: .configuration
        default: .usage
        }
    }

    private static func status(of code: ApprovalRefusal.Code) -> ExitStatus {
        switch code {
        case .notFound, .ambiguous, .invalid, .decided, .expired, .otherProposal: .usage
        case .notAllowed: .permission
        }
    }

    private static func status(of code: ImportError.Code) -> ExitStatus {
        switch code {
        case .notReadable, .foreign, .unsupported: .usage
        case .damaged: .inputOutput
        case .locked: .tryAgain
        case .unavailable: .unavailable
        }
    }

    private static func status(of code: CryptographyError.Code) -> ExitStatus {
        switch code {
        case .keyringTooOpen, .keyringForeignOwner, .keyringUnreadable, .keyringUnwritable: .permission
        case .keyringMissing, .keyringMalformed, .unknownKey, .tampered: .configuration
        case .keyringExists, .malformed: .usage
        case .keyringBusy: .tryAgain
        case .libraryFailure: .software
        }
    }

    private static func status(of code: HTTPServerError.Code) -> ExitStatus {
        switch code {
        case .addressInUse: .unavailable
        case .addressNotAvailable, .unknownHost, .badIdentity: .configuration
        case .permissionDenied: .permission
        case .other: .software
        }
    }
}
