/// Finds the fields of an event in the bytes of a frame, in one pass and without copies.
///
/// It is lenient where Home Assistant may grow (unknown fields, their order, missing contexts) and strict where a row would
/// be wrong (times, types, lengths). What does not go into the row is not judged: a number out of range in the attributes of the
/// old state, which the event before has told already, costs nothing.
package struct EventDecoder {
    /// `event_type VARCHAR(100)`; Home Assistant itself allows 64.
    package static let eventTypeLimit = 100
    /// `entity_id VARCHAR(255)`, Home Assistant's own limit.
    package static let entityIDLimit = 255
    /// Bytes of attributes or data. PostgreSQL needs 32 bytes of memory for each element while it parses `jsonb`, and fails with
    /// an internal error (XX000) where that passes a gigabyte: with 34 MB of `[1,1,…]`.
    package static let payloadLimit = 16 << 20
    /// Bytes of a state or of the id of a context. Home Assistant allows 255 characters.
    package static let textLimit = 1 << 20

    private let bytes: UnsafeBufferPointer<UInt8>
    private let members: AttributeMembers

    /// Reads from `bytes`, which must outlive the decoder, and notes in `members` where the attributes of the last event lie.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, noting members: AttributeMembers = AttributeMembers()) {
        self.bytes = bytes
        self.members = members
    }

    /// Decodes the event object in `range`: the value of `event` in a message of type `event`.
    package func event(in range: Range<Int>) throws(EventDecodingError) -> HomeAssistantEvent {
        var reader = EventReader(bytes, range: range, noting: members)
        let fields: EventReader.Fields
        do {
            fields = try reader.event()
        } catch {
            throw .json(error)
        }
        guard let eventType = fields.eventType else { throw .missing(field: "event_type") }
        try check(eventType, "event_type", limit: Self.eventTypeLimit)
        if let entity = fields.data.entityID { try check(entity, "entity_id", limit: Self.entityIDLimit) }

        var event = HomeAssistantEvent(
            range: range, kind: .other, eventType: eventType, entityID: fields.data.entityID,
            payload: fields.data.range, timestamp: Timestamp(microseconds: 0), contextID: fields.context.id,
            contextParentID: fields.context.parentID, contextUserID: fields.context.userID, findings: fields.findings)
        guard reader.equals(eventType, "state_changed"), fields.data.entityID != nil else {
            event.findings.formUnion(fields.data.findings)
            event.timestamp = try time(fields.timeFired, "time_fired")
            try checkRow(event)
            return event
        }
        event.findings.formUnion(fields.data.stateFindings)
        event.oldState = fields.data.oldState.state
        event.oldAttributes = fields.data.oldState.attributes
        event.oldLastChanged = fields.data.oldState.lastChanged
        let new = fields.data.newState
        switch new.presence {
        case .absent, .otherType: throw .missing(field: "new_state")
        case .null:
            event.kind = .stateRemoved
            event.payload = nil
            event.timestamp = try time(fields.timeFired, "time_fired")
        case .object:
            guard new.state != nil else { throw .missing(field: "new_state.state") }
            event.newState = new.state
            event.newLastChanged = new.lastChanged
            event.payload = new.attributes
            if new.lastUpdated != nil {
                event.kind = .state
                event.timestamp = try time(new.lastUpdated, "last_updated")
            } else {
                event.timestamp = try time(fields.timeFired, "time_fired")
            }
        }
        try checkRow(event)
        return event
    }

    /// Decodes one state object of a `get_states` result.
    package func snapshotState(in range: Range<Int>) throws(EventDecodingError) -> HomeAssistantEvent {
        var reader = EventReader(bytes, range: range, noting: members)
        let state: EventReader.State
        do {
            state = try reader.wholeState()
        } catch {
            throw .json(error)
        }
        guard let entityID = state.entityID else { throw .missing(field: "entity_id") }
        guard let value = state.state else { throw .missing(field: "state") }
        try check(entityID, "entity_id", limit: Self.entityIDLimit)
        let event = HomeAssistantEvent(
            range: range, kind: .state, eventType: nil, entityID: entityID, oldState: nil, newState: value,
            newLastChanged: state.lastChanged, payload: state.attributes,
            timestamp: try time(state.lastUpdated, "last_updated"),
            contextID: state.context.id, contextParentID: state.context.parentID,
            contextUserID: state.context.userID,
            findings: state.textFindings.union(state.attributeFindings).union(state.contextFindings))
        try checkRow(event)
        return event
    }

    /// The type of the event in `range` where the bytes still tell it, whatever else is wrong with them.
    package func eventType(in range: Range<Int>) -> String? {
        var reader = EventReader(bytes, range: range, noting: members)
        // Cut by scalars: a column counts code points, and a character may consist of many.
        return reader.firstEventType().map {
            String(JSONText.string($0, of: bytes).unicodeScalars.prefix(Self.eventTypeLimit))
        }
    }

    // MARK: Checks

    /// Throws where PostgreSQL, or anyone who reads the row, could not live with it.
    private func checkRow(_ event: HomeAssistantEvent) throws(EventDecodingError) {
        if event.findings.contains(.tooDeep) { throw .tooDeep }
        if event.findings.contains(.hugeNumber) { throw .numberOutOfRange }
        if let payload = event.payload, payload.count > Self.payloadLimit {
            throw .tooLarge(field: event.kind == .state ? "attributes" : "data", limit: Self.payloadLimit)
        }
        try check(event.oldState, "old_state.state")
        try check(event.newState, "new_state.state")
        try check(event.contextID, "context.id")
        try check(event.contextParentID, "context.parent_id")
        try check(event.contextUserID, "context.user_id")
    }

    private func check(_ string: JSONString?, _ field: String) throws(EventDecodingError) {
        guard let string, string.count > Self.textLimit else { return }
        throw .tooLarge(field: field, limit: Self.textLimit)
    }

    /// Bytes bound characters from above, so only longer ones are counted.
    private func check(_ string: JSONString, _ field: String, limit: Int) throws(EventDecodingError) {
        guard string.count > limit else { return }
        // No escape is longer than twelve bytes: what is longer than that is not worth a copy.
        if string.count > limit * 12 || JSONText.string(string, of: bytes).unicodeScalars.count > limit {
            throw .tooLong(field: field, limit: limit)
        }
    }

    private func time(_ string: JSONString?, _ field: String) throws(EventDecodingError) -> Timestamp {
        guard let string else { throw .missing(field: field) }
        guard let time = Timestamp(iso8601: string.raw(in: bytes)) else {
            throw .invalidTime(field: field)
        }
        return time
    }
}
