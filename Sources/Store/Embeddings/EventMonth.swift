import BridgeCore

/// A month of UTC: what one partition of `home_assistant_events` holds.
package struct EventMonth: Hashable, Comparable, Sendable {
    /// The first moment.
    package let start: Timestamp
    /// The first moment of the month after.
    package let end: Timestamp

    /// The months that begin in the years 1 to 9999, see `Timestamp.monthsSince1970`.
    private static let months = Int32(-23_628)..<Int32(96_360)

    /// The month of a moment. `nil` for moments outside of the years 1 to 9999, which no partition takes.
    package init?(of moment: Timestamp) {
        let month = moment.monthsSince1970
        guard Self.months.contains(month), Self.months.contains(month + 1) else { return nil }
        start = Timestamp(monthsSince1970: month)
        end = Timestamp(monthsSince1970: month + 1)
    }

    /// Whether the month holds `moment`.
    package func contains(_ moment: Timestamp) -> Bool { moment >= start && moment < end }

    /// The table that takes events of this month, if there is one: `home_assistant_events_y2026m11`.
    package var partitionName: String {
        let date = start.iso8601.split(separator: "-")
        return "home_assistant_events_y\(date[0])m\(date[1])"
    }

    package static func < (left: EventMonth, right: EventMonth) -> Bool { left.start < right.start }
}
