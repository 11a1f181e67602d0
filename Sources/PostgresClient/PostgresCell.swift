import BridgeCore
import FoundationEssentials

/// One value of a row. The properties decode it and throw `.decoding`, which names the column and never the value.
package struct PostgresCell: Sendable {
    let storage: ResultStorage
    let row: Int32
    let column: Int32?
    let name: String

    /// True for NULL; throws when there is no such column.
    package var isNull: Bool {
        get throws(PostgresError) { try rawBytes() == nil }
    }

    /// The text as the server wrote it.
    package var string: String { get throws(PostgresError) { try required(optionalString) } }
    /// Any integer type of up to 64 bits.
    package var int: Int { get throws(PostgresError) { try required(optionalInt) } }
    /// Any numeric type; `NaN` and the infinities included.
    package var double: Double { get throws(PostgresError) { try required(optionalDouble) } }
    /// `boolean`.
    package var bool: Bool { get throws(PostgresError) { try required(optionalBool) } }
    /// `uuid`.
    package var uuid: UUID { get throws(PostgresError) { try required(optionalUUID) } }
    /// `timestamptz` between the years 1 and 9999.
    package var timestamp: Timestamp { get throws(PostgresError) { try required(optionalTimestamp) } }
    /// `bytea`.
    package var bytes: [UInt8] { get throws(PostgresError) { try required(optionalBytes) } }

    /// As `string`, `nil` for NULL.
    package var optionalString: String? {
        get throws(PostgresError) { try rawBytes().map { String(decoding: $0, as: UTF8.self) } }
    }

    /// As `int`, `nil` for NULL.
    package var optionalInt: Int? { get throws(PostgresError) { try parsed("a whole number") { Int($0) } } }

    /// As `double`, `nil` for NULL.
    package var optionalDouble: Double? { get throws(PostgresError) { try parsed("a number") { Double($0) } } }

    /// As `bool`, `nil` for NULL.
    package var optionalBool: Bool? {
        get throws(PostgresError) { try parsed("a truth value") { $0 == "t" ? true : $0 == "f" ? false : nil } }
    }

    /// As `uuid`, `nil` for NULL.
    package var optionalUUID: UUID? { get throws(PostgresError) { try parsed("a UUID") { UUID(uuidString: $0) } } }

    /// As `timestamp`, `nil` for NULL.
    package var optionalTimestamp: Timestamp? {
        get throws(PostgresError) {
            try parsed("a time with zone") { text in
                // PostgreSQL leaves out the minutes of an offset when they are zero: "…+00".
                let tail = text.suffix(3)
                let isShort = (tail.first == "+" || tail.first == "-") && text.utf8.count > 19
                return Timestamp(iso8601: isShort ? text + ":00" : text)
            }
        }
    }

    /// As `bytes`, `nil` for NULL.
    package var optionalBytes: [UInt8]? {
        get throws(PostgresError) {
            guard let raw = try rawBytes() else { return nil }
            guard raw.count >= 2, raw.count % 2 == 0, raw[0] == 0x5C, raw[1] == 0x78 else { throw mismatch("bytes") }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(raw.count / 2 - 1)
            for index in stride(from: 2, to: raw.count, by: 2) {
                guard let high = Self.digit(raw[index]), let low = Self.digit(raw[index + 1]) else {
                    throw mismatch("bytes")
                }
                bytes.append(high << 4 | low)
            }
            return bytes
        }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x61...0x66: character - 0x57
        case 0x41...0x46: character - 0x37
        default: nil
        }
    }

    func rawBytes() throws(PostgresError) -> UnsafeRawBufferPointer? {
        guard let column else {
            throw PostgresError(.decoding, "The result has no column “\(name)”", column: name)
        }
        return storage.value(row: row, column: column)
    }

    private func parsed<Value>(_ kind: String, _ parse: (String) -> Value?) throws(PostgresError) -> Value? {
        guard let text = try optionalString else { return nil }
        guard let value = parse(text) else { throw mismatch(kind) }
        return value
    }

    private func required<Value>(_ value: Value?) throws(PostgresError) -> Value {
        guard let value else {
            throw PostgresError(.decoding, "Column “\(name)” is NULL where a value is needed", column: name)
        }
        return value
    }

    private func mismatch(_ kind: String) -> PostgresError {
        PostgresError(.decoding, "Column “\(name)” does not hold \(kind)", column: name)
    }
}
