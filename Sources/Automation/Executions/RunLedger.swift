import HomeAssistantClient

/// Which of the runs that Home Assistant lists have been dealt with. Pure, and as large as the last listing: what Home Assistant
/// has dropped is forgotten.
struct RunLedger: Sendable {
    private enum Known {
        case running(lastStep: String?)
        case ended
    }

    /// What a listing holds that was not known.
    struct News: Sendable {
        /// Under way, and not told before or a step further.
        var running: [TraceEntry] = []
        /// Ended since.
        var ended: [TraceEntry] = []
        /// How many of both were not there in the listing before.
        var new = 0
        /// Whether any run is under way.
        var isBusy = false
    }

    private var items: [String: [String: Known]] = [:]

    /// Compares what was listed of one automation.
    mutating func take(_ entries: [TraceEntry], of item: String) -> News {
        var news = News()
        let known = items[item] ?? [:]
        var next: [String: Known] = [:]
        for entry in entries where entry.itemID == item {
            compare(entry, known[entry.runID], &next, &news)
        }
        items[item] = next.isEmpty ? nil : next
        return news
    }

    /// Compares what was listed of all automations.
    mutating func take(_ entries: [TraceEntry]) -> News {
        var news = News()
        var next: [String: [String: Known]] = [:]
        for entry in entries {
            compare(entry, items[entry.itemID]?[entry.runID], &next[entry.itemID, default: [:]], &news)
        }
        items = next
        return news
    }

    private func compare(_ entry: TraceEntry, _ known: Known?, _ next: inout [String: Known], _ news: inout News) {
        if known == nil { news.new += 1 }
        guard entry.isRunning else {
            next[entry.runID] = .ended
            if case .ended = known { return }
            news.ended.append(entry)
            return
        }
        news.isBusy = true
        switch known {
        case .ended:
            next[entry.runID] = .ended
        case .running(entry.lastStep):
            next[entry.runID] = known
        case nil, .running:
            // Without its context the run could not be joined with its event; it is told with the next listing.
            guard entry.contextID != nil else { return }
            next[entry.runID] = .running(lastStep: entry.lastStep)
            news.running.append(entry)
        }
    }
}
