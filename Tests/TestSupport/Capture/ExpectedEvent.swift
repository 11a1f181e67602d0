import Foundation

/// What a row of `home_assistant_events` must say, read from a frame by Foundation's JSON parser: an opinion of its own, which
/// shares no code with the bridge.
package struct ExpectedEvent: Hashable {
    package var eventType: String
    package var entityID: String?
    package var oldState: String?
    package var newState: String?
    /// The JSON object of the column `attributes`.
    package var attributes: NSObject?
    /// As Home Assistant wrote it.
    package var timestamp: String
    package var contextID: String?
    package var contextParentID: String?
    package var contextUserID: String?

    package init(
        eventType: String, entityID: String?, oldState: String?, newState: String?, attributes: NSObject?,
        timestamp: String, contextID: String?, contextParentID: String?, contextUserID: String?
    ) {
        self.eventType = eventType
        self.entityID = entityID
        self.oldState = oldState
        self.newState = newState
        self.attributes = attributes
        self.timestamp = timestamp
        self.contextID = contextID
        self.contextParentID = contextParentID
        self.contextUserID = contextUserID
    }

    /// The events in a frame: messages of type `event` that carry a type and a time, as those of `subscribe_events` do.
    package static func events(in frame: [UInt8]) throws -> [ExpectedEvent] {
        try eventObjects(in: frame).compactMap(ExpectedEvent.init)
    }

    /// The event objects in a frame, for a server that sends them again.
    package static func eventObjects(in frame: [UInt8]) throws -> [[String: Any]] {
        let json = try JSONSerialization.jsonObject(with: Data(frame))
        let messages = json as? [Any] ?? [json]
        return messages.compactMap { message in
            guard let message = message as? [String: Any], message["type"] as? String == "event",
                let event = message["event"] as? [String: Any], event["event_type"] is String,
                event["time_fired"] is String
            else { return nil }
            return event
        }
    }

    private init?(_ event: [String: Any]) {
        guard let type = event["event_type"] as? String, let fired = event["time_fired"] as? String else { return nil }
        let data = event["data"] as? [String: Any] ?? [:]
        let context = event["context"] as? [String: Any] ?? [:]
        let new = data["new_state"] as? [String: Any]
        let old = data["old_state"] as? [String: Any]
        let isState = type == "state_changed"
        self.init(
            eventType: type, entityID: data["entity_id"] as? String, oldState: isState ? old?["state"] as? String : nil,
            newState: isState ? new?["state"] as? String : nil,
            attributes: (isState ? new?["attributes"] : event["data"]) as? NSObject,
            timestamp: (isState ? new?["last_updated"] as? String : nil) ?? fired,
            contextID: context["id"] as? String, contextParentID: context["parent_id"] as? String,
            contextUserID: context["user_id"] as? String)
    }
}
