import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Writes audit rows in the order in which they arise; whoever reports one never waits.
///
/// While PostgreSQL is away the rows wait in memory. There are few of them: a row for each change of a connection, and one a
/// minute for each connection that fails again and again.
package final class AuditRecorder: Sendable {
    private let mailbox: Mailbox<AuditEntry>
    private let repository: AuditLogRepository
    private let logger: Logger

    package init(repository: AuditLogRepository, timer: DeadlineTimer, logger: Logger) {
        self.repository = repository
        self.logger = logger
        mailbox = Mailbox(timer: timer)
    }

    /// Takes a row to write.
    func record(
        _ action: AuditAction, connection: StoredConnection, success: Bool, message: String? = nil,
        duration: Duration? = nil, details: [String: String] = [:]
    ) {
        mailbox.push(
            AuditEntry(
                id: UUID(), connectionID: connection.id, userID: connection.userID, action: action,
                details: JSONText.object(details.merging(["url": connection.url]) { first, _ in first }),
                ipAddress: nil,
                userAgent: BridgeVersion.userAgent, success: success, errorMessage: message,
                durationMS: duration.map { Int($0.inSeconds * 1_000) }, createdAt: .now))
    }

    /// Ends the stream; `run` returns when the last row is written.
    package func close() { mailbox.close() }

    /// Writes rows until closed or cancelled.
    package func run() async {
        var waiting: [AuditEntry] = []
        var attempt = 0
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            if waiting.isEmpty {
                waiting = await mailbox.next()
                if waiting.isEmpty, mailbox.isClosed { return }
                continue
            }
            do {
                try await repository.append(waiting)
                waiting = []
                attempt = 0
            } catch {
                attempt += 1
                logger.log(
                    level: attempt == 1 ? .warning : .debug,
                    "Cannot write audit rows. They wait in memory; trying again until it works.",
                    metadata: [LoggingKeys.error: "\(error)", LoggingKeys.rows: "\(waiting.count)"])
                try? await Task.sleep(for: RetryPolicy.database.delay(attempt: attempt, using: &generator))
                waiting += mailbox.takeAll()
            }
        }
        if !waiting.isEmpty {
            logger.error(
                "Stopped before all audit rows were written.", metadata: [LoggingKeys.rows: "\(waiting.count)"])
        }
    }
}
