/// Reads the number in a state, for the column `value`.
package enum NumericState {
    /// The exact powers of ten in a double.
    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// The value of `text` when it is a plain decimal number, else `nil`: `unavailable`, `nan`, `0x10` and `1_000` are words.
    package static func parse(_ text: UnsafeRawBufferPointer) -> Double? {
        guard let first = text.first, text.count <= 64, first &- 0x30 <= 9 || (0x2B...0x2E).contains(first) else {
            return nil
        }
        var index = 0
        var negative = false
        if first == 0x2D || first == 0x2B {
            negative = first == 0x2D
            index = 1
        }
        var mantissa: UInt64 = 0
        var digits = 0
        var scale = 0
        var seenPoint = false
        var simple = true
        scan: while index < text.count {
            let byte = text[index]
            switch byte {
            case 0x30...0x39:
                digits += 1
                if mantissa < 900_719_925_474_099 {
                    mantissa = mantissa * 10 + UInt64(byte - 0x30)
                    if seenPoint { scale += 1 }
                } else {
                    simple = false
                }
            case 0x2E where !seenPoint: seenPoint = true
            case 0x45, 0x65:
                guard digits > 0, isExponent(text, from: index + 1) else { return nil }
                simple = false
                break scan
            default: return nil
            }
            index += 1
        }
        guard digits > 0 else { return nil }
        if simple, scale <= 22 {
            // Both operands are exact, so the one division rounds correctly.
            let value = Double(mantissa) / powers[scale]
            return negative ? -value : value
        }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private static func isExponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Bool {
        var index = start
        if index < text.count, text[index] == 0x2B || text[index] == 0x2D { index += 1 }
        return index < text.count && text[index...].allSatisfy { $0 &- 0x30 <= 9 }
    }
}
