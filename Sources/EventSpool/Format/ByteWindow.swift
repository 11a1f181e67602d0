/// A piece of a file in memory that moves forward with its reader.
final class ByteWindow {
    /// The longest view.
    static let capacity = 1 << 18

    private let file: SegmentFile
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    private var base = 0
    private var count = 0

    init(_ file: SegmentFile) { self.file = file }

    deinit { buffer.deallocate() }

    /// The bytes from `offset` on: at least `count` of them, of which the file must have that many, else fewer. Never bytes at
    /// or after `limit`, because those may still change. Valid until the next call; `count` is at most `capacity`.
    func view(at offset: Int, count wanted: Int, limit: Int) -> UnsafeRawBufferPointer {
        if offset < base || offset + wanted > base + count {
            base = offset
            let most = max(0, min(Self.capacity, limit - offset))
            count = file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<most]), at: offset)
        }
        let start = min(offset - base, count)
        return UnsafeRawBufferPointer(rebasing: buffer[start..<count])
    }
}
