import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// What changed about one stored connection.
struct StatusUpdate: Sendable {
    var connection: ConnectionID
    var status: ConnectionStatus
    var details: SessionDetails?
    var connectedAt: Timestamp?
    var seenAt: Timestamp?
    /// The last error, or `nil` when all is well.
    var message: String?
    /// The lease under which the connection was looked after when this was reported; set by the recorder.
    fileprivate(set) var claims: LeaseClaims?
}

/// Keeps `status`, `connection_health` and their kin of each stored connection current; whoever reports a change never waits.
///
/// Only the newest state of a connection matters, so that an outage of PostgreSQL leaves no backlog. What is reported of a
/// connection that another bridge looks after by now is not written: that bridge's word counts.
package final class StatusRecorder: Sendable {
    private let mailbox: Mailbox<StatusUpdate>
    private let repository: ConnectionRepository
    private let book: LeaseBook
    private let logger: Logger

    package init(repository: ConnectionRepository, book: LeaseBook, timer: DeadlineTimer, logger: Logger) {
        self.repository = repository
        self.book = book
        self.logger = logger
        mailbox = Mailbox(timer: timer)
    }

    func record(_ update: StatusUpdate) {
        var update = update
        update.claims = book.claims(for: update.connection)
        if update.claims != nil { mailbox.push(update) }
    }

    /// Ends the stream; `run` returns when the last change is written.
    package func close() { mailbox.close() }

    /// Writes changes until closed or cancelled.
    package func run() async {
        var waiting: [ConnectionID: StatusUpdate] = [:]
        var attempt = 0
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            let updates = waiting.isEmpty ? await mailbox.next() : mailbox.takeAll()
            for update in updates { waiting[update.connection] = update.keeping(waiting[update.connection]) }
            if waiting.isEmpty, mailbox.isClosed { return }
            do {
                for (connection, update) in waiting {
                    try await write(update)
                    waiting[connection] = nil
                }
                attempt = 0
            } catch {
                attempt += 1
                logger.debug(
                    "Cannot write the state of connections; trying again.", metadata: [LoggingKeys.error: "\(error)"])
                try? await Task.sleep(for: RetryPolicy.database.delay(attempt: attempt, using: &generator))
            }
        }
    }

    private func write(_ update: StatusUpdate) async throws {
        let configuration = update.details?.configuration
        var health = ["status": update.status.rawValue, "since": Timestamp.now.iso8601]
        health["last_error"] = update.message
        try await repository.recordStatus(
            update.connection, status: update.status, health: JSONText.object(health),
            version: update.details?.version,
            features: update.details.map { ["coalesce_messages"] + ($0.configuration?.components ?? []) },
            isAdmin: update.details?.isAdministrator, timeZone: configuration?.timeZone,
            locationName: configuration?.locationName, connectedAt: update.connectedAt, seenAt: update.seenAt,
            under: update.claims)
    }
}

extension StatusUpdate {
    /// This update, with what an older one that was not yet written knew and this one does not say.
    fileprivate func keeping(_ older: StatusUpdate?) -> StatusUpdate {
        var update = self
        update.details = details ?? older?.details
        update.connectedAt = connectedAt ?? older?.connectedAt
        update.seenAt = seenAt ?? older?.seenAt
        return update
    }
}
