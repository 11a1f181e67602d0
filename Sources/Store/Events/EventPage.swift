import BridgeCore

/// A place among events, which are in the order of their time and, where that is the same, of their id.
package struct EventPlace: Sendable, Equatable {
    package let timestamp: Timestamp
    package let id: EventID

    /// The place of an event.
    package init(timestamp: Timestamp, id: EventID) {
        self.timestamp = timestamp
        self.id = id
    }
}

/// A part of the events that pass a filter, newest first.
package struct EventPage: Sendable, Equatable {
    package var events: [StoredEvent]
    /// Where to go on; `nil` at the end. A page may hold fewer events than were asked for, even none, and yet not be the last: as
    /// many as one question may look at did not pass the filter.
    package var next: EventPlace?
}
