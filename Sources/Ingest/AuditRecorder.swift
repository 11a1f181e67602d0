import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import Store

/// Hands audit rows to the spool, in order with the events; whoever reports one never waits, and a row that was reported is
/// written, whatever happens to this process or to PostgreSQL meanwhile.
package struct AuditRecorder: Sendable {
    private let queue: SpoolQueue

    package init(queue: SpoolQueue) { self.queue = queue }

    /// Takes a row to write.
    func record(
        _ action: AuditAction, connection: StoredConnection, success: Bool, message: String? = nil,
        duration: Duration? = nil, details: [String: JSONValue] = [:]
    ) {
        queue.record(
            AuditEntry(
                id: UUID(), connectionID: connection.id, userID: connection.userID, action: action,
                details: try? JSONValue.object(
                    details.merging(["url": .string(connection.url)]) { first, _ in first }
                ).text(indented: false),
                ipAddress: nil,
                userAgent: BridgeVersion.userAgent, success: success, errorMessage: message,
                durationMS: duration.map { Int($0.inSeconds * 1_000) }, createdAt: .now))
    }
}
