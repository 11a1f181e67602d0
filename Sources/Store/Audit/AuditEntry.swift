import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `home_assistant_audit_log`. It must be free of secrets: nobody can take it back.
package struct AuditEntry: Sendable, Equatable {
    /// Fresh for each entry, so that a retried insert is harmless.
    package let id: UUID
    /// The connection, which may be gone by now.
    package let connectionID: ConnectionID?
    /// Who acted, or the connection's owner where the bridge acted.
    package let userID: UserID
    package let action: AuditAction
    /// JSON text.
    package let details: String?
    /// The numeric address of Home Assistant that was spoken to.
    package let ipAddress: String?
    /// `ha-bridge/<version>`.
    package let userAgent: String
    package let success: Bool
    /// A sentence, where it failed.
    package let errorMessage: String?
    package let durationMS: Int?
    package let createdAt: Timestamp

    /// Makes an entry with a fresh id unless one is given.
    package init(
        id: UUID = UUID(), connectionID: ConnectionID?, userID: UserID, action: AuditAction, details: String? = nil,
        ipAddress: String? = nil, userAgent: String, success: Bool, errorMessage: String? = nil, durationMS: Int? = nil,
        createdAt: Timestamp
    ) {
        self.id = id
        self.connectionID = connectionID
        self.userID = userID
        self.action = action
        self.details = details
        self.ipAddress = ipAddress
        self.userAgent = userAgent
        self.success = success
        self.errorMessage = errorMessage
        self.durationMS = durationMS
        self.createdAt = createdAt
    }
}

extension AuditEntry {
    /// The row as it is stored; `details` replaces those of the entry where it is given.
    func row(details replacement: String? = nil) -> AuditRow {
        AuditRow(
            id: id, connection: connectionID,
            values: [
                "user_id": userID.description,
                "action": action.rawValue,
                "details": replacement ?? details,
                "ip_address": ipAddress.flatMap(NumericAddress.normalised),
                "user_agent": StorableText.fitting(userAgent),
                "success": success ? "true" : "false",
                "error_message": errorMessage.map { StorableText.fitting($0) },
                "duration_ms": durationMS.map { String(min(max($0, 0), Int(Int32.max))) },
                "created_at": createdAt.iso8601,
            ])
    }

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.uuid("id")
        connectionID = try row.optionalID("connection_id")
        userID = try row.id("user_id")
        action = AuditAction(rawValue: try row.string("action"))
        details = try row.optionalString("details")
        ipAddress = try row.optionalString("ip_address")
        userAgent = try row.optionalString("user_agent") ?? ""
        success = try row.bool("success")
        errorMessage = try row.optionalString("error_message")
        durationMS = try row.optionalInt("duration_ms")
        createdAt = try row.timestamp("created_at")
    }
}
