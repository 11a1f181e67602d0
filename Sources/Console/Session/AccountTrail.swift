import BridgeCore
import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import Store

/// Where an act at the console came from, for the trail and the list of sessions.
struct Visitor: Sendable {
    let address: String
    let userAgent: String?

    init(_ request: Request, _ context: ConsoleContext) {
        address = context.remoteAddress
        userAgent = request.headers[.userAgent]
    }
}

/// Writes down who signed in, who tried, and what was changed about an account.
struct AccountTrail: Sendable {
    private let repository: AuditLogRepository

    init(_ services: ConsoleServices) {
        repository = AuditLogRepository(services.system, keys: services.auditKeys)
    }

    /// Of failures with a name that is nobody's. The row takes as long to write as any other, and says no name: people type
    /// passwords where the name belongs.
    static let nobody = UserID(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))

    /// Appends a row. Throws what keeps it from being written: what cannot be written down does not happen.
    func record(
        _ action: AuditAction, user: UserID, _ visitor: Visitor, success: Bool = true,
        details: [String: JSONValue] = [:]
    ) async throws {
        let details = details.merging(["by": .string("console")]) { own, _ in own }
        try await repository.append([
            AuditEntry(
                connectionID: nil, userID: user, action: action,
                details: try JSONValue.object(details).text(indented: false), ipAddress: visitor.address,
                userAgent: visitor.userAgent.map { String($0.prefix(255)) } ?? "unknown", success: success,
                createdAt: .now)
        ])
    }
}
