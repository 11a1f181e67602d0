/// Puts text into a log line so that it can neither end the line, nor steer a terminal, nor pass for something else.
enum LogText {
    /// Appends `text` with control characters escaped; `escapesQuotes` also escapes `"` and `\`, as JSON and quoted values
    /// need. The escapes are those of JSON.
    static func append(_ text: String, to output: inout [UInt8], escapesQuotes: Bool) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22 where escapesQuotes: output += [0x5C, 0x22]
            case 0x5C where escapesQuotes: output += [0x5C, 0x5C]
            case 0x0A: output += [0x5C, 0x6E]
            case 0x0D: output += [0x5C, 0x72]
            case 0x09: output += [0x5C, 0x74]
            case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0x200E, 0x200F:
                let digits = String(scalar.value, radix: 16)
                output += "\\u".utf8
                output += String(repeating: "0", count: max(0, 4 - digits.count)).utf8
                output += digits.utf8
            default: output += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
    }

    /// Appends `text` between quotation marks.
    static func appendQuoted(_ text: String, to output: inout [UInt8]) {
        output.append(0x22)
        append(text, to: &output, escapesQuotes: true)
        output.append(0x22)
    }

    /// Whether a value reads without doubt when it stands bare after `key=`.
    static func isBare(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C && $0 != 0x7F }
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// Cuts a line to `limit` bytes without cutting a character.
    static func cut(_ line: inout [UInt8], to limit: Int) {
        guard line.count > limit else { return }
        var end = limit
        while end > 0, line[end] & 0xC0 == 0x80 { end -= 1 }
        line.removeSubrange(end...)
    }
}
