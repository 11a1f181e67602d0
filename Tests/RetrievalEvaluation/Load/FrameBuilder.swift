import BridgeCore
import HomeAssistantClient

/// Builds the frames in which Home Assistant would have sent the events of a folder.
struct FrameBuilder {
    private let connection: ConnectionID
    /// When each entity last changed its state, as far as the events so far tell.
    private var lastChanged: [String: Timestamp] = [:]
    /// Events so far.
    private var count: UInt64 = 0

    /// Builds frames of `connection`.
    init(connection: ConnectionID) { self.connection = connection }

    /// The frame of `event`, and the id of the context in it, which is stored with the row and so leads back to the event.
    mutating func frame(of event: BenchmarkEvent) -> (frame: ReceivedFrame, contextID: String) {
        count += 1
        let contextID = Self.contextID(at: event.timestamp, number: count)
        let data = event.eventType == "state_changed" ? stateChange(event, contextID) : Self.eventData(event)
        let context = Self.context(contextID)
        var bytes = Array("{\"type\":\"event\",\"event\":".utf8)
        let start = bytes.count
        bytes += Self.object([
            ("event_type", Self.quoted(event.eventType)), ("data", data), ("origin", Self.quoted("LOCAL")),
            ("time_fired", Self.quoted(event.timestamp.iso8601)), ("context", context),
        ])
        let range = start..<bytes.count
        bytes += Array(",\"id\":1}".utf8)
        return (
            ReceivedFrame(
                connection: connection, bytes: bytes, events: [range], receivedTime: event.timestamp), contextID
        )
    }

    // MARK: Parts

    private mutating func stateChange(_ event: BenchmarkEvent, _ contextID: String) -> [UInt8] {
        let entity = event.entityID ?? ""
        let known = lastChanged[entity]
        // Without a duration nothing is said of how long it was so.
        let before = event.previousDuration.map { event.timestamp.adding(.milliseconds(-Int64($0 * 1_000))) }
        let isChange = event.oldState != event.newState
        let oldChanged = before ?? (isChange ? event.timestamp : known ?? event.timestamp)
        let newChanged = isChange ? event.timestamp : oldChanged
        if isChange { lastChanged[entity] = event.timestamp }
        func state(_ value: String?, _ attributes: JSONLine, changed: Timestamp, updated: Timestamp) -> [UInt8] {
            guard let value else { return Self.null }
            return Self.object([
                ("entity_id", Self.quoted(entity)), ("state", Self.quoted(value)), ("attributes", attributes.bytes),
                ("last_changed", Self.quoted(changed.iso8601)), ("last_reported", Self.quoted(updated.iso8601)),
                ("last_updated", Self.quoted(updated.iso8601)), ("context", Self.context(contextID)),
            ])
        }
        return Self.object([
            ("entity_id", Self.quoted(entity)),
            (
                "old_state",
                state(
                    event.oldState, event.attributes.overlaid(with: event.oldAttributes), changed: oldChanged,
                    updated: oldChanged)
            ),
            (
                "new_state",
                state(event.newState, event.attributes, changed: newChanged, updated: event.timestamp)
            ),
        ])
    }

    /// The data of an event that is no change of state; it names the entity where the folder does.
    private static func eventData(_ event: BenchmarkEvent) -> [UInt8] {
        guard let entity = event.entityID, event.attributes["entity_id"] == nil else { return event.attributes.bytes }
        var named = JSONLine()
        named = named.overlaid(with: (try? JSONLine(object([("entity_id", quoted(entity))]))) ?? named)
        return named.overlaid(with: event.attributes).bytes
    }

    private static func context(_ id: String) -> [UInt8] {
        object([("id", quoted(id)), ("parent_id", null), ("user_id", null)])
    }

    /// An id like those of Home Assistant: 10 characters of the time and 16 of a number, in Crockford's base 32.
    static func contextID(at time: Timestamp, number: UInt64) -> String {
        func characters(_ value: UInt64, _ count: Int) -> String {
            String((0..<count).reversed().map { Self.crockford[Int(value >> min(63, UInt64($0) * 5) & 31)] })
        }
        return characters(UInt64(clamping: time.microseconds / 1_000), 10) + characters(number, 16)
    }

    private static let crockford = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    private static let null = Array("null".utf8)

    private static func quoted(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        JSONText.appendQuoted(text, to: &output)
        return output
    }

    private static func object(_ members: [(String, [UInt8])]) -> [UInt8] {
        var output: [UInt8] = [0x7B]
        for (number, member) in members.enumerated() {
            if number > 0 { output.append(0x2C) }
            output += quoted(member.0)
            output.append(0x3A)
            output += member.1
        }
        output.append(0x7D)
        return output
    }
}
