/// Finds the states in the answer to `history/history_during_period`, in one pass and without copies.
///
/// The answer maps each entity to its states in the order of time:
/// `{"sensor.x":[{"s":"1","a":{"a":1},"lu":1795223601.3411543,"lc":1795223600.1},{"s":null,"a":{},"lu":…}]}`. A state of null is
/// the removal of the entity.
package struct HistoryDecoder {
    private let bytes: UnsafeBufferPointer<UInt8>

    /// Reads from `bytes`, which must outlive the decoder.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Calls `body` with the entity and the place of each of its states, in the order of the answer. Throws at the first byte
    /// that is no JSON; states before it have been handed out by then.
    package func forEachState(
        in range: Range<Int>, _ body: (_ entity: JSONString, _ state: Range<Int>) -> Void
    ) throws(JSONScanError) {
        var scanner = JSONScanner(bytes, range: range)
        if try scanner.enterObject() {
            repeat {
                let entity = try scanner.key()
                guard scanner.peek() == 0x5B else {
                    // No list of states: handed out as it is, so that it is kept and not passed over.
                    body(entity, try scanner.skipValue())
                    continue
                }
                if try scanner.enterArray() {
                    repeat { body(entity, try scanner.skipValue()) } while try scanner.nextElement()
                }
            } while try scanner.nextMember()
        }
        try scanner.finish()
    }

    /// Decodes the state in `range`, which belongs to `entity`. History keeps no context and no state before: both are `nil`.
    package func state(
        in range: Range<Int>, of entity: JSONString
    ) throws(EventDecodingError) -> HomeAssistantEvent {
        var scanner = JSONScanner(bytes, range: range)
        var state: JSONString?
        var isRemoval = false
        var attributes: Range<Int>?
        var lastUpdated: Range<Int>?
        var lastChanged: Range<Int>?
        do {
            if try scanner.enterObject() {
                repeat {
                    let key = try scanner.key()
                    if scanner.equals(key, "s") {
                        isRemoval = scanner.peek() == 0x6E
                        state = try scanner.stringOrSkip()
                    } else if scanner.equals(key, "a") {
                        attributes = try scanner.skipValue()
                    } else if scanner.equals(key, "lu") {
                        lastUpdated = try scanner.skipValue()
                    } else if scanner.equals(key, "lc") {
                        lastChanged = try scanner.skipValue()
                    } else {
                        _ = try scanner.skipValue()
                    }
                } while try scanner.nextMember()
            }
            try scanner.finish()
        } catch {
            throw .json(error)
        }
        if scanner.findings.contains(.hugeNumber) { throw .numberOutOfRange }
        guard state != nil || isRemoval else { throw .missing(field: "s") }
        guard let lastUpdated else { throw .missing(field: "lu") }
        guard
            let time = Timestamp(secondsText: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[lastUpdated])))
        else { throw .invalidTime(field: "lu") }
        try check(entity)
        // History leaves `lc` out where it equals `lu`.
        let changed = lastChanged ?? lastUpdated
        return HomeAssistantEvent(
            range: range, kind: isRemoval ? .stateRemoved : .state, eventType: nil, entityID: entity, oldState: nil,
            newState: state,
            newLastChanged: JSONString(start: changed.lowerBound, end: changed.upperBound, hasEscapes: false),
            payload: isRemoval ? nil : attributes, timestamp: time, contextID: nil,
            contextParentID: nil, contextUserID: nil, findings: scanner.findings.union(findings(in: entity)))
    }

    /// A copy of an entity's name and of one of its states in which U+FFFD stands for what PostgreSQL cannot hold, and their
    /// places in that copy.
    package func repaired(
        _ state: Range<Int>, of entity: JSONString
    ) -> (bytes: [UInt8], entity: JSONString, state: Range<Int>) {
        var copy = JSONText.repaired(bytes, range: entity.start..<entity.end)
        let name = JSONString(start: 0, end: copy.count, hasEscapes: entity.hasEscapes)
        copy += JSONText.repaired(bytes, range: state)
        return (copy, name, name.end..<copy.count)
    }

    /// What PostgreSQL would refuse in the name of an entity. Home Assistant's own names hold nothing of the kind.
    private func findings(in entity: JSONString) -> JSONFindings {
        guard entity.start > 0, entity.hasEscapes || bytes[entity.start..<entity.end].contains(where: { $0 >= 0x80 })
        else { return [] }
        var scanner = JSONScanner(bytes, range: (entity.start - 1)..<bytes.count)
        return (try? scanner.string()) == nil ? .invalidUTF8 : scanner.findings
    }

    private func check(_ entity: JSONString) throws(EventDecodingError) {
        guard entity.count > EventDecoder.entityIDLimit else { return }
        if JSONText.string(entity, of: bytes).unicodeScalars.count > EventDecoder.entityIDLimit {
            throw .tooLong(field: "entity_id", limit: EventDecoder.entityIDLimit)
        }
    }
}
