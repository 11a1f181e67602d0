import BridgeCore

/// One event of a benchmark folder.
struct BenchmarkEvent: Sendable {
    /// The folder's own id of it.
    var id: String
    var eventType: String
    var entityID: String?
    var oldState: String?
    var newState: String?
    /// Attributes of the new state, or the event's data.
    var attributes: JSONLine
    /// Attributes that had other values before.
    var oldAttributes: JSONLine
    /// Seconds that the state before had lasted.
    var previousDuration: Double?
    var timestamp: Timestamp
    /// Seconds that local time was ahead of UTC.
    var offset: Int

    /// Reads one line of `homeX_events.jsonl`. Throws `EvaluationError`, or `JSONScanError`.
    init(_ bytes: [UInt8]) throws {
        let line = try JSONLine(bytes)
        guard
            let id = line.string("id"), let eventType = line.string("event_type"),
            let timestamp = line.string("timestamp").flatMap({ Timestamp(iso8601: $0) })
        else { throw EvaluationError("An event lacks its id, its event_type or a timestamp with a zone.") }
        self.id = id
        self.eventType = eventType
        self.timestamp = timestamp
        entityID = line.string("entity_id")
        oldState = line.string("old_state")
        newState = line.string("new_state")
        attributes = line.object("attributes")
        oldAttributes = line.object("old_attributes")
        previousDuration = line.number("prev_duration_s")
        offset = line.string("local_time").flatMap(Self.offset(ofLocalTime:)) ?? 0
    }

    /// The offset at the end of `2025-10-06T00:24:59.224+02:00`, in seconds; `nil` without one.
    static func offset(ofLocalTime text: String) -> Int? {
        if text.hasSuffix("Z") { return 0 }
        let tail = Array(text.utf8.suffix(6))
        guard tail.count == 6, tail[3] == 0x3A, tail[0] == 0x2B || tail[0] == 0x2D else { return nil }
        let digits = [1, 2, 4, 5].map { Int(tail[$0]) - 0x30 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let seconds = (digits[0] * 10 + digits[1]) * 3_600 + (digits[2] * 10 + digits[3]) * 60
        return tail[0] == 0x2D ? -seconds : seconds
    }
}
