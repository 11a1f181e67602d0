/// Walks through an event once and notes where its fields lie, and what is wrong with those that a row may hold.
///
/// Where a key occurs twice the last one counts, as in `jsonb`.
struct EventReader {
    /// What a field that should be an object was.
    enum Presence {
        case absent
        case null
        case object
        case otherType
    }

    /// The state object of an event or of a `get_states` result.
    struct State {
        var presence = Presence.absent
        var entityID: JSONString?
        var state: JSONString?
        var attributes: Range<Int>?
        var lastUpdated: JSONString?
        var lastChanged: JSONString?
        var context = Context()
        var textFindings: JSONFindings = []
        var attributeFindings: JSONFindings = []
        var contextFindings: JSONFindings = []
    }

    struct Context {
        var id: JSONString?
        var parentID: JSONString?
        var userID: JSONString?
    }

    struct EventData {
        var range: Range<Int>?
        var entityID: JSONString?
        var oldState = State()
        var newState = State()
        /// Of all of it: the row of an event that is no state holds the data as it is.
        var findings: JSONFindings = []
        /// Of what the row of a state holds.
        var stateFindings: JSONFindings = []
    }

    struct Fields {
        var eventType: JSONString?
        var data = EventData()
        var timeFired: JSONString?
        var context = Context()
        /// Of the type and the context.
        var findings: JSONFindings = []
    }

    private var scanner: JSONScanner
    private let members: AttributeMembers

    /// Reads `range` of `bytes`, and notes in `members` where attributes lie.
    init(_ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>, noting members: AttributeMembers) {
        scanner = JSONScanner(bytes, range: range)
        self.members = members
    }

    /// Whether the inside of `string` is exactly `text`.
    func equals(_ string: JSONString, _ text: StaticString) -> Bool { scanner.equals(string, text) }

    /// Reads the whole range as an event.
    mutating func event() throws(JSONScanError) -> Fields {
        var fields = Fields()
        if try scanner.enterObject() {
            repeat {
                let key = try scanner.key()
                let outer = scanner.beginPart()
                if scanner.equals(key, "event_type") {
                    fields.eventType = try scanner.stringOrSkip()
                    fields.findings.formUnion(scanner.findings)
                } else if scanner.equals(key, "data") {
                    fields.data = try eventData()
                } else if scanner.equals(key, "time_fired") {
                    fields.timeFired = try scanner.stringOrSkip()
                } else if scanner.equals(key, "context") {
                    fields.context = try context()
                    fields.findings.formUnion(scanner.findings)
                } else {
                    _ = try scanner.skipValue()
                }
                _ = scanner.endPart(outer)
            } while try scanner.nextMember()
        }
        try scanner.finish()
        return fields
    }

    /// Reads the whole range as a state.
    mutating func wholeState() throws(JSONScanError) -> State {
        let state = try state(&members.new)
        try scanner.finish()
        return state
    }

    /// The value of the first key `event_type`, up to which alone the bytes must be sound.
    mutating func firstEventType() -> JSONString? {
        do throws(JSONScanError) {
            guard try scanner.enterObject() else { return nil }
            repeat {
                let key = try scanner.key()
                if scanner.equals(key, "event_type") { return try scanner.stringOrSkip() }
                _ = try scanner.skipValue()
            } while try scanner.nextMember()
        } catch {
            // The bytes tell no more.
        }
        return nil
    }

    // MARK: Parts

    private mutating func eventData() throws(JSONScanError) -> EventData {
        var data = EventData()
        let outer = scanner.beginPart()
        if scanner.peek() == 0x7B {
            let start = scanner.position
            if try scanner.enterObject() {
                repeat {
                    let key = try scanner.key()
                    if scanner.equals(key, "entity_id") {
                        let before = scanner.beginPart()
                        data.entityID = try scanner.stringOrSkip()
                        data.stateFindings.formUnion(scanner.endPart(before))
                    } else if scanner.equals(key, "new_state") {
                        data.newState = try state(&members.new)
                        data.stateFindings.formUnion(data.newState.textFindings)
                        data.stateFindings.formUnion(data.newState.attributeFindings)
                    } else if scanner.equals(key, "old_state") {
                        data.oldState = try state(&members.old)
                        data.stateFindings.formUnion(data.oldState.textFindings)
                    } else {
                        _ = try scanner.skipValue()
                    }
                } while try scanner.nextMember()
            }
            data.range = start..<scanner.position
        } else {
            data.range = try scanner.skipValue()
        }
        data.findings = scanner.endPart(outer).subtracting(.ignoredField)
        if data.oldState.presence == .otherType { data.stateFindings.insert(.ignoredField) }
        return data
    }

    private mutating func state(_ members: inout AttributeMembers.List) throws(JSONScanError) -> State {
        var state = State()
        members.removeAll()
        guard scanner.peek() == 0x7B else {
            state.presence = scanner.peek() == 0x6E ? .null : .otherType
            _ = try scanner.skipValue()
            return state
        }
        state.presence = .object
        guard try scanner.enterObject() else { return state }
        repeat {
            let key = try scanner.key()
            let outer = scanner.beginPart()
            if scanner.equals(key, "entity_id") {
                state.entityID = try scanner.stringOrSkip()
                state.textFindings.formUnion(scanner.endPart(outer))
            } else if scanner.equals(key, "state") {
                state.state = try text()
                state.textFindings.formUnion(scanner.endPart(outer))
            } else if scanner.equals(key, "attributes") {
                state.attributes = try scanner.skipValue(noting: &members)
                state.attributeFindings.formUnion(scanner.endPart(outer))
            } else if scanner.equals(key, "last_updated") {
                state.lastUpdated = try scanner.stringOrSkip()
                _ = scanner.endPart(outer)
            } else if scanner.equals(key, "last_changed") {
                state.lastChanged = try scanner.stringOrSkip()
                _ = scanner.endPart(outer)
            } else if scanner.equals(key, "context") {
                state.context = try context()
                state.contextFindings.formUnion(scanner.endPart(outer))
            } else {
                _ = try scanner.skipValue()
                _ = scanner.endPart(outer)
            }
        } while try scanner.nextMember()
        return state
    }

    private mutating func context() throws(JSONScanError) -> Context {
        var context = Context()
        guard scanner.peek() == 0x7B else {
            if scanner.peek() != 0x6E { scanner.note(.ignoredField) }
            _ = try scanner.skipValue()
            return context
        }
        guard try scanner.enterObject() else { return context }
        repeat {
            let key = try scanner.key()
            if scanner.equals(key, "id") {
                context.id = try text()
            } else if scanner.equals(key, "parent_id") {
                context.parentID = try text()
            } else if scanner.equals(key, "user_id") {
                context.userID = try text()
            } else {
                _ = try scanner.skipValue()
            }
        } while try scanner.nextMember()
        return context
    }

    /// Reads a text or null; notes anything else.
    private mutating func text() throws(JSONScanError) -> JSONString? {
        if let byte = scanner.peek(), byte != 0x22, byte != 0x6E { scanner.note(.ignoredField) }
        return try scanner.stringOrSkip()
    }
}
