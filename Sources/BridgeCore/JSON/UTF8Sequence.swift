/// The byte-level rules that JSON text needs: well-formed UTF-8, and escapes by four hexadecimal digits.
enum UTF8Sequence {
    /// The length of the well-formed sequence of two to four bytes at `index`, or 0 when there is none (Unicode 15, table 3-7).
    static func length(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> Int {
        func continues(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            index + offset < end && range.contains(base[index + offset])
        }
        switch base[index] {
        case 0xC2...0xDF: return continues(1) ? 2 : 0
        case 0xE0: return continues(1, 0xA0...0xBF) && continues(2) ? 3 : 0
        case 0xED: return continues(1, 0x80...0x9F) && continues(2) ? 3 : 0
        case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
        case 0xF0: return continues(1, 0x90...0xBF) && continues(2) && continues(3) ? 4 : 0
        case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
        case 0xF4: return continues(1, 0x80...0x8F) && continues(2) && continues(3) ? 4 : 0
        default: return 0
        }
    }

    /// The low half of a surrogate pair whose escape stands at `index`, or `nil`.
    static func lowSurrogate(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> UInt16? {
        guard index + 6 <= end, base[index] == 0x5C, base[index + 1] == 0x75,
            let unit = hexadecimal(base, at: index + 2, end: end), (0xDC00..<0xE000).contains(unit)
        else { return nil }
        return unit
    }

    /// The value of the four hexadecimal digits at `index`, or `nil` where there are none.
    static func hexadecimal(_ base: UnsafePointer<UInt8>, at index: Int, end: Int) -> UInt16? {
        guard index + 4 <= end else { return nil }
        var value: UInt16 = 0
        for offset in 0..<4 {
            let byte = base[index + offset]
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x37
            case 0x61...0x66: digit = byte - 0x57
            default: return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
