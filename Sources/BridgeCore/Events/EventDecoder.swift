/// Finds the fields of an event in the bytes of a frame, in one pass and without copies.
///
/// It is lenient where Home Assistant may grow (unknown fields, their order, missing contexts) and strict where a row would
/// be wrong (times, types, lengths).
package struct EventDecoder {
    /// `event_type VARCHAR(100)`; Home Assistant itself allows 64.
    package static let eventTypeLimit = 100
    /// `entity_id VARCHAR(255)`, Home Assistant's own limit.
    package static let entityIDLimit = 255

    private let bytes: UnsafeBufferPointer<UInt8>

    /// Reads from `bytes`, which must outlive the decoder.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The state object of an event or of a `get_states` result.
    private struct State {
        var isNull = true
        var entityID: JSONString?
        var state: JSONString?
        var attributes: Range<Int>?
        var lastUpdated: JSONString?
        var context = Context()
    }

    private struct Context {
        var id: JSONString?
        var parentID: JSONString?
        var userID: JSONString?
    }

    private struct EventData {
        var range: Range<Int>?
        var entityID: JSONString?
        var oldState = State()
        var newState = State()
    }

    /// Decodes the event object in `range`: the value of `event` in a message of type `event`.
    package func event(in range: Range<Int>) throws(EventDecodingError) -> HomeAssistantEvent {
        var scanner = JSONScanner(bytes, range: range)
        var eventType: JSONString?
        var data = EventData()
        var timeFired: JSONString?
        var context = Context()
        do {
            guard try scanner.enterObject() else { throw EventDecodingError.missing(field: "event_type") }
            repeat {
                let key = try scanner.key()
                if scanner.equals(key, "event_type") {
                    eventType = try scanner.stringOrSkip()
                } else if scanner.equals(key, "data") {
                    data = try eventData(&scanner)
                } else if scanner.equals(key, "time_fired") {
                    timeFired = try scanner.stringOrSkip()
                } else if scanner.equals(key, "context") {
                    context = try self.context(&scanner)
                } else {
                    _ = try scanner.skipValue()
                }
            } while try scanner.nextMember()
            try scanner.finish()
        } catch let error as JSONScanError {
            throw .json(error)
        } catch let error as EventDecodingError {
            throw error
        } catch {
            // Unreachable: the block throws the two types above, and the compiler cannot join them.
            throw .missing(field: "event")
        }
        if scanner.findings.contains(.hugeNumber) { throw .numberOutOfRange }
        guard let eventType else { throw .missing(field: "event_type") }
        try check(eventType, "event_type", limit: Self.eventTypeLimit)
        if let entity = data.entityID { try check(entity, "entity_id", limit: Self.entityIDLimit) }

        var event = HomeAssistantEvent(
            range: range, kind: .other, eventType: eventType, entityID: data.entityID, payload: data.range,
            timestamp: Timestamp(microseconds: 0), contextID: context.id, contextParentID: context.parentID,
            contextUserID: context.userID, findings: scanner.findings)
        guard scanner.equals(eventType, "state_changed"), data.entityID != nil else {
            event.timestamp = try time(timeFired, "time_fired")
            return event
        }
        event.oldState = data.oldState.state
        if data.newState.isNull {
            event.kind = .stateRemoved
            event.payload = nil
            event.timestamp = try time(timeFired, "time_fired")
            return event
        }
        guard data.newState.state != nil else { throw .missing(field: "new_state.state") }
        event.newState = data.newState.state
        event.payload = data.newState.attributes
        if data.newState.lastUpdated != nil {
            event.kind = .state
            event.timestamp = try time(data.newState.lastUpdated, "last_updated")
        } else {
            event.timestamp = try time(timeFired, "time_fired")
        }
        return event
    }

    /// Decodes one state object of a `get_states` result.
    package func snapshotState(in range: Range<Int>) throws(EventDecodingError) -> HomeAssistantEvent {
        var scanner = JSONScanner(bytes, range: range)
        let state: State
        do {
            state = try self.state(&scanner)
            try scanner.finish()
        } catch {
            throw .json(error)
        }
        if scanner.findings.contains(.hugeNumber) { throw .numberOutOfRange }
        guard let entityID = state.entityID else { throw .missing(field: "entity_id") }
        guard let value = state.state else { throw .missing(field: "state") }
        try check(entityID, "entity_id", limit: Self.entityIDLimit)
        return HomeAssistantEvent(
            range: range, kind: .state, eventType: nil, entityID: entityID, oldState: nil, newState: value,
            payload: state.attributes, timestamp: try time(state.lastUpdated, "last_updated"),
            contextID: state.context.id, contextParentID: state.context.parentID,
            contextUserID: state.context.userID, findings: scanner.findings)
    }

    // MARK: Parts

    private func eventData(_ scanner: inout JSONScanner) throws(JSONScanError) -> EventData {
        var data = EventData()
        guard scanner.peek() == 0x7B else {
            data.range = try scanner.skipValue()
            return data
        }
        let start = scanner.position
        if try scanner.enterObject() {
            repeat {
                let key = try scanner.key()
                if scanner.equals(key, "entity_id") {
                    data.entityID = try scanner.stringOrSkip()
                } else if scanner.equals(key, "new_state") {
                    data.newState = try state(&scanner)
                } else if scanner.equals(key, "old_state") {
                    data.oldState = try state(&scanner)
                } else {
                    _ = try scanner.skipValue()
                }
            } while try scanner.nextMember()
        }
        data.range = start..<scanner.position
        return data
    }

    private func state(_ scanner: inout JSONScanner) throws(JSONScanError) -> State {
        var state = State()
        guard scanner.peek() == 0x7B else {
            _ = try scanner.skipValue()
            return state
        }
        state.isNull = false
        guard try scanner.enterObject() else { return state }
        repeat {
            let key = try scanner.key()
            if scanner.equals(key, "entity_id") {
                state.entityID = try scanner.stringOrSkip()
            } else if scanner.equals(key, "state") {
                state.state = try scanner.stringOrSkip()
            } else if scanner.equals(key, "attributes") {
                state.attributes = try scanner.skipValue()
            } else if scanner.equals(key, "last_updated") {
                state.lastUpdated = try scanner.stringOrSkip()
            } else if scanner.equals(key, "context") {
                state.context = try context(&scanner)
            } else {
                _ = try scanner.skipValue()
            }
        } while try scanner.nextMember()
        return state
    }

    private func context(_ scanner: inout JSONScanner) throws(JSONScanError) -> Context {
        var context = Context()
        guard scanner.peek() == 0x7B else {
            _ = try scanner.skipValue()
            return context
        }
        guard try scanner.enterObject() else { return context }
        repeat {
            let key = try scanner.key()
            if scanner.equals(key, "id") {
                context.id = try scanner.stringOrSkip()
            } else if scanner.equals(key, "parent_id") {
                context.parentID = try scanner.stringOrSkip()
            } else if scanner.equals(key, "user_id") {
                context.userID = try scanner.stringOrSkip()
            } else {
                _ = try scanner.skipValue()
            }
        } while try scanner.nextMember()
        return context
    }

    private func time(_ string: JSONString?, _ field: String) throws(EventDecodingError) -> Timestamp {
        guard let string else { throw .missing(field: field) }
        guard let time = Timestamp(iso8601: string.raw(in: bytes)) else {
            throw .invalidTime(field: field)
        }
        return time
    }

    /// Bytes bound characters from above, so only longer ones are counted.
    private func check(_ string: JSONString, _ field: String, limit: Int) throws(EventDecodingError) {
        guard string.count > limit else { return }
        if JSONText.string(string, of: bytes).unicodeScalars.count > limit {
            throw .tooLong(field: field, limit: limit)
        }
    }
}
