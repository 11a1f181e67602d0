/// What a frame of RFC 6455 is for.
enum FrameOpcode: UInt8 {
    case text = 0x1
    case close = 0x8
    case ping = 0x9
    case pong = 0xA
}

/// The header of a frame that a client sends: whole messages, masked with a fresh key each.
struct FrameHeader {
    let bytes: [UInt8]
    private let key: [UInt8]

    init(opcode: FrameOpcode, count: Int, key: UInt32 = .random(in: .min ... .max)) {
        var bytes = [0x80 | opcode.rawValue]
        switch count {
        case ..<126: bytes.append(0x80 | UInt8(count))
        case ..<65_536: bytes += [0x80 | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        default:
            bytes.append(0x80 | 127)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
        }
        self.key = (0..<4).map { UInt8(truncatingIfNeeded: key >> (24 - 8 * $0)) }
        bytes += self.key
        self.bytes = bytes
    }

    /// Masks the payload in place.
    func mask(_ payload: UnsafeMutableRawBufferPointer) {
        for index in payload.indices { payload[index] ^= key[index & 3] }
    }
}
