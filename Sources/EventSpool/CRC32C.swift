import CChecksum

/// CRC32C over raw bytes, by the processor where it can.
enum CRC32C {
    // Filled before anyone sees it and never written again.
    private nonisolated(unsafe) static let tables: UnsafePointer<cchecksum_tables> = {
        let tables = UnsafeMutablePointer<cchecksum_tables>.allocate(capacity: 1)
        tables.initialize(to: cchecksum_tables())
        cchecksum_prepare(tables)
        return UnsafePointer(tables)
    }()

    /// Whether the processor computes it.
    static let isHardware = cchecksum_has_hardware() != 0

    /// The checksum of `bytes`, or of what `checksum` was computed of with `bytes` behind it.
    @inline(__always)
    static func checksum(_ bytes: UnsafeRawBufferPointer, continuing checksum: UInt32 = 0) -> UInt32 {
        isHardware
            ? cchecksum_crc32c_hardware(tables, checksum, bytes.baseAddress, bytes.count)
            : cchecksum_crc32c_tables(tables, checksum, bytes.baseAddress, bytes.count)
    }

    /// The checksum of `bytes`, or of what `checksum` was computed of with `bytes` behind it; copies them to the start of `target`, which
    /// has room for them, on the way.
    @inline(__always)
    static func checksum(
        _ bytes: UnsafeRawBufferPointer, copiedTo target: UnsafeMutableRawBufferPointer, continuing checksum: UInt32 = 0
    ) -> UInt32 {
        guard isHardware else {
            target.copyMemory(from: bytes)
            return cchecksum_crc32c_tables(tables, checksum, bytes.baseAddress, bytes.count)
        }
        return cchecksum_copy_crc32c_hardware(tables, checksum, target.baseAddress, bytes.baseAddress, bytes.count)
    }

    /// The same by tables, on any machine.
    static func checksumByTables(_ bytes: UnsafeRawBufferPointer, continuing checksum: UInt32 = 0) -> UInt32 {
        cchecksum_crc32c_tables(tables, checksum, bytes.baseAddress, bytes.count)
    }

    /// The same bit by bit: the definition, for tests.
    static func checksumByBits(_ bytes: UnsafeRawBufferPointer, continuing checksum: UInt32 = 0) -> UInt32 {
        cchecksum_crc32c_bitwise(checksum, bytes.baseAddress, bytes.count)
    }
}
