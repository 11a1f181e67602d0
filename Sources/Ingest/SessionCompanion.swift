import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Store

/// Work beside the events of a connection, which asks Home Assistant over the same session.
package struct SessionCompanion: Sendable {
    /// Works over one session; returns when it ends or the task is cancelled.
    package var follow: @Sendable (ConnectionID, SessionPorts) async -> Void
    /// Told what live events say of automations, after they are committed. Called from the writer of the events: never waits.
    package var receive: @Sendable (AutomationSignal, ConnectionID) -> Void

    package init(
        follow: @escaping @Sendable (ConnectionID, SessionPorts) async -> Void,
        receive: @escaping @Sendable (AutomationSignal, ConnectionID) -> Void
    ) {
        self.follow = follow
        self.receive = receive
    }
}

/// What a companion needs of the connector.
package struct CompanionSurroundings: Sendable {
    package let timer: DeadlineTimer
    /// The claims under which rows of a connection are written; `nil` where another bridge holds its lease.
    package let claims: @Sendable (ConnectionID) -> LeaseClaims?
}

extension HomeAssistantEvent {
    /// What the event says of automations.
    func automationSignal(in bytes: UnsafeBufferPointer<UInt8>) -> AutomationSignal? {
        switch kind {
        case .state, .stateRemoved:
            guard let entityID, entityID.raw(in: bytes).starts(with: Self.automationPrefix) else { return nil }
            return .stateChanged(entityID: JSONText.string(entityID, of: bytes))
        case .other:
            guard let type = eventType?.raw(in: bytes) else { return nil }
            if type.elementsEqual(Self.triggered) {
                guard let entityID else { return nil }
                return .triggered(entityID: JSONText.string(entityID, of: bytes), at: timestamp)
            }
            if type.elementsEqual(Self.reloaded) { return .reloaded }
            if type.elementsEqual(Self.notificationAction) { return notificationAnswer(in: bytes) }
            return type.elementsEqual(Self.registryUpdated) ? .registryChanged : nil
        }
    }

    /// The answer to a notification of ours; `nil` for those of others.
    private func notificationAnswer(in bytes: UnsafeBufferPointer<UInt8>) -> AutomationSignal? {
        guard let payload, payload.count <= Self.answerLimit,
            let data = ConfigurationValue(json: Array(bytes[payload])),
            let action = data["action"]?.text, action.lowercased().hasPrefix("ha_bridge_")
        else { return nil }
        return .notificationAnswered(
            action: action, userID: contextUserID.map { JSONText.string($0, of: bytes) },
            reply: data["reply_text"]?.text)
    }

    /// More bytes than the data of an answer has.
    private static let answerLimit = 65_536

    private static let notificationAction = Array("mobile_app_notification_action".utf8)
    private static let automationPrefix = Array("automation.".utf8)
    private static let triggered = Array("automation_triggered".utf8)
    private static let reloaded = Array("automation_reloaded".utf8)
    private static let registryUpdated = Array("entity_registry_updated".utf8)
}
