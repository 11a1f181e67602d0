/// Why a text is no JSON that the bridge accepts, and where.
package struct JSONScanError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A closed set, used as a label in metrics and dead letters.
    package enum Code: String, Sendable {
        case unexpectedEnd = "json_unexpected_end"
        case unexpectedByte = "json_unexpected_byte"
        case tooDeep = "json_too_deep"
        case trailingBytes = "json_trailing_bytes"
    }

    /// What was found.
    package var code: Code
    /// The offset of the first byte that does not fit, from the start of the frame.
    package var offset: Int

    /// An error at `offset`.
    package init(code: Code, offset: Int) {
        self.code = code
        self.offset = offset
    }

    package var description: String {
        switch code {
        case .unexpectedEnd: "The JSON ends too early, at byte \(offset)."
        case .unexpectedByte: "The JSON has an unexpected byte at offset \(offset)."
        case .tooDeep: "The JSON is nested deeper than \(JSONScanner.maximumDepth) levels at offset \(offset)."
        case .trailingBytes: "The JSON is followed by other bytes at offset \(offset)."
        }
    }
}

/// What a text holds that the bridge reads over and PostgreSQL would refuse; found while scanning.
///
/// None of it hides where a string or a value ends. So it is no error: one bad byte in a string costs neither its message nor
/// the messages beside it.
package struct JSONFindings: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `\u0000`: neither `text` nor `jsonb` can hold it.
    package static let nulEscape = JSONFindings(rawValue: 1)
    /// Half of a surrogate pair.
    package static let loneSurrogate = JSONFindings(rawValue: 2)
    /// Bytes that are not UTF-8.
    package static let invalidUTF8 = JSONFindings(rawValue: 4)
    /// A number beyond the range of a double, which `jsonb` would expand to as many as 131,072 digits.
    package static let hugeNumber = JSONFindings(rawValue: 8)
    /// A control character that stands in a string as it is. JSON wants it escaped.
    package static let controlCharacter = JSONFindings(rawValue: 16)
    /// A backslash that begins no escape.
    package static let invalidEscape = JSONFindings(rawValue: 32)
    /// A value nested deeper than `JSONScanner.maximumDepth`, whose grammar is sound.
    package static let tooDeep = JSONFindings(rawValue: 64)
    /// A field of another type than Home Assistant's, which the row leaves out. The decoder finds it, not the scanner.
    package static let ignoredField = JSONFindings(rawValue: 128)

    /// Findings that `JSONText.repaired` cures.
    package static let repairable: JSONFindings = [
        .nulEscape, .loneSurrogate, .invalidUTF8, .controlCharacter, .invalidEscape,
    ]
}

/// The inside of a JSON string, without its quotes, as offsets into the scanned bytes.
package struct JSONString: Sendable {
    package var start: Int
    package var end: Int
    /// Whether a backslash occurs, so that the bytes are not yet the text.
    package var hasEscapes: Bool

    /// The inside of a string from `start` to `end`, without its quotes.
    package init(start: Int, end: Int, hasEscapes: Bool) {
        self.start = start
        self.end = end
        self.hasEscapes = hasEscapes
    }

    /// Bytes between the quotes, escapes not resolved.
    package var count: Int { end - start }

    /// The bytes between the quotes, as they stand in the frame.
    package func raw(in bytes: UnsafeBufferPointer<UInt8>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[start..<end]))
    }
}
