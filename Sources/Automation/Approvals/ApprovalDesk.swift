import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// What one session tells its house of proposals.
struct ApprovalDesk {
    let connection: ConnectionID
    private let services: ServiceClient
    private let approvals: ApprovalRepository
    private let stops: EmergencyStopRepository
    private let phones: ApprovalNotificationRepository
    private let waiting: SharedLook
    private let pacing: ApprovalPacing
    private let logger: Logger
    /// The text that Home Assistant shows; `.unknown` until this session has said what is right.
    private var shown = Shown.unknown
    /// Phones whose service refused a notification, and until when they are left alone.
    private var resting: [String: ContinuousClock.Instant] = [:]
    private var hasComplained = false

    private enum Shown: Equatable {
        case unknown
        case nothing
        case text(String)
    }

    init(
        connection: ConnectionID, port: CommandPort, workplace: AutomationWorkplace,
        phones: ApprovalNotificationRepository, waiting: SharedLook, pacing: ApprovalPacing, logger: Logger
    ) {
        self.connection = connection
        services = ServiceClient(port, answerLimit: pacing.answerLimit)
        self.phones = phones
        self.waiting = waiting
        self.pacing = pacing
        self.logger = logger
        approvals = ApprovalRepository(workplace.pool)
        stops = EmergencyStopRepository(workplace.pool)
    }

    /// Brings what the house and the phones show in step with what waits.
    mutating func tell() async {
        do {
            // What is shown, or may be from an earlier session, is looked after as well.
            if shown == .nothing, try await !waiting.finds(connection) {
                hasComplained = false
                return
            }
            // Asked again before each write; here it saves what would be prepared for nothing.
            guard try await stops.allowsWrites(to: connection) else { return }
            try await showWaiting()
            try await sendDue()
            try await clearStale()
            hasComplained = false
        } catch {
            guard !Task.isCancelled else { return }
            // Once for each trouble, not once for each look.
            logger.log(
                level: hasComplained ? .debug : .warning,
                "Cannot tell the house what waits for a decision. Trying again.",
                metadata: [LoggingKeys.error: "\(error)"])
            hasComplained = true
        }
    }

    private mutating func showWaiting() async throws {
        // Asked before what waits: the first proposal of all may come between the two questions.
        let isNew =
            shown == .unknown
            ? try await approvals.list(connection: connection, includesDecided: true, limit: 1).isEmpty : false
        let waiting = try await approvals.list(connection: connection, limit: 50)
        let notice = ApprovalNotice.persistent(waiting)
        guard let notice else {
            guard shown != .nothing else { return }
            // A house that never had a proposal has nothing to take back.
            if isNew {
                shown = .nothing
            } else if try await call("persistent_notification", "dismiss", ApprovalNotice.dismissal) {
                shown = .nothing
            }
            return
        }
        let text = notice.title + "\n" + notice.message
        guard shown != .text(text) else { return }
        let data = ApprovalNotice.creation(notice.title, notice.message)
        if try await call("persistent_notification", "create", data) { shown = .text(text) }
    }

    private mutating func sendDue() async throws {
        for due in try await phones.due(connection) {
            let service = due.target.service
            if let rest = resting[service], rest > .now { continue }
            let token = ApprovalAction.newToken()
            let digest = try ApprovalAction(due.workflow, isApproval: true, token: token).tokenDigest()
            guard try await phones.prepare(due, tokenDigest: digest) else { continue }
            do {
                guard try await call("notify", service, ApprovalNotice.phone(due, token: token)) else { return }
                try await phones.markSent(due)
                resting[service] = nil
            } catch CommandFailure.refused(let code, let message) {
                resting[service] = .now + pacing.afterRefusal.scaled
                logger.warning(
                    "Home Assistant refused to send a proposal to a phone. Trying again later.",
                    metadata: ["service": "notify.\(service)", LoggingKeys.error: "\(code): \(message)"])
            }
        }
    }

    private func clearStale() async throws {
        for stale in try await phones.stale(connection) {
            if let service = stale.service {
                do {
                    guard try await call("notify", service, ApprovalNotice.clearing(stale.workflow)) else { return }
                } catch CommandFailure.refused {
                    // The phone is gone from Home Assistant, and the notification with it.
                }
            }
            try await phones.markCleared(stale)
        }
    }

    /// Calls a service, and says whether that was allowed; throws `CommandFailure` and `PostgresError`.
    private func call(_ domain: String, _ service: String, _ data: ConfigurationValue) async throws -> Bool {
        let services = services
        let outcome = try await stops.whileWritesAreAllowed(to: connection) { () -> CommandFailure? in
            do throws(CommandFailure) {
                try await services.call(domain, service, data: data)
                return nil
            } catch {
                return error
            }
        }
        guard let outcome else { return false }
        if let failure = outcome { throw failure }
        return true
    }
}
