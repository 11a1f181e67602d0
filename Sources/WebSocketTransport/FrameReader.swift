/// Reads the frames of RFC 6455 that a server sends, from the bytes of a connection however they are cut. Pure.
///
/// The payload is never looked at byte by byte: a message that arrives whole is one allocation and one copy.
struct FrameReader {
    enum Item {
        /// A whole message of text, unchecked: the decoder judges it. Home Assistant sends no binary messages; they are left out.
        case message([UInt8])
        case ping([UInt8])
        case pong
        /// The code of the peer's close frame; 1005 when it has none.
        case close(UInt16)
    }

    enum Failure: Error {
        /// The peer broke the protocol.
        case invalid
        /// A message has more bytes than the limit.
        case tooBig
    }

    private enum Kind { case text, binary, control(UInt8) }

    private var assembler: MessageAssembler
    /// The bytes of a header that is not whole yet.
    private var header: [UInt8] = []
    /// What the present frame is; `nil` between frames.
    private var kind: Kind?
    private var remaining = 0
    private var isFinal = false
    /// The message that is being put together, from its first frame to its last.
    private var message: Kind?
    private var control: [UInt8] = []

    /// - Parameter limit: the most bytes that a message may have.
    init(limit: Int) { assembler = MessageAssembler(limit: limit) }

    /// Takes the next bytes from `rest` until there is something to hand on; `nil` when more have to arrive first.
    mutating func next(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(Failure) -> Item? {
        while true {
            if kind == nil, try !readHeader(&rest) { return nil }
            guard let kind else { return nil }
            let piece = rest.prefix(remaining)
            rest = rest.dropFirst(piece.count)
            remaining -= piece.count
            switch kind {
            case .control(let opcode):
                control.append(contentsOf: piece)
                guard remaining == 0 else { return nil }
                self.kind = nil
                return try endControl(opcode)
            case .text, .binary:
                // Without bytes there is nothing to add, but a frame of no bytes may end a message.
                guard !piece.isEmpty || remaining == 0 else { return nil }
                let outcome = assembler.append(
                    UnsafeRawBufferPointer(rebasing: piece), remaining: remaining, isFinal: isFinal)
                if remaining == 0 { self.kind = nil }
                switch outcome {
                case .tooBig: throw .tooBig
                case .incomplete: break
                case .message(let bytes):
                    message = nil
                    if case .text = kind { return .message(bytes) }
                }
            }
        }
    }

    /// Reads the header of the next frame; false when more of it has to arrive first.
    private mutating func readHeader(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(Failure) -> Bool {
        while header.count < Self.length(of: header) {
            guard let byte = rest.popFirst() else { return false }
            header.append(byte)
        }
        let first = header[0]
        let short = header[1]
        var size = UInt64(short)
        if short >= 126 { size = header[2...].reduce(0) { $0 << 8 | UInt64($1) } }
        header.removeAll(keepingCapacity: true)
        // No extension was offered, so the reserved bits are clear; a server does not mask.
        guard first & 0x70 == 0, short & 0x80 == 0, size <= UInt64(Int64.max) else { throw .invalid }
        isFinal = first & 0x80 != 0
        remaining = Int(size)
        switch first & 0x0F {
        case 0:
            guard let message else { throw .invalid }
            kind = message
        case 1, 2:
            guard message == nil else { throw .invalid }
            message = first & 0x0F == 1 ? .text : .binary
            kind = message
        case 8, 9, 10:
            guard isFinal, remaining <= 125 else { throw .invalid }
            kind = .control(first & 0x0F)
        default: throw .invalid
        }
        return true
    }

    /// How long a header is that begins so.
    private static func length(of header: [UInt8]) -> Int {
        guard header.count >= 2 else { return 2 }
        return switch header[1] & 0x7F {
        case 126: 4
        case 127: 10
        default: 2
        }
    }

    private mutating func endControl(_ opcode: UInt8) throws(Failure) -> Item {
        defer { control.removeAll(keepingCapacity: true) }
        switch opcode {
        case 9: return .ping(control)
        case 10: return .pong
        default:
            if control.isEmpty { return .close(1005) }
            guard control.count >= 2 else { throw .invalid }
            return .close(UInt16(control[0]) << 8 | UInt16(control[1]))
        }
    }
}
