import BridgeCore
import EventSpool
import FoundationEssentials
import HomeAssistantClient
import Store

/// What goes through the spool, in the order in which it arose.
enum SpoolItem: Sendable {
    case frame(ReceivedFrame)
    case sighting(Sighting)
    case audit(AuditEntry)
    /// Calls back when everything before it is committed. It has a number and is never on the disk.
    case barrier(@Sendable () -> Void)

    /// Bytes of memory that it holds, about.
    var cost: Int {
        switch self {
        case .frame(let frame): frame.bytes.count + 200 + frame.events.count * 16
        case .sighting, .audit, .barrier: 500
        }
    }
}

/// One item with its place in the spool.
struct SpooledItem: Sendable {
    var run: SpoolRunID
    var sequence: UInt64
    var item: SpoolItem
    /// Whether the disk holds it, too. Else it was not to be written, and its bytes stay reserved until it is committed.
    var isOnDisk = true
}

/// What an item looks like as a record of the spool. The numbers are little-endian and part of the format: FORMAT.md of the
/// module EventSpool calls this the payload.
extension SpoolItem {
    /// The kinds of records. A number once used keeps its meaning.
    enum Kind: UInt8 {
        case frame = 1
        case sighting = 2
        case audit = 3
    }

    /// The record's kind and its payload in two parts, so that a frame is not copied; `nil` for what is not written.
    func encoded() -> (kind: Kind, head: [UInt8], body: [UInt8])? {
        switch self {
        case .frame(let frame): (.frame, Self.head(of: frame), frame.bytes)
        case .sighting(let sighting): (.sighting, Self.json(SpooledSighting(sighting)), [])
        case .audit(let entry): (.audit, Self.json(SpooledAudit(entry)), [])
        case .barrier: nil
        }
    }

    /// Reads a record back; `nil` for one that this release does not know.
    init?(kind: UInt8, payload: [UInt8]) {
        switch Kind(rawValue: kind) {
        case .frame:
            guard let frame = Self.frame(from: payload) else { return nil }
            self = .frame(frame)
        case .sighting:
            guard let spooled: SpooledSighting = Self.decode(payload), let sighting = spooled.sighting else {
                return nil
            }
            self = .sighting(sighting)
        case .audit:
            guard let spooled: SpooledAudit = Self.decode(payload) else { return nil }
            self = .audit(spooled.entry)
        case nil: return nil
        }
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        // Strings, numbers and nothing else: encoding them does not fail.
        (try? JSONEncoder().encode(value)).map { Array($0) } ?? []
    }

    private static func decode<Value: Decodable>(_ payload: [UInt8]) -> Value? {
        try? JSONDecoder().decode(Value.self, from: Data(payload))
    }

    // MARK: Frames

    /// version (1), flags (1), connection (16), received at in µs (8), number of events (4), [snapshot (8)], [what is unreadable
    /// (1) and where (4)], events (8 each: start and end in the frame).
    private static func head(of frame: ReceivedFrame) -> [UInt8] {
        let count =
            30 + (frame.snapshot == nil ? 0 : 8) + (frame.unreadable == nil ? 0 : 5) + frame.events.count * 8
        return Array(unsafeUninitializedCapacity: count) { buffer, filled in
            var writer = HeadWriter(buffer: UnsafeMutableRawBufferPointer(buffer))
            writer.put(1 as UInt8)
            // 4: what was secret in it has been overwritten, as `SpoolQueue.accept` does.
            writer.put((frame.snapshot == nil ? 0 : 1) | (frame.unreadable == nil ? 0 : 2) | 4 as UInt8)
            writer.put(frame.connection.uuid.uuid)
            writer.put(UInt64(bitPattern: frame.receivedTime.microseconds).littleEndian)
            writer.put(UInt32(frame.events.count).littleEndian)
            if let snapshot = frame.snapshot { writer.put(snapshot) }
            if let error = frame.unreadable {
                writer.put(UInt8(codes.firstIndex(of: error.code) ?? 0))
                writer.put(UInt32(error.offset).littleEndian)
            }
            for event in frame.events { writer.put(event) }
            filled = writer.position
        }
    }

    /// The order is part of the format.
    private static let codes: [JSONScanError.Code] = [
        .unexpectedEnd, .unexpectedByte, .tooDeep, .trailingBytes,
    ]

