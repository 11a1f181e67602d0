import BridgeCore

/// A month of UTC: what one partition of `home_assistant_events` holds.
package struct EventMonth: Hashable, Comparable, Sendable {
    /// The first moment.
    package let start: Timestamp
    /// The first moment of the month after.
    package let end: Timestamp

    /// The month of a moment. Hot code keeps it and asks `contains`: this one takes a microsecond. `nil` for moments outside of the
    /// years 1 to 9999, which no partition takes.
    package init?(of moment: Timestamp) {
        guard let start = Self.start(of: moment),
            // The longest month has 31 days, and the shortest two have more than 32.
            let end = Self.start(of: start.adding(seconds: 32 * 86_400))
        else { return nil }
        self.start = start
        self.end = end
    }

    /// Whether the month holds `moment`.
    package func contains(_ moment: Timestamp) -> Bool { moment >= start && moment < end }

    package static func < (left: EventMonth, right: EventMonth) -> Bool { left.start < right.start }

    private static func start(of moment: Timestamp) -> Timestamp? {
        let text = moment.iso8601
        guard text.utf8.count == 32 else { return nil }
        return Timestamp(iso8601: text.prefix(7) + "-01T00:00:00Z")
    }
}
