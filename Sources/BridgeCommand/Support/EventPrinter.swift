import BridgeCore
import PostgresClient
import Store

/// Prints events as they come, for `events --follow`.
struct EventPrinter {
    /// How often the database is asked; the writer commits several times a second.
    private static let interval = Duration.milliseconds(500)
    /// How long to wait before asking a database again that does not answer.
    private static let retryInterval = Duration.seconds(2)
    private static let batch = 1_000
    /// Columns of fixed width: what is still to come cannot be measured.
    private static let widths = [24, 12, 18, 36]

    let console: Console
    let asJSON: Bool

    /// Prints each event on a line.
    func print(_ events: [StoredEvent]) throws {
        for event in events { try console.print(asJSON ? event.json : line(event)) }
    }

    /// Prints what comes after `cursor`, until cancelled or until the reader is gone. A database that goes away is waited for.
    func follow(_ events: EventRepository, _ filter: EventFilter, from cursor: EventCursor) async throws {
        var cursor = cursor
        var isLost = false
        while true {
            do {
                let found = try await events.newer(than: &cursor, filter, limit: Self.batch)
                if isLost { console.note("The database is back.") }
                isLost = false
                try print(found)
                // More may wait behind a full batch.
                if found.count < Self.batch { try await Task.sleep(for: Self.interval) }
            } catch let error as PostgresError where error.isRetriable || error.isConnectionLoss {
                if !isLost { console.note("\(error) Trying again every 2 s.") }
                isLost = true
                try await Task.sleep(for: Self.retryInterval)
            }
        }
    }

    /// Time, connection, type, entity, and what happened.
    static func cells(_ event: StoredEvent) -> [String] {
        [
            TimeText.fine(event.timestamp), event.connectionName ?? "-", event.eventType, event.entityID ?? "-",
            what(event),
        ]
    }

    private static func what(_ event: StoredEvent) -> String {
        guard event.eventType == "state_changed" else { return event.attributes ?? "" }
        let new = event.newState ?? "(removed)"
        guard let old = event.oldState, event.source != "snapshot" else { return new }
        return "\(old) → \(new)"
    }

    private func line(_ event: StoredEvent) -> String {
        let cells = Self.cells(event).map { PrintableText.of($0) }
        var line = ""
        for (cell, width) in zip(cells, Self.widths) {
            line += cell + String(repeating: " ", count: max(0, width - DisplayWidth.of(cell))) + "  "
        }
        line += cells.last ?? ""
        return console.terminal.columns.map { DisplayWidth.fitting(line, $0) } ?? line
    }
}
