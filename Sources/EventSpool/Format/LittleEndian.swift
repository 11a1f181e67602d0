import FoundationEssentials

extension UnsafeRawBufferPointer {
    /// The number whose bytes begin at `offset`, which need not be aligned.
    @inline(__always)
    func littleEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The UUID whose 16 bytes begin at `offset`, in the order in which it is printed.
    @inline(__always)
    func uuid(at offset: Int) -> UUID { UUID(uuid: loadUnaligned(fromByteOffset: offset, as: uuid_t.self)) }
}

extension UnsafeMutableRawBufferPointer {
    /// Stores the bytes of `number` from `offset` on, which need not be aligned.
    @inline(__always)
    func storeLittleEndian<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, at offset: Int) {
        storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
    }

    /// Stores the 16 bytes of `uuid` from `offset` on, in the order in which it is printed.
    @inline(__always)
    func storeUUID(_ uuid: UUID, at offset: Int) {
        storeBytes(of: uuid.uuid, toByteOffset: offset, as: uuid_t.self)
    }
}
