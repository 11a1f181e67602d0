import BridgeCore
import FoundationEssentials

/// The 44 bytes before each payload; FORMAT.md describes them.
struct RecordHeader: Equatable {
    static let size = 44

    /// Begins with a byte that no UTF-8 text holds, so that a search through JSON finds no false beginnings.
    static let magic: UInt32 = 0x4345_52FE

    /// The byte to search for.
    static let firstByte: UInt8 = 0xFE

    /// The longest payload; a longer one is refused, and a header that claims one is damaged.
    static let maximumPayload = 1 << 30

    private static let checkedBytes = 36

    var run: SpoolRunID
    var sequence: UInt64
    var kind: UInt8
    var payloadBytes: Int
    /// Of the header's first 36 bytes.
    private var ownChecksum: UInt32
    /// Of those and the payload.
    private var checksum: UInt32

    /// Bytes of the whole record.
    var recordBytes: Int { Self.size + payloadBytes }

    /// The place of the record.
    var position: SpoolPosition { SpoolPosition(run: run, sequence: sequence) }

    /// Reads a header at the start of `bytes`; `nil` when there is none or its own checksum does not fit.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.size, bytes.littleEndian(at: 0, as: UInt32.self) == Self.magic else { return nil }
        let checked = UnsafeRawBufferPointer(rebasing: bytes[..<Self.checkedBytes])
        ownChecksum = bytes.littleEndian(at: 36, as: UInt32.self)
        guard CRC32C.checksum(checked) == ownChecksum else { return nil }
        payloadBytes = Int(bytes.littleEndian(at: 4, as: UInt32.self))
        guard payloadBytes <= Self.maximumPayload else { return nil }
        sequence = bytes.littleEndian(at: 8, as: UInt64.self)
        run = SpoolRunID(bytes.uuid(at: 16))
        kind = bytes[32]
        checksum = bytes.littleEndian(at: 40, as: UInt32.self)
    }

    /// The header of a record whose payload is `first` and `second`, at most 2^30 bytes together.
    init(
        _ run: SpoolRunID, _ sequence: UInt64, _ kind: UInt8, _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer = .empty
    ) {
        self.init(run, sequence, kind, payloadBytes: first.count + second.count)
        checksum = CRC32C.checksum(second, continuing: CRC32C.checksum(first, continuing: ownChecksum))
    }

    /// The same, and copies the payload to the start of `target`, which has room for it.
    init(
        _ run: SpoolRunID, _ sequence: UInt64, _ kind: UInt8, _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer, copiedTo target: UnsafeMutableRawBufferPointer
    ) {
        self.init(run, sequence, kind, payloadBytes: first.count + second.count)
        let rest = UnsafeMutableRawBufferPointer(rebasing: target[first.count...])
        checksum = CRC32C.checksum(
            second, copiedTo: rest, continuing: CRC32C.checksum(first, copiedTo: target, continuing: ownChecksum))
    }

    /// One with its own checksum, and none of the payload yet.
    private init(_ run: SpoolRunID, _ sequence: UInt64, _ kind: UInt8, payloadBytes: Int) {
        self.run = run
        self.sequence = sequence
        self.kind = kind
        self.payloadBytes = payloadBytes
        (ownChecksum, checksum) = (0, 0)
        ownChecksum = withUnsafeTemporaryAllocation(byteCount: Self.checkedBytes, alignment: 8) { fields in
            writeFields(into: fields)
            return CRC32C.checksum(UnsafeRawBufferPointer(fields))
        }
    }

    /// Writes the header into the first 44 bytes of `target`.
    func write(into target: UnsafeMutableRawBufferPointer) {
        writeFields(into: target)
        target.storeLittleEndian(ownChecksum, at: 36)
        target.storeLittleEndian(checksum, at: 40)
    }

    private func writeFields(into target: UnsafeMutableRawBufferPointer) {
        target.storeLittleEndian(Self.magic, at: 0)
        target.storeLittleEndian(UInt32(payloadBytes), at: 4)
        target.storeLittleEndian(sequence, at: 8)
        target.storeUUID(run.uuid, at: 16)
        // The three bytes after the kind are zero, for later versions.
        target.storeLittleEndian(UInt32(kind), at: 32)
    }

    /// Whether `payload` is what was written: its checksum goes on from the header's own.
    func matches(_ payload: UnsafeRawBufferPointer) -> Bool {
        CRC32C.checksum(payload, continuing: ownChecksum) == checksum
    }
}
