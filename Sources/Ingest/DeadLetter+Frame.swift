import BridgeCore
import Cryptography
import FoundationEssentials
import HomeAssistantClient
import Store

extension DeadLetter {
    /// The dead letter for a part of a frame. Its id is derived from the bytes, so that a replay adds no second one.
    init(
        of frame: ReceivedFrame, _ range: Range<Int>, code: String, reason: String, sqlState: String? = nil
    ) {
        // A whole frame is shared, not copied: it may be 64 MiB.
        let payload = range == 0..<frame.bytes.count ? frame.bytes : Array(frame.bytes[range])
        self.init(
            id: Self.identifier(connection: frame.connection, code: code, payload: payload),
            connectionID: frame.connection, receivedAt: frame.receivedTime, reasonCode: code, reason: reason,
            sqlState: sqlState, eventType: Self.eventType(of: payload), payload: payload)
    }

    private static func identifier(connection: ConnectionID, code: String, payload: [UInt8]) -> UUID {
        let start = withUnsafeBytes(of: connection.uuid.uuid) { Array($0) } + code.utf8 + [0]
        // Dead letters are rare: a digest of their own costs nothing that matters. Without one the id is random, and a replay
        // would keep the letter twice, which is better than not at all.
        guard var digest = try? SHA256Digest(), (try? start.withUnsafeBytes { try digest.update($0) }) != nil,
            (try? payload.withUnsafeBytes { try digest.update($0) }) != nil, let hash = try? digest.finish()
        else { return UUID() }
        var output = hash.bytes
        output[6] = output[6] & 0x0F | 0x80
        output[8] = output[8] & 0x3F | 0x80
        return output.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    /// The event's type where the bytes still tell it.
    private static func eventType(of payload: [UInt8]) -> String? {
        payload.withUnsafeBufferPointer { EventDecoder($0).eventType(in: 0..<$0.count) }
    }
}
