/// Turns the inside of JSON strings into text, and cures what PostgreSQL cannot hold.
package enum JSONText {
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// Appends the text of `string` to `output` with its escapes resolved. The string has passed the scanner; half
    /// surrogates, the escape of NUL and a backslash that begins no escape become U+FFFD.
    package static func append(
        _ string: JSONString, of bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]
    ) {
        guard string.hasEscapes else {
            output.append(copying: string.raw(in: bytes))
            return
        }
        guard let base = bytes.baseAddress else { return }
        var index = string.start
        while index < string.end {
            let byte = base[index]
            guard byte == 0x5C, index + 1 < string.end else {
                output.append(byte)
                index += 1
                continue
            }
            switch base[index + 1] {
            case 0x62: output.append(0x08)
            case 0x66: output.append(0x0C)
            case 0x6E: output.append(0x0A)
            case 0x72: output.append(0x0D)
            case 0x74: output.append(0x09)
            case 0x22, 0x2F, 0x5C: output.append(base[index + 1])
            case 0x75:
                index += appendUnicodeEscape(base, at: index, end: string.end, to: &output)
                continue
            default:
                output.append(contentsOf: replacement)
                index += 1
                continue
            }
            index += 2
        }
    }

    /// The text of `string` as a Swift string, for the paths where a value is kept.
    package static func string(_ string: JSONString, of bytes: UnsafeBufferPointer<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(string.count)
        append(string, of: bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// A copy of `range` that PostgreSQL takes. In strings, U+FFFD stands for NUL (raw or escaped), for half a surrogate pair, for
    /// each byte that is no UTF-8, and for a backslash that begins no escape; other control characters are escaped, and so
    /// keep their meaning. Everything else stays as it is, byte for byte. The range has passed the scanner.
    package static func repaired(_ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>) -> [UInt8] {
        var output: [UInt8] = []
        guard let base = bytes.baseAddress else { return output }
        output.reserveCapacity(range.count + 16)
        let end = range.upperBound
        var index = range.lowerBound
        var isInString = false
        while index < end {
            let byte = base[index]
            var length = 1
            var isSound = true
            switch byte {
            case 0x22: isInString.toggle()
            case 0x5C: (length, isSound) = escape(base, at: index, end: end)
            case 1..<0x20 where isInString:
                appendEscaped(control: byte, to: &output)
                index += 1
                continue
            case 0 where isInString: isSound = false
            case 0x80...:
                length = UTF8Sequence.length(base, at: index, end: end)
                isSound = length > 0
            default: break
            }
            length = max(length, 1)
            if isSound {
                output.append(contentsOf: UnsafeBufferPointer(start: base + index, count: length))
            } else {
                output.append(contentsOf: replacement)
            }
            index += length
        }
        return output
    }

    /// How many bytes of the escape at `index` belong together, and whether PostgreSQL takes them.
    private static func escape(
        _ base: UnsafePointer<UInt8>, at index: Int, end: Int
    ) -> (length: Int, isSound: Bool) {
        guard index + 1 < end else { return (1, false) }
        switch base[index + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return (2, true)
        case 0x75: break
        default: return (1, false)
        }
        guard let unit = UTF8Sequence.hexadecimal(base, at: index + 2, end: end) else { return (1, false) }
        switch unit {
        case 0, 0xDC00..<0xE000: return (6, false)
        case 0xD800..<0xDC00:
            return UTF8Sequence.lowSurrogate(base, at: index + 6, end: end) == nil ? (6, false) : (12, true)
        default: return (6, true)
        }
    }

    /// Appends `text` as a JSON string with its quotes.
    package static func appendQuoted(_ text: String, to output: inout [UInt8]) {
        appendQuoted(text.utf8, to: &output)
    }

    /// Appends the bytes of a text as a JSON string with its quotes. Bytes that are no UTF-8 stay what they are.
    package static func appendQuoted(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
        output.append(0x22)
        for byte in text {
            switch byte {
            case 0x22, 0x5C:
                output.append(0x5C)
                output.append(byte)
            case 0..<0x20: appendEscaped(control: byte, to: &output)
            default: output.append(byte)
            }
        }
        output.append(0x22)
    }

    private static func appendEscaped(control byte: UInt8, to output: inout [UInt8]) {
        output.append(contentsOf: "\\u00".utf8)
        for nibble in [byte >> 4, byte & 15] { output.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble) }
    }

    /// A JSON object of texts, its keys in order.
    package static func object(_ members: [String: String]) -> String {
        var output: [UInt8] = [0x7B]
        for (number, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
            if number > 0 { output.append(0x2C) }
            appendQuoted(member.key, to: &output)
            output.append(0x3A)
            appendQuoted(member.value, to: &output)
        }
        output.append(0x7D)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends the scalar of the `\u` escape at `index` and returns how many bytes it took.
    private static func appendUnicodeEscape(
        _ base: UnsafePointer<UInt8>, at index: Int, end: Int, to output: inout [UInt8]
    ) -> Int {
        guard let unit = UTF8Sequence.hexadecimal(base, at: index + 2, end: end) else {
            output.append(contentsOf: replacement)
            return 1
        }
        if (0xD800..<0xDC00).contains(unit), let low = UTF8Sequence.lowSurrogate(base, at: index + 6, end: end) {
            let scalar = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
            append(scalar: scalar, to: &output)
            return 12
        }
        if unit == 0 || (0xD800..<0xE000).contains(unit) {
            output.append(contentsOf: replacement)
        } else {
            append(scalar: UInt32(unit), to: &output)
        }
        return 6
    }

    private static func append(scalar: UInt32, to output: inout [UInt8]) {
        switch scalar {
        case 0..<0x80:
            output.append(UInt8(scalar))
        case 0x80..<0x800:
            output.append(UInt8(0xC0 | scalar >> 6))
            output.append(UInt8(0x80 | scalar & 0x3F))
        case 0x800..<0x10000:
            output.append(UInt8(0xE0 | scalar >> 12))
            output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            output.append(UInt8(0x80 | scalar & 0x3F))
        default:
            output.append(UInt8(0xF0 | scalar >> 18))
            output.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            output.append(UInt8(0x80 | scalar & 0x3F))
        }
    }
}
