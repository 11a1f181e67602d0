/// One event of Home Assistant, as places in the frame that carried it. Nothing is copied until a row is written.
package struct HomeAssistantEvent: Sendable {
    /// What identifies the event, see `EventIdentity`.
    package enum Kind: Sendable {
        /// A state with its own `last_updated`: a change that was seen live, or an entry of a snapshot.
        case state
        /// A `state_changed` whose new state is null: the entity is gone.
        case stateRemoved
        /// Anything else.
        case other
    }

    /// Where the whole event object lies.
    package var range: Range<Int>
    /// Which of the three identities applies.
    package var kind: Kind
    /// `nil` for an entry of a snapshot, which stands for `state_changed`.
    package var eventType: JSONString?
    /// The entity of a state, or `data.entity_id` of another event when that is a string.
    package var entityID: JSONString?
    /// The state before, without its attributes.
    package var oldState: JSONString?
    /// The state after, without its attributes.
    package var newState: JSONString?
    /// The attributes of the state before, which no row holds: what the event before has told already.
    package var oldAttributes: Range<Int>? = nil
    /// When the state before had become what it was; see `lastChanged(_:in:)`.
    package var oldLastChanged: JSONString? = nil
    /// When the state after became what it is; see `lastChanged(_:in:)`.
    package var newLastChanged: JSONString? = nil
    /// The JSON object for the column `attributes`: the new state's attributes, or another event's data.
    package var payload: Range<Int>?
    /// When it happened by Home Assistant's clock.
    package var timestamp: Timestamp
    /// The id of the context that caused it.
    package var contextID: JSONString?
    /// The context that caused that one.
    package var contextParentID: JSONString?
    /// The person behind it, where Home Assistant knows.
    package var contextUserID: JSONString?
    /// What PostgreSQL would refuse in the parts that become a row, and whether a field had to be left out.
    package var findings: JSONFindings

    /// The moment in `oldLastChanged` or `newLastChanged`, which is read only where it is wanted: the time of RFC 3339 of an event,
    /// or the seconds of the history. `nil` where it is neither.
    package func lastChanged(_ place: JSONString?, in bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        guard let place else { return nil }
        let text = place.raw(in: bytes)
        return Timestamp(iso8601: text) ?? Timestamp(secondsText: text)
    }
}

/// Why an event cannot become a row.
package enum EventDecodingError: Error, Equatable, Sendable {
    /// The bytes are no acceptable JSON.
    case json(JSONScanError)
    /// A field that every event has is missing or has another type.
    case missing(field: String)
    /// A time that is no RFC 3339 time with a zone.
    case invalidTime(field: String)
    /// A name that is longer than Home Assistant allows and than its column holds.
    case tooLong(field: String, limit: Int)
    /// A field with more bytes than a row should hold.
    case tooLarge(field: String, limit: Int)
    /// A number beyond the range of a double.
    case numberOutOfRange
    /// Nested deeper than `JSONScanner.maximumDepth`.
    case tooDeep

    /// A closed set, used as a label in metrics and dead letters.
    package var code: String {
        switch self {
        case .json(let error): error.code.rawValue
        case .missing: "missing_field"
        case .invalidTime: "invalid_time"
        case .tooLong: "field_too_long"
        case .tooLarge: "field_too_large"
        case .numberOutOfRange: "number_out_of_range"
        case .tooDeep: JSONScanError.Code.tooDeep.rawValue
        }
    }

    /// A sentence for the table of dead letters.
    package var reason: String {
        switch self {
        case .json(let error): error.description
        case .missing(let field): "The event has no usable field \(field)."
        case .invalidTime(let field): "The field \(field) is no time with a zone."
        case .tooLong(let field, let limit): "The field \(field) is longer than \(limit) characters."
        case .tooLarge(let field, let limit): "The field \(field) has more than \(limit) bytes."
        case .tooDeep: "The event is nested deeper than \(JSONScanner.maximumDepth) levels."
        case .numberOutOfRange: "The event holds a number beyond the range of a double."
        }
    }
}
