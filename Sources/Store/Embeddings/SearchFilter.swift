import BridgeCore
import PostgresClient

/// Among which events to search; what is `nil` does not narrow.
package struct SearchFilter: Sendable, Equatable {
    package var connection: ConnectionID?
    /// An entity id in which `*` stands for any characters and `?` for one, as in `EventFilter`.
    package var entity: String?
    /// An entity whose events are left out.
    package var excludedEntity: String?
    /// The first moment of Home Assistant's time to include.
    package var since: Timestamp?
    /// The first moment not to include any more.
    package var until: Timestamp?
    package var weekdays: WeekdayFilter?

    /// Makes a filter; without arguments it lets everything through.
    package init(
        connection: ConnectionID? = nil, entity: String? = nil, excludedEntity: String? = nil, since: Timestamp? = nil,
        until: Timestamp? = nil, weekdays: WeekdayFilter? = nil
    ) {
        self.connection = connection
        self.entity = entity
        self.excludedEntity = excludedEntity
        self.since = since
        self.until = until
        self.weekdays = weekdays
    }
}

/// Saturday and Sunday, or the other days, by the clock of a house.
package struct WeekdayFilter: Sendable, Equatable {
    /// `false` for Monday to Friday.
    package var isWeekend: Bool
    /// An IANA name of a time zone.
    package var zone: String

    package init(isWeekend: Bool, zone: String) {
        self.isWeekend = isWeekend
        self.zone = zone
    }
}

extension SearchFilter {
    /// The conditions on `home_assistant_events AS event` with parameters from `$number` on; `true` where there are none.
    func conditions(from number: Int, isTimed: Bool = true) -> (sql: String, parameters: [PostgresValue]) {
        let events = EventFilter(
            connection: connection, entity: entity, since: isTimed ? since : nil, until: isTimed ? until : nil)
        var (sql, parameters) = events.conditions(from: number)
        if let excludedEntity {
            sql += " AND event.entity_id IS DISTINCT FROM $\(number + parameters.count)"
            parameters.append(.text(StorableText.fitting(excludedEntity)))
        }
        if isTimed, let weekdays {
            sql += " AND \(weekdays.condition(zone: number + parameters.count))"
            parameters.append(.text(weekdays.zone))
        }
        return (sql, parameters)
    }

    /// The conditions on the time of an event alone.
    func timeConditions(from number: Int) -> (sql: String, parameters: [PostgresValue]) {
        SearchFilter(since: since, until: until, weekdays: weekdays).conditions(from: number)
    }

    /// Whether the time of an event decides.
    var isTimed: Bool { since != nil || until != nil || weekdays != nil }

    /// Whether any event can pass.
    var isEmptyPeriod: Bool {
        guard let since, let until else { return false }
        return since >= until
    }
}

extension WeekdayFilter {
    /// The condition on `home_assistant_events AS event`, with the zone as parameter `$zone`.
    func condition(zone: Int) -> String {
        "extract(isodow FROM event.timestamp AT TIME ZONE $\(zone)) \(isWeekend ? ">=" : "<") 6"
    }
}
