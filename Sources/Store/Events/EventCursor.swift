import BridgeCore

/// Where a reader that follows the events stands.
///
/// Events are stored a little out of order: several connections write, and batches commit when they are full. So the reader looks
/// back over `overlap` each time, and the cursor remembers what of that it has given out.
package struct EventCursor: Sendable {
    /// How far events may come late in Home Assistant's time and still be given out.
    package static let overlap: Int64 = 15

    /// The newest time given out, or the start.
    package private(set) var newest: Timestamp
    private var seen: [EventID: Timestamp] = [:]
    private let start: Timestamp

    /// Starts at a moment of Home Assistant's time, which is included.
    package init(from start: Timestamp) {
        self.start = start
        newest = start
    }

    /// Continues after events that were given out already, such as those of `recent`. Without any, starts at `fallback`.
    package init(after events: [StoredEvent], otherwise fallback: Timestamp) {
        // Nothing from before the oldest one given out: it was left out on purpose.
        self.init(from: events.map(\.timestamp).min() ?? fallback)
        advance(over: events)
    }

    /// The time from which to read next.
    var floor: Timestamp { max(start, newest.adding(seconds: -Self.overlap)) }

    /// What lies behind `floor` and was given out.
    var seenIDs: [EventID] { Array(seen.keys) }

    mutating func advance(over events: [StoredEvent]) {
        for event in events {
            newest = max(newest, event.timestamp)
            seen[event.id] = event.timestamp
        }
        let floor = floor
        seen = seen.filter { $0.value >= floor }
    }
}
