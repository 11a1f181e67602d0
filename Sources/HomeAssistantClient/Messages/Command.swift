import BridgeCore

/// The number of a command on one connection: positive, and larger with each command.
package struct CommandID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number as Home Assistant sees it.
    package let rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: CommandID, right: CommandID) -> Bool { left.rawValue < right.rawValue }
    package var description: String { String(rawValue) }
}

/// What the bridge asks of Home Assistant over the socket.
package enum Command: Hashable, Sendable {
    /// Lets Home Assistant put several messages into one frame.
    case coalesceMessages
    case currentUser
    case getConfig
    /// All events when `nil`, which only an administrator's token may ask for.
    case subscribeEvents(type: String?)
    case getStates
    case ping
    /// A command that someone else asks for: its fields as JSON, without braces and without `id`.
    case ask(ticket: UInt64, fields: String)

    /// The message to send.
    package func encoded(id: CommandID) -> [UInt8] {
        let body =
            switch self {
            case .coalesceMessages: #""type":"supported_features","features":{"coalesce_messages":1}"#
            case .currentUser: #""type":"auth/current_user""#
            case .getConfig: #""type":"get_config""#
            case .subscribeEvents(nil): #""type":"subscribe_events""#
            case .subscribeEvents(let type?): #""type":"subscribe_events","event_type":""# + type + #"""#
            case .getStates: #""type":"get_states""#
            case .ping: #""type":"ping""#
            case .ask(_, let fields): fields
            }
        return Array(#"{"id":\#(id),\#(body)}"#.utf8)
    }

    /// The event types that Home Assistant lets a token without administrator's rights subscribe to.
    package static let allowedWithoutAdministrator = [
        "state_changed", "component_loaded", "core_config_updated", "service_registered", "service_removed",
        "area_registry_updated", "device_registry_updated", "entity_registry_updated", "floor_registry_updated",
        "label_registry_updated", "category_registry_updated", "repairs_issue_registry_updated",
        "panels_updated", "lovelace_updated", "themes_updated",
        "recorder_5min_statistics_generated", "recorder_hourly_statistics_generated", "shopping_list_updated",
    ]
}
