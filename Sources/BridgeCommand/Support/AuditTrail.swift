import BridgeCore
import Glibc
import PostgresClient
import Store

/// Writes down what a command did, in the same go.
struct AuditTrail: Sendable {
    private let repository: AuditLogRepository
    private let account: String

    init(_ pool: PostgresPool) {
        repository = AuditLogRepository(pool)
        // The database knows whose connection it is, this says who sat at the machine.
        account = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(geteuid())"
    }

    /// Appends one row. `details` and `message` are free of secrets: nobody can take them back.
    func record(
        _ action: AuditAction, connection: ConnectionID?, user: UserID, success: Bool = true,
        details: [String: JSONValue] = [:], message: String? = nil, duration: Duration? = nil
    ) async throws {
        let details = details.merging(["account": .string(account), "by": .string("command")]) { own, _ in own }
        let entry = AuditEntry(
            connectionID: connection, userID: user, action: action,
            details: try JSONValue.object(details).text(indented: false), userAgent: BridgeVersion.userAgent,
            success: success, errorMessage: message, durationMS: duration.map(TimeText.milliseconds),
            createdAt: TimeText.now())
        do {
            try await repository.append([entry])
        } catch {
            let failure = CommandFailure(error)
            throw CommandFailure(
                failure.status,
                "What was asked for is done, but the audit log could not be written: \(failure.message)")
        }
    }
}
