import FoundationEssentials

/// SHA-256 as the identity needs it; `Cryptography` provides it, so that this module stays free of C libraries.
package protocol ContentDigest: AnyObject {
    /// Replaces the 32 bytes of `output` by the digest of `input`. Throws when the library fails, which a sound machine never
    /// shows.
    func digest(_ input: UnsafeRawBufferPointer, into output: inout [UInt8]) throws
}

/// Computes the id of an event from what it says, so that a replay, a second copy of a frame, and a backfill find the row
/// that is already there.
///
/// The id is a UUID of version 8: 48 bits of milliseconds and 10 bits of microseconds of the event's own time, then 64 bits
/// of a SHA-256. The time in front keeps neighbours in time neighbours in the primary key's index; it is a pure function of the
/// same inputs, so it costs no determinism.
///
/// Hashed: `v1`, the connection, and then
/// - a state: entity id and `last_updated`. Not the context: history rows carry none, and would not match.
/// - a removed state: entity id, `time_fired`, and the word `removed`.
/// - any other event: type, `time_fired`, context id, and the digest of the event's bytes.
package struct EventIdentity {
    private let digest: any ContentDigest
    /// What every input begins with.
    private let prefix: [UInt8]
    private var input: [UInt8] = []
    private var output = [UInt8](repeating: 0, count: 32)

    /// Computes ids for events of `connection`.
    package init(connection: ConnectionID, digest: any ContentDigest) {
        self.digest = digest
        prefix = [0x76, 0x31] + withUnsafeBytes(of: connection.uuid.uuid) { Array($0) }
        input.reserveCapacity(512)
    }

    /// The id of `event`, whose places lie in `bytes`. `original` is the event as it was received, which differs from its
    /// place in `bytes` when it had to be repaired.
    package mutating func id(
        of event: HomeAssistantEvent, in bytes: UnsafeBufferPointer<UInt8>, original: UnsafeRawBufferPointer
    ) throws -> EventID {
        begin()
        switch event.kind {
        case .state:
            input.append(1)
            append(event.entityID, of: bytes)
            append(event.timestamp)
        case .stateRemoved:
            input.append(2)
            append(event.entityID, of: bytes)
            append(event.timestamp)
            input.append(contentsOf: "removed".utf8)
        case .other:
            input.append(3)
            append(event.eventType, of: bytes)
            append(event.timestamp)
            append(event.contextID, of: bytes)
            try digest.digest(original, into: &output)
            input.append(contentsOf: output)
        }
        try input.withUnsafeBytes { try digest.digest($0, into: &output) }
        return identifier(at: event.timestamp)
    }

    /// The id of the state of `entityID` that Home Assistant set at `time`, or of its removal then: the id of the live event.
    package mutating func id(
        ofState entityID: String, at time: Timestamp, isRemoval: Bool = false
    ) throws -> EventID {
        begin()
        input.append(isRemoval ? 2 : 1)
        input.append(contentsOf: entityID.utf8)
        input.append(0)
        append(time)
        if isRemoval { input.append(contentsOf: "removed".utf8) }
        try input.withUnsafeBytes { try digest.digest($0, into: &output) }
        return identifier(at: time)
    }

    private mutating func begin() {
        input.removeAll(keepingCapacity: true)
        prefix.withUnsafeBytes { input.append(copying: $0) }
    }

    /// Appends the text and a zero byte, which no text holds, so that two fields cannot run together.
    private mutating func append(_ string: JSONString?, of bytes: UnsafeBufferPointer<UInt8>) {
        if let string { JSONText.append(string, of: bytes, to: &input) }
        input.append(0)
    }

    private mutating func append(_ timestamp: Timestamp) {
        input.append(bytesOf: timestamp.microseconds.bigEndian)
    }

    private func identifier(at timestamp: Timestamp) -> EventID {
        // Years before 1970 are no real event times; they share the lowest prefix and differ by their hash.
        let clamped = UInt64(max(timestamp.microseconds, 0))
        let milliseconds = clamped / 1_000
        let micros = clamped % 1_000
        // 48 bits of milliseconds, version 8, 10 bits of microseconds and 2 of hash; variant, 62 bits of hash.
        let high = milliseconds << 16 | 0x8000 | micros << 2 | UInt64(output[8] & 0x03)
        var low: UInt64 = 0
        for index in 0..<8 { low = low << 8 | UInt64(output[index]) }
        low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - index * 8)) }
        return EventID(
            UUID(
                uuid: (
                    byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5),
                    byte(high, 6), byte(high, 7), byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3),
                    byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
                )))
    }
}
