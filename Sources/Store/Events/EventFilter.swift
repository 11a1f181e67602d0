import BridgeCore
import PostgresClient

/// Which events to read; what is `nil` does not narrow.
package struct EventFilter: Sendable, Equatable {
    package var connection: ConnectionID?
    /// An entity id in which `*` stands for any characters and `?` for one: `light.*`.
    package var entity: String?
    /// An event type, such as `state_changed`.
    package var type: String?
    /// `live`, `snapshot`, `backfill` or `import`.
    package var source: String?
    /// The first moment of Home Assistant's time to include.
    package var since: Timestamp?
    /// The first moment not to include any more.
    package var until: Timestamp?

    /// Makes a filter; without arguments it lets everything through.
    package init(
        connection: ConnectionID? = nil, entity: String? = nil, type: String? = nil, source: String? = nil,
        since: Timestamp? = nil, until: Timestamp? = nil
    ) {
        self.connection = connection
        self.entity = entity
        self.type = type
        self.source = source
        self.since = since
        self.until = until
    }

    /// The conditions on `home_assistant_events AS event` and their parameters from `$1` on. Only conditions that narrow are
    /// written, so that the planner sees which index serves.
    var conditions: (sql: String, parameters: [PostgresValue]) { conditions(from: 1) }

    /// The same with parameters from `$number` on.
    func conditions(from number: Int) -> (sql: String, parameters: [PostgresValue]) {
        var parts: [String] = []
        var parameters: [PostgresValue] = []
        func add(_ condition: String, _ value: PostgresValue) {
            parts.append("\(condition) $\(number + parameters.count)")
            parameters.append(value)
        }
        if let connection { add("event.connection_id =", .id(connection)) }
        if let entity {
            let entity = StorableText.fitting(entity)
            let isPattern = entity.contains("*") || entity.contains("?")
            add(isPattern ? "event.entity_id LIKE" : "event.entity_id =", .text(isPattern ? Self.like(entity) : entity))
        }
        if let type { add("event.event_type =", .text(StorableText.fitting(type))) }
        if let source { add("event.source =", .text(StorableText.fitting(source))) }
        if let since { add("event.timestamp >=", .timestamp(since)) }
        if let until { add("event.timestamp <", .timestamp(until)) }
        return (parts.isEmpty ? "true" : parts.joined(separator: " AND "), parameters)
    }

    /// The LIKE pattern of a glob.
    static func like(_ glob: String) -> String {
        glob.reduce(into: "") { pattern, character in
            switch character {
            case "*": pattern += "%"
            case "?": pattern += "_"
            case "%", "_", "\\": pattern += "\\\(character)"
            default: pattern.append(character)
            }
        }
    }
}
