/// Takes the frames of a client apart.
struct ClientFrameReader {
    struct Frame {
        var opcode: UInt8
        var isFinal: Bool
        var payload: [UInt8]
    }

    private var buffer: [UInt8] = []
    private var start = 0

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 1 << 16 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame with its mask undone; nil until there is one.
    mutating func next() -> Frame? {
        let available = buffer.count - start
        guard available >= 2 else { return nil }
        let first = buffer[start]
        let second = buffer[start + 1]
        var offset = 2
        var length = Int(second & 0x7F)
        if length >= 126 {
            let width = length == 126 ? 2 : 8
            guard available >= 2 + width else { return nil }
            length = buffer[(start + 2)..<(start + 2 + width)].reduce(0) { $0 << 8 | Int($1) }
            offset += width
        }
        let isMasked = second & 0x80 != 0
        let maskStart = start + offset
        if isMasked { offset += 4 }
        guard available >= offset + length else { return nil }
        var payload = Array(buffer[(start + offset)..<(start + offset + length)])
        if isMasked { for index in payload.indices { payload[index] ^= buffer[maskStart + index % 4] } }
        start += offset + length
        return Frame(opcode: first & 0x0F, isFinal: first & 0x80 != 0, payload: payload)
    }
}
