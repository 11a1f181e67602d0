/// Base64 over raw buffers, so that key bytes pass through no string, and strict: one text for one value.
///
/// Foundation's coder accepts texts that differ in their unused bits and leaves copies behind.
enum Base64 {
    /// `standard` pads and is used in the keyring; `url` neither pads nor needs escaping and is used in sealed tokens.
    enum Variant {
        case standard
        case url
    }

    static func encode(_ bytes: UnsafeRawBufferPointer, _ variant: Variant, into text: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let group =
                UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[index + 2]) : 0)
            text.append(digit(UInt8(group >> 18 & 63), variant))
            text.append(digit(UInt8(group >> 12 & 63), variant))
            if left > 1 { text.append(digit(UInt8(group >> 6 & 63), variant)) }
            if left > 2 { text.append(digit(UInt8(group & 63), variant)) }
            if left < 3, variant == .standard { text.append(contentsOf: repeatElement(0x3D, count: 3 - left)) }
            index += 3
        }
    }

    /// The number of bytes that `text` stands for, or `nil` if no text has that length.
    static func decodedCount(_ text: UnsafeRawBufferPointer, _ variant: Variant) -> Int? {
        let digits = digitCount(text, variant)
        if variant == .standard, text.count % 4 != 0 { return nil }
        return digits % 4 == 1 ? nil : digits * 3 / 4
    }

    /// Decodes into `target`, whose size is `decodedCount`; `false` when `text` is not what `encode` would write.
    static func decode(
        _ text: UnsafeRawBufferPointer, _ variant: Variant, into target: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let count = decodedCount(text, variant), count == target.count else { return false }
        var bits: UInt32 = 0
        var bitCount = 0
        var written = 0
        for index in 0..<digitCount(text, variant) {
            guard let value = value(text[index], variant) else { return false }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                target[written] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
                written += 1
                bits &= (1 << UInt32(bitCount)) - 1
            }
        }
        // Bits left over must be zero, or a second text would stand for the same bytes.
        return written == count && bits == 0
    }

    /// Without the padding; padding in excess stays and is then no digit.
    private static func digitCount(_ text: UnsafeRawBufferPointer, _ variant: Variant) -> Int {
        var count = text.count
        guard variant == .standard else { return count }
        while count > 0, text.count - count < 2, text[count - 1] == 0x3D { count -= 1 }
        return count
    }

    private static func digit(_ value: UInt8, _ variant: Variant) -> UInt8 {
        switch value {
        case 0..<26: 0x41 + value
        case 26..<52: 0x61 + value - 26
        case 52..<62: 0x30 + value - 52
        case 62: variant == .standard ? UInt8(ascii: "+") : UInt8(ascii: "-")
        default: variant == .standard ? UInt8(ascii: "/") : UInt8(ascii: "_")
        }
    }

    private static func value(_ digit: UInt8, _ variant: Variant) -> UInt8? {
        switch digit {
        case 0x41...0x5A: digit - 0x41
        case 0x61...0x7A: digit - 0x61 + 26
        case 0x30...0x39: digit - 0x30 + 52
        case UInt8(ascii: "+") where variant == .standard, UInt8(ascii: "-") where variant == .url: 62
        case UInt8(ascii: "/") where variant == .standard, UInt8(ascii: "_") where variant == .url: 63
        default: nil
        }
    }
}
