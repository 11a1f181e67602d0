import BridgeCore

/// One value of a row of another program's database, as that database gives it.
enum HistoryValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text([UInt8])

    /// The text; `nil` for NULL. Numbers are written out.
    var bytes: [UInt8]? {
        switch self {
        case .null: nil
        case .integer(let number): Array(String(number).utf8)
        case .real(let number): Array("\(number)".utf8)
        case .text(let bytes): bytes
        }
    }

    /// The text as a string, with U+FFFD for what is no UTF-8.
    var string: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// A whole number, also one that was given as text.
    var integer: Int64? {
        switch self {
        case .null: nil
        case .integer(let number): number
        case .real(let number): Int64(exactly: number)
        case .text(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// A number, also one that was given as text. Infinities and NaN are none.
    var real: Double? {
        let number: Double? =
            switch self {
            case .null: nil
            case .integer(let number): Double(number)
            case .real(let number): number
            case .text(let bytes): Double(String(decoding: bytes, as: UTF8.self))
            }
        return number.flatMap { $0.isFinite ? $0 : nil }
    }

    /// A truth value: `0`, `1`, or PostgreSQL's `t` and `f`.
    var isTrue: Bool {
        switch self {
        case .text(let bytes): bytes == Array("t".utf8) || bytes == Array("true".utf8) || bytes == Array("1".utf8)
        default: integer == 1
        }
    }

    /// A moment: seconds since 1970 as Home Assistant stores them, or a date with a time, which is UTC where it names no zone.
    var time: Timestamp? {
        if let real { return Timestamp(secondsSince1970: real) }
        guard case .text(let bytes) = self, bytes.count >= 19, bytes.count <= 40 else { return nil }
        var text = String(decoding: bytes, as: UTF8.self).replacing(" ", with: "T")
        let zone = text.dropFirst(19).drop { $0 == "." || $0.isNumber }
        if zone.isEmpty {
            text += "Z"
        } else if zone.count == 3 {
            // PostgreSQL leaves out the minutes of an offset when they are zero.
            text += ":00"
        }
        return Timestamp(iso8601: text)
    }

    /// The bytes behind hexadecimal digits; `nil` for anything else.
    var hexadecimal: [UInt8]? {
        guard case .text(let digits) = self, !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.digit(digits[index]), let low = Self.digit(digits[index + 1]) else { return nil }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
