/// Appending to arrays of bytes where fields are written: a test of the capacity and a store each, instead of the calls of the general
/// `append(contentsOf:)`.
extension [UInt8] {
    /// Appends the bytes of a trivial value as they lie in memory.
    @inlinable @inline(__always)
    package mutating func append<Value: BitwiseCopyable>(bytesOf value: Value) {
        appendUninitialized(MemoryLayout<Value>.size) { $0.storeBytes(of: value, as: Value.self) }
    }

    /// Appends `bytes`, which may be empty and without an address.
    @inlinable @inline(__always)
    package mutating func append(copying bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        appendUninitialized(bytes.count) { $0.copyMemory(from: start, byteCount: bytes.count) }
    }

    /// Appends `count` bytes, all of which `write` must write, at the place that it is given.
    @inlinable @inline(__always)
    package mutating func appendUninitialized(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) {
        append(addingCapacity: count) { span in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                guard let start = buffer.baseAddress else { return }
                write(UnsafeMutableRawPointer(start + initialized))
                initialized += count
            }
        }
    }
}
