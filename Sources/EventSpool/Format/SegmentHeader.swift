import BridgeCore
import FoundationEssentials

/// The 64 bytes at the start of each segment; FORMAT.md describes them.
struct SegmentHeader: Equatable {
    static let size = 64

    /// "HABSPOOL".
    static let magic: UInt64 = 0x4C4F_4F50_5342_4148

    /// The version of the format that this build writes, and the only one that it reads.
    static let currentVersion: UInt32 = 1

    private static let checkedBytes = 60

    var version: UInt32 = currentVersion
    var run: SpoolRunID
    var number: UInt64
    /// No record of the segment has a smaller number.
    var firstSequence: UInt64
    var createdAt: Timestamp

    init(run: SpoolRunID, number: UInt64, firstSequence: UInt64, createdAt: Timestamp) {
        self.run = run
        self.number = number
        self.firstSequence = firstSequence
        self.createdAt = createdAt
    }

    /// Reads the header at the start of `bytes`; `nil` when there is none or its checksum does not fit.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.size, bytes.littleEndian(at: 0, as: UInt64.self) == Self.magic else { return nil }
        let checked = UnsafeRawBufferPointer(rebasing: bytes[..<Self.checkedBytes])
        guard CRC32C.checksum(checked) == bytes.littleEndian(at: 60, as: UInt32.self) else { return nil }
        version = bytes.littleEndian(at: 8, as: UInt32.self)
        run = SpoolRunID(bytes.uuid(at: 16))
        number = bytes.littleEndian(at: 32, as: UInt64.self)
        firstSequence = bytes.littleEndian(at: 40, as: UInt64.self)
        createdAt = Timestamp(microseconds: bytes.littleEndian(at: 48, as: Int64.self))
    }

    /// Writes the header into the first 64 bytes of `target`.
    func write(into target: UnsafeMutableRawBufferPointer) {
        target.storeLittleEndian(Self.magic, at: 0)
        target.storeLittleEndian(version, at: 8)
        target.storeLittleEndian(UInt32(Self.size), at: 12)
        target.storeUUID(run.uuid, at: 16)
        target.storeLittleEndian(number, at: 32)
        target.storeLittleEndian(firstSequence, at: 40)
        target.storeLittleEndian(createdAt.microseconds, at: 48)
        target.storeLittleEndian(UInt32(0), at: 56)
        let checked = UnsafeRawBufferPointer(rebasing: target[..<Self.checkedBytes])
        target.storeLittleEndian(CRC32C.checksum(checked), at: 60)
    }
}
