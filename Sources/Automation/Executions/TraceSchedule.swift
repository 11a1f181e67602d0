/// Which automations' traces are to be looked at, and when. Pure: the time is given.
///
/// A look that is asked for while one is under way comes after it, once, however often it is asked for. An automation that
/// is triggered several times between two looks is looked at again and again until it is calm: events reach the bridge in
/// batches, and a burst may push traces out between two of them.
struct TraceSchedule: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Item {
        /// When it is looked at next; `nil` while nothing asks for it.
        var due: Instant?
        var isUnderWay = false
        /// The pause before the next look of a burst.
        var pause: Duration?
    }

    private let firstPoll: Duration
    private let lastPoll: Duration
    private var items: [String: Item] = [:]

    init(firstPoll: Duration, lastPoll: Duration) {
        self.firstPoll = firstPoll
        self.lastPoll = lastPoll
    }

    /// When something is due next; `nil` when nothing is.
    var next: Instant? { items.values.lazy.filter { !$0.isUnderWay }.compactMap(\.due).min() }

    /// Asks for a look at an item.
    mutating func ask(_ item: String, at now: Instant) {
        var entry = items[item] ?? Item()
        entry.due = min(entry.due ?? now, now)
        items[item] = entry
    }

    /// The items that are due, the longest waiting first, which are under way from here on.
    mutating func take(_ limit: Int, at now: Instant) -> [String] {
        let due = items.compactMap { item, entry -> (item: String, due: Instant)? in
            guard !entry.isUnderWay, let due = entry.due, due <= now else { return nil }
            return (item, due)
        }.sorted { ($0.due, $0.item) < ($1.due, $1.item) }.prefix(limit).map(\.item)
        for item in due {
            items[item]?.isUnderWay = true
            items[item]?.due = nil
        }
        return due
    }

    /// Tells that a look has ended: how many runs it found that were not known, and whether one of them is under way.
    mutating func looked(at item: String, new: Int, isBusy: Bool, at now: Instant) {
        guard var entry = items[item] else { return }
        entry.isUnderWay = false
        if new >= 2 {
            entry.pause = firstPoll
        } else if new == 1, isBusy {
            // What is triggered meanwhile may be blocked, of which no event tells.
            entry.pause = entry.pause ?? firstPoll * 2
        } else {
            entry.pause = entry.pause.map { $0 * 2 }
        }
        if let pause = entry.pause, pause <= lastPoll {
            entry.due = min(entry.due ?? now + pause, now + pause)
        } else {
            entry.pause = nil
        }
        items[item] = entry.due == nil ? nil : entry
    }

    /// Tells that a look failed; it is tried again at `retry`.
    mutating func failed(_ item: String, retry: Instant) {
        guard var entry = items[item] else { return }
        entry.isUnderWay = false
        entry.due = retry
        items[item] = entry
    }
}
