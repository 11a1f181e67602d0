import BridgeCore
import PostgresClient
import Store

/// Where an event came from: the column `source`.
enum EventSource: Sendable {
    case live
    case snapshot
    /// From the history of Home Assistant, after a time without sight of it.
    case backfill
    /// From a database that was filled by another program: Home Assistant's recorder, ltss.
    case imported
}

/// Writes events as rows of `EventTable.columns` in COPY's binary form, straight from the bytes of the frame.
struct EventRowEncoder {
    private var encoder = BinaryCopyEncoder()
    private var scratch: [UInt8] = []

    /// Bytes encoded so far.
    var count: Int { encoder.count }

    /// The encoded rows; the encoder starts afresh.
    mutating func take() -> [UInt8] { encoder.take() }

    /// Appends one row. `bytes` is what the places in `event` refer to; `previous` is the state before where the event itself
    /// does not say.
    mutating func append(
        _ event: HomeAssistantEvent, id: EventID, connection: ConnectionID, source: EventSource,
        of bytes: UnsafeBufferPointer<UInt8>, previous: [UInt8]? = nil, annotation: RowAnnotation? = nil
    ) {
        encoder.beginRow(columns: Int16(EventTable.columns.count))
        encoder.uuid(id.uuid)
        encoder.uuid(connection.uuid)
        if let type = event.eventType { text(type, of: bytes) } else { encoder.text("state_changed") }
        optionalText(event.entityID, of: bytes)
        if let previous {
            previous.withUnsafeBytes { encoder.text($0) }
        } else {
            optionalText(event.oldState, of: bytes)
        }
        optionalText(event.newState, of: bytes)
        if let payload = event.payload {
            encoder.jsonb(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[payload])))
        } else {
            encoder.null()
        }
        encoder.timestamptz(event.timestamp)
        if let state = event.newState, !state.hasEscapes, let value = NumericState.parse(state.raw(in: bytes)) {
            encoder.float8(value)
        } else {
            encoder.null()
        }
        switch source {
        case .live: encoder.text("live")
        case .snapshot: encoder.text("snapshot")
        case .backfill: encoder.text("backfill")
        case .imported: encoder.text("import")
        }
        optionalText(event.contextID, of: bytes)
        optionalText(event.contextParentID, of: bytes)
        optionalText(event.contextUserID, of: bytes)
        if let key = annotation?.key { encoder.bytea(key.high, key.low) } else { encoder.null() }
        if let exemplar = annotation?.exemplar { encoder.uuid(exemplar.uuid) } else { encoder.null() }
    }

    private mutating func optionalText(_ string: JSONString?, of bytes: UnsafeBufferPointer<UInt8>) {
        if let string { text(string, of: bytes) } else { encoder.null() }
    }

    private mutating func text(_ string: JSONString, of bytes: UnsafeBufferPointer<UInt8>) {
        guard string.hasEscapes else {
            encoder.text(string.raw(in: bytes))
            return
        }
        scratch.removeAll(keepingCapacity: true)
        JSONText.append(string, of: bytes, to: &scratch)
        scratch.withUnsafeBytes { encoder.text($0) }
    }
}
