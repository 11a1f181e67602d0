import BridgeCore
import PostgresClient

/// A row of `approval_notification_target`: an approver who is told of proposals on a phone.
package struct NotificationTarget: Sendable, Equatable {
    package var connection: ConnectionID
    package var user: UserID
    /// The service of the domain `notify`, such as `mobile_app_phone`: lowercase letters, digits and underscores.
    package var service: String
    /// The user of Home Assistant by whose word alone an answer counts.
    package var homeAssistantUser: String
    /// Whether the phone may also approve what is of HIGH or CRITICAL risk.
    package var mayApproveHighRisk: Bool

    package init(
        connection: ConnectionID, user: UserID, service: String, homeAssistantUser: String,
        mayApproveHighRisk: Bool = false
    ) {
        self.connection = connection
        self.user = user
        self.service = service
        self.homeAssistantUser = homeAssistantUser
        self.mayApproveHighRisk = mayApproveHighRisk
    }

    init(row: PostgresRow) throws(PostgresError) {
        connection = try row.id("connection_id")
        user = try row.id("user_id")
        service = try row.string("notify_service")
        homeAssistantUser = try row.string("home_assistant_user_id")
        mayApproveHighRisk = try row.bool("may_approve_high_risk")
    }
}

/// A target with the names of whom it is about.
package struct NamedNotificationTarget: Sendable, Equatable {
    package let target: NotificationTarget
    package let connectionName: String
    package let username: String
}

/// A proposal that an approver is to be told of.
package struct DueNotification: Sendable, Equatable {
    package let workflow: WorkflowID
    package let target: NotificationTarget
    package let description: String
    package let risk: RiskLevel
    package let type: WorkflowType
    package let automationName: String?
    package let expiresAt: Timestamp?
    /// Whether the phone may approve it; it may always reject it.
    package let mayApprove: Bool
}

/// A notification that lies on a phone though its proposal needs no answer of its owner any more.
package struct StaleNotification: Sendable, Equatable {
    package let workflow: WorkflowID
    package let user: UserID
    /// `nil` where the person is told no more.
    package let service: String?
}

/// What a phone said, as the event stream tells it.
package struct PhoneAnswer: Sendable, Hashable {
    package var workflow: WorkflowID
    package var isApproval: Bool
    /// SHA-256 of the token that came with it, 32 bytes.
    package var tokenDigest: [UInt8]
    /// The user of Home Assistant who is behind the event.
    package var homeAssistantUser: String?
    /// What the person typed.
    package var reply: String?

    package init(
        workflow: WorkflowID, isApproval: Bool, tokenDigest: [UInt8], homeAssistantUser: String?, reply: String? = nil
    ) {
        self.workflow = workflow
        self.isApproval = isApproval
        self.tokenDigest = tokenDigest
        self.homeAssistantUser = homeAssistantUser
        self.reply = reply
    }
}

/// What became of an answer.
package enum PhoneVerdict: Sendable, Equatable {
    /// It was stored as the vote of its person; the proposal as it is then.
    case counted(StoredWorkflow)
    case refused(Reason)

    /// Why it did not count; a closed set, for the log.
    package enum Reason: String, Sendable, CaseIterable {
        /// No notification of this proposal had such a token.
        case unknownToken = "unknown_token"
        /// One answer to this notification has counted already.
        case replayed
        /// Somebody else is behind the event, or nobody.
        case wrongPerson = "wrong_person"
        /// The risk is too high for this phone.
        case riskTooHigh = "risk_too_high"
        /// Decided, expired, changed in the database, or the person may not decide it.
        case notOpen = "not_open"
    }
}
