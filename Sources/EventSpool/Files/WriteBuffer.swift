/// Collects small parts, so that many records cost one call to the system.
final class WriteBuffer {
    /// Parts of at least this many bytes are written from where they are; copying them would cost more than a call.
    static let largePart = 1 << 17

    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 19, alignment: 16)
    private(set) var count = 0

    deinit { memory.deallocate() }

    /// What has been collected.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// Bytes that still fit.
    var room: Int { memory.count - count }

    /// Hands out the next `byteCount` bytes to be filled; there must be room for them.
    func reserve(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        defer { count += byteCount }
        return UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + byteCount])
    }

    /// Forgets everything.
    func clear() { count = 0 }
}
