import BridgeCore
import HomeAssistantClient

/// Writes what another program's database tells as Home Assistant itself would have sent it, so that everything after it is the same:
/// the same ids, the same cures of what PostgreSQL cannot hold, the same keys by which events are found by their meaning.
///
/// The id of a state comes from its entity and time alone. That of another event comes from its bytes, so these are written exactly
/// as Home Assistant writes them.
struct RecordedFrameBuilder {
    private let connection: ConnectionID
    private var bytes: [UInt8] = []
    private var events: [Range<Int>] = []

    init(connection: ConnectionID) { self.connection = connection }

    /// How many bytes were written.
    var count: Int { bytes.count }

    /// Appends one change.
    mutating func append(_ change: RecordedChange) {
        let start = bytes.count
        switch change {
        case .state(let state): append(state)
        case .event(let event): append(event)
        }
        events.append(start..<bytes.count)
        // Between two events, so that a look around one finds its end.
        bytes.append(0x0A)
    }

    /// The frame of all that was appended; the builder starts afresh.
    mutating func take() -> ReceivedFrame {
        defer {
            bytes = []
            events = []
        }
        return ReceivedFrame(connection: connection, bytes: bytes, events: events)
    }

    // MARK: Parts

    private mutating func append(_ state: RecordedState) {
        let time = Self.isoformat(state.updated)
        add(#"{"event_type":"state_changed","data":{"entity_id":"#)
        JSONText.appendQuoted(state.entity, to: &bytes)
        add(#","old_state":"#)
        if let before = state.before {
            add(#"{"state":"#)
            JSONText.appendQuoted(before.state, to: &bytes)
            if let changed = before.changed { add(#","last_changed":"\#(Self.isoformat(changed))""#) }
            add("}")
        } else {
            add("null")
        }
        add(#","new_state":"#)
        if let text = state.state {
            add(#"{"state":"#)
            JSONText.appendQuoted(text, to: &bytes)
            add(#","attributes":"#)
            object(state.attributes)
            let changed = state.changed.map(Self.isoformat) ?? time
            add(#","last_changed":"\#(changed)","last_updated":"\#(time)"}"#)
        } else {
            add("null")
        }
        add(#"},"origin":"LOCAL","time_fired":"\#(time)","context":"#)
        append(state.context)
        add("}")
    }

    private mutating func append(_ event: RecordedEvent) {
        add(#"{"event_type":"#)
        JSONText.appendQuoted(event.type, to: &bytes)
        add(#","data":"#)
        object(event.data)
        add(
            #","origin":"\#(event.isRemote ? "REMOTE" : "LOCAL")","time_fired":"\#(Self.isoformat(event.time))","context":"#
        )
        append(event.context)
        add("}")
    }

    private mutating func append(_ context: RecordedContext) {
        add(#"{"id":"#)
        text(context.id)
        add(#","parent_id":"#)
        text(context.parentID)
        add(#","user_id":"#)
        text(context.userID)
        add("}")
    }

    private mutating func text(_ value: [UInt8]?) {
        if let value { JSONText.appendQuoted(value, to: &bytes) } else { add("null") }
    }

    private mutating func object(_ json: [UInt8]?) {
        if let json, !json.isEmpty { bytes.append(contentsOf: json) } else { add("{}") }
    }

    private mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// A moment as Python prints it: without a fraction where there is none.
    static func isoformat(_ time: Timestamp) -> String {
        time.microseconds % 1_000_000 == 0 ? time.iso8601.replacing(".000000", with: "") : time.iso8601
    }
}
