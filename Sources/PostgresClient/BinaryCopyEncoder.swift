import BridgeCore
import FoundationEssentials

/// Writes rows in the format of `COPY … FROM STDIN (FORMAT binary)` into one buffer that is used again and again.
///
/// Each row is `beginRow`, then one call for each column in the order of the COPY statement. A field is appended to the buffer
/// as it stands, without an allocation of its own. The encoder checks nothing: the number of fields, NUL characters and the
/// types of the columns are the caller's, and the server refuses what does not fit.
package struct BinaryCopyEncoder: Sendable {
    /// What was written since the last `removeAll` or `take`.
    @usableFromInline package internal(set) var bytes: [UInt8] = []

    /// Reserves room, so that a batch of that size never grows the buffer.
    package init(reservingCapacity capacity: Int = 65_536) { bytes.reserveCapacity(capacity) }

    /// The signature, flags and extension length that start a stream.
    package static let headerBytes: [UInt8] =
        [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)

    /// The field count of -1 that ends a stream.
    package static let trailerBytes: [UInt8] = [0xFF, 0xFF]

    /// The number of bytes written.
    @inlinable package var count: Int { bytes.count }

    /// Starts over in the same memory.
    @inlinable package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Hands the bytes over without a copy and starts over in new memory of the given capacity.
    package mutating func take(reservingCapacity capacity: Int = 65_536) -> [UInt8] {
        var fresh: [UInt8] = []
        fresh.reserveCapacity(capacity)
        swap(&fresh, &bytes)
        return fresh
    }

    /// Starts a stream; not needed when `headerBytes` is sent as a chunk of its own.
    package mutating func header() { bytes.append(contentsOf: Self.headerBytes) }

    /// Ends a stream; not needed when `trailerBytes` is sent as a chunk of its own.
    package mutating func trailer() { bytes.append(contentsOf: Self.trailerBytes) }

    /// Starts a row of that many fields.
    @inlinable package mutating func beginRow(columns: Int16) { append(columns.bigEndian) }

    /// NULL of any type.
    @inlinable package mutating func null() { append(Int32(-1)) }

    // MARK: Text

    /// `text`, `varchar`, `json`, or an enum's label, from UTF-8.
    @inlinable package mutating func text(_ utf8: UnsafeRawBufferPointer) {
        length(utf8.count)
        bytes.append(copying: utf8)
    }

    /// `text`, `varchar`, `json`, or an enum's label.
    @inlinable package mutating func text(_ text: String) {
        // Native strings lend their UTF-8; only ones bridged from elsewhere are copied.
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { self.text(UnsafeRawBufferPointer($0)) }
        if isDone == nil {
            var copy = text
            copy.withUTF8 { self.text(UnsafeRawBufferPointer($0)) }
        }
    }

    /// `text` from a literal.
    @inlinable package mutating func text(_ text: StaticString) {
        guard text.hasPointerRepresentation else { return self.text(text.description) }
        self.text(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// `jsonb` from the UTF-8 of a document.
    @inlinable package mutating func jsonb(_ utf8: UnsafeRawBufferPointer) {
        length(utf8.count + 1)
        bytes.append(1)
        bytes.append(copying: utf8)
    }

    /// `jsonb` from the text of a document.
    @inlinable package mutating func jsonb(_ text: String) {
        var copy = text
        copy.withUTF8 { jsonb(UnsafeRawBufferPointer($0)) }
    }

    /// `bytea`.
    @inlinable package mutating func bytea(_ value: UnsafeRawBufferPointer) { text(value) }

    /// `bytea`.
    @inlinable package mutating func bytea(_ value: [UInt8]) {
        length(value.count)
        bytes.append(contentsOf: value)
    }

    // MARK: Numbers and the rest

    /// `smallint`.
    @inlinable package mutating func int2(_ value: Int16) {
        append(Int32(2).bigEndian)
        append(value.bigEndian)
    }

    /// `integer`.
    @inlinable package mutating func int4(_ value: Int32) {
        append((UInt64(4) << 32 | UInt64(UInt32(bitPattern: value))).bigEndian)
    }

    /// `bigint`.
    @inlinable package mutating func int8(_ value: Int64) {
        append(Int32(8).bigEndian)
        append(value.bigEndian)
    }

    /// `double precision`.
    @inlinable package mutating func float8(_ value: Double) { int8(Int64(bitPattern: value.bitPattern)) }

    /// `boolean`.
    @inlinable package mutating func bool(_ value: Bool) {
        append(Int32(1).bigEndian)
        bytes.append(value ? 1 : 0)
    }

    /// `uuid`.
    @inlinable package mutating func uuid(_ value: UUID) {
        append(Int32(16).bigEndian)
        append(value.uuid)
    }

    /// `bytea` of 16 bytes, given as two halves in the order of their bytes.
    @inlinable package mutating func bytea(_ high: UInt64, _ low: UInt64) {
        append(Int32(16).bigEndian)
        append(high.bigEndian)
        append(low.bigEndian)
    }

    /// `timestamptz`, to the microsecond.
    @inlinable package mutating func timestamptz(_ value: Timestamp) { int8(value.postgresMicroseconds) }

    /// pgvector's `vector`; NaN and the infinities are refused by the server, as are more than 16,000 dimensions.
    package mutating func vector(_ values: [Float]) {
        let size = values.count * 4
        length(4 + size)
        append(Int16(clamping: values.count).bigEndian)
        append(Int16(0))
        bytes.appendUninitialized(size) { raw in
            for (index, value) in values.enumerated() {
                raw.storeBytes(of: value.bitPattern.bigEndian, toByteOffset: index * 4, as: UInt32.self)
            }
        }
    }

    // MARK: Appending

    /// A length past 2 GiB cannot be written; the server refuses the clamped one.
    @inlinable @inline(__always) mutating func length(_ count: Int) { append(Int32(clamping: count).bigEndian) }

    /// The bytes of a trivial value as they lie in memory.
    @inlinable @inline(__always) mutating func append<Value: BitwiseCopyable>(_ value: Value) {
        bytes.append(bytesOf: value)
    }
}
