/// Encodes WebSocket frames as a server sends them, valid ones and broken ones.
package enum ServerFrame {
    package enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
        /// Reserved: a client must refuse it.
        case reserved = 3
    }

    /// One frame.
    package static func encode(_ payload: some Collection<UInt8>, opcode: Opcode = .text, isFinal: Bool = true) -> [UInt8] {
        var frame = header(length: UInt64(payload.count), opcode: opcode, isFinal: isFinal)
        frame.reserveCapacity(frame.count + payload.count)
        frame.append(contentsOf: payload)
        return frame
    }

    /// One text message in one frame.
    package static func text(_ text: String) -> [UInt8] { encode(Array(text.utf8)) }

    /// One text message in several frames.
    package static func fragmented(_ payload: [UInt8], pieces: Int) -> [UInt8] {
        let size = max(1, (payload.count + pieces - 1) / pieces)
        var frames: [UInt8] = []
        var start = 0
        repeat {
            let end = min(start + size, payload.count)
            frames += encode(payload[start..<end], opcode: start == 0 ? .text : .continuation, isFinal: end == payload.count)
            start = end
        } while start < payload.count
        return frames
    }

    /// A close frame.
    package static func close(code: UInt16, reason: String = "") -> [UInt8] {
        encode([UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8), opcode: .close)
    }

    /// Only the header: it may announce more than ever follows.
    package static func header(length: UInt64, opcode: Opcode, isFinal: Bool) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode.rawValue]
        if length < 126 {
            bytes.append(UInt8(length))
        } else if length <= 0xFFFF {
            bytes += [126, UInt8(length >> 8), UInt8(length & 0xFF)]
        } else {
            bytes.append(127)
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: length >> UInt64(shift))) }
        }
        return bytes
    }
}