    private static func frame(from payload: [UInt8]) -> ReceivedFrame? {
        var reader = PayloadReader(payload)
        guard reader.byte() == 1, let flags = reader.byte(), let uuid = reader.uuid(),
            let microseconds: UInt64 = reader.number(), let count: UInt32 = reader.number()
        else { return nil }
        var snapshot: Range<Int>?
        if flags & 1 != 0 {
            guard let range = reader.range() else { return nil }
            snapshot = range
        }
        var unreadable: JSONScanError?
        if flags & 2 != 0 {
            guard let code = reader.byte(), let offset: UInt32 = reader.number(), codes.indices.contains(Int(code))
            else {
                return nil
            }
            unreadable = JSONScanError(code: codes[Int(code)], offset: Int(offset))
        }
        guard Int(count) <= payload.count / 8 else { return nil }
        var events: [Range<Int>] = []
        events.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let range = reader.range() else { return nil }
            events.append(range)
        }
        var payload = payload
        // Written before secrets were taken out.
        if flags & 4 == 0 { FrameRedactor.redact(&payload, from: reader.position) }
        // The frame stays where it lies, behind its head. Only one that becomes a dead letter as a whole is taken out.
        let isWhole = unreadable != nil
        let shift = isWhole ? 0 : reader.position
        let bytes = isWhole ? Array(payload[reader.position...]) : payload
        let length = payload.count - reader.position
        guard events.allSatisfy({ $0.upperBound <= length }), (snapshot?.upperBound ?? 0) <= length else { return nil }
        func shifted(_ range: Range<Int>) -> Range<Int> { range.lowerBound + shift..<range.upperBound + shift }
        let receivedTime = Timestamp(microseconds: Int64(bitPattern: microseconds))
        // A clock that was wrong must not make an age that no clock can count.
        let (difference, isAbsurd) = Timestamp.now.microseconds.subtractingReportingOverflow(receivedTime.microseconds)
        let age = isAbsurd ? 0 : min(max(0, difference), 365 * 86_400 * 1_000_000)
        return ReceivedFrame(
            connection: ConnectionID(uuid), bytes: bytes, events: shift == 0 ? events : events.map(shifted),
            snapshot: snapshot.map(shifted), unreadable: unreadable,
            receivedAt: .now - .microseconds(age), receivedTime: receivedTime)
    }
}

/// Writes the head of a frame's payload into memory of the right size.
private struct HeadWriter {
    let buffer: UnsafeMutableRawBufferPointer
    private(set) var position = 0

    mutating func put<Value: BitwiseCopyable>(_ value: Value) {
        buffer.storeBytes(of: value, toByteOffset: position, as: Value.self)
        position += MemoryLayout<Value>.size
    }

    mutating func put(_ range: Range<Int>) {
        put(UInt32(range.lowerBound).littleEndian)
        put(UInt32(range.upperBound).littleEndian)
    }
}

/// Reads the head of a frame's payload; every method returns `nil` past the end.
private struct PayloadReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() -> UInt8? { number() }

    mutating func number<Number: FixedWidthInteger>() -> Number? {
        let size = MemoryLayout<Number>.size
        guard position + size <= bytes.count else { return nil }
        defer { position += size }
        return bytes.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Number.self))
        }
    }

    mutating func range() -> Range<Int>? {
        guard let start: UInt32 = number(), let end: UInt32 = number(), start <= end else { return nil }
        return Int(start)..<Int(end)
    }

    mutating func uuid() -> UUID? {
        guard position + 16 <= bytes.count else { return nil }
        defer { position += 16 }
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(fromByteOffset: position, as: uuid_t.self)) }
    }
}

/// A sighting as JSON.
private struct SpooledSighting: Codable {
    var id: UUID
    var connection: ConnectionID
    var epoch: Int64
    var kind: Sighting.Kind
    var at: Int64
    var cause: GapCause?
    var detail: String?

    init(_ sighting: Sighting) {
        id = sighting.id
        connection = sighting.connection
        epoch = sighting.epoch
        kind = sighting.kind
        at = sighting.at.microseconds
        cause = sighting.cause
        detail = sighting.detail
    }

    var sighting: Sighting? {
        Sighting(
            id: id, connection: connection, epoch: epoch, kind: kind, at: Timestamp(microseconds: at), cause: cause,
            detail: detail)
    }
}

/// An audit row as JSON.
private struct SpooledAudit: Codable {
    var id: UUID
    var connection: ConnectionID?
    var user: UserID
    var action: String
    var details: String?
    var address: String?
    var agent: String
    var success: Bool
    var error: String?
    var duration: Int?
    var at: Int64

    init(_ entry: AuditEntry) {
        id = entry.id
        connection = entry.connectionID
        user = entry.userID
        action = entry.action.rawValue
        details = entry.details
        address = entry.ipAddress
        agent = entry.userAgent
        success = entry.success
        error = entry.errorMessage
        duration = entry.durationMS
        at = entry.createdAt.microseconds
    }

    var entry: AuditEntry {
        AuditEntry(
            id: id, connectionID: connection, userID: user, action: AuditAction(rawValue: action), details: details,
            ipAddress: address, userAgent: agent, success: success, errorMessage: error, durationMS: duration,
            createdAt: Timestamp(microseconds: at))
    }
}
