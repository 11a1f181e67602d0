import CByteSearch
import Glibc

/// Walks through JSON without building values: it validates the grammar, and tells where keys and values lie.
///
/// The bridge needs a dozen fields of an event; the rest goes through as bytes. What is wrong inside a string becomes a finding,
/// what is wrong between values an error. The scanner allocates nothing, except below `maximumDepth`. It borrows the bytes: they
/// must outlive it.
package struct JSONScanner {
    /// Deeper nesting is no row: PostgreSQL's parser gives up at about 16,000 levels, after using two megabytes of stack.
    package static let maximumDepth = 256

    private let base: UnsafePointer<UInt8>
    private let end: Int

    /// The offset of the next byte to read.
    package private(set) var position: Int

    /// What has been found so far that PostgreSQL would refuse.
    package private(set) var findings: JSONFindings = []

    private var depth = 0

    /// Scans `range` of `bytes`; offsets count from the start of `bytes`.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>) {
        if let base = bytes.baseAddress {
            self.base = base
            position = range.lowerBound
            end = range.upperBound
        } else {
            // An empty buffer may have no address; no byte of this one is ever read.
            base = Self.nothing
            position = 0
            end = 0
        }
    }

    // Immutable, never read, never freed.
    private nonisolated(unsafe) static let nothing = UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

    // MARK: Structure

    /// The first byte of the next value, or `nil` at the end.
    @inline(__always)
    package mutating func peek() -> UInt8? {
        skipWhitespace()
        return position < end ? base[position] : nil
    }

    /// Enters an object. Returns `false` when it is empty, which also leaves it.
    package mutating func enterObject() throws(JSONScanError) -> Bool {
        try enter(opening: 0x7B, closing: 0x7D)
    }

    /// Enters an array. Returns `false` when it is empty, which also leaves it.
    package mutating func enterArray() throws(JSONScanError) -> Bool {
        try enter(opening: 0x5B, closing: 0x5D)
    }

    /// Reads a key and its colon.
    package mutating func key() throws(JSONScanError) -> JSONString {
        skipWhitespace()
        let key = try string()
        try expect(0x3A)
        return key
    }

    /// Reads the comma before the next member and returns `true`, or leaves the object and returns `false`.
    package mutating func nextMember() throws(JSONScanError) -> Bool { try next(closing: 0x7D) }

    /// Reads the comma before the next element and returns `true`, or leaves the array and returns `false`.
    package mutating func nextElement() throws(JSONScanError) -> Bool { try next(closing: 0x5D) }

    /// Throws unless nothing but white space is left.
    package mutating func finish() throws(JSONScanError) {
        skipWhitespace()
        if position < end { throw JSONScanError(code: .trailingBytes, offset: position) }
    }

    /// Validates the next value and returns where it lies.
    package mutating func skipValue() throws(JSONScanError) -> Range<Int> {
        skipWhitespace()
        let start = position
        guard position < end else { throw JSONScanError(code: .unexpectedEnd, offset: position) }
        switch base[position] {
        case 0x7B where depth >= Self.maximumDepth, 0x5B where depth >= Self.maximumDepth:
            try skipDeepValue()
        case 0x7B:
            if try enterObject() {
                repeat {
                    _ = try key()
                    _ = try skipValue()
                } while try nextMember()
            }
        case 0x5B:
            if try enterArray() {
                repeat { _ = try skipValue() } while try nextElement()
            }
        default: try scalar()
        }
        return start..<position
    }

    /// Skips an object or array that someone else will read: where it ends is told by its brackets alone, in a tenth of the time. What is
    /// wrong inside is not found. A value whose brackets do not end, and any other value, is validated.
    package mutating func skipUnread() throws(JSONScanError) -> Range<Int> {
        if let byte = peek(), byte == 0x7B || byte == 0x5B {
            let (start, after) = (position, cbytesearch_end_of_value(base, position, end))
            if after > start {
                position = after
                return start..<after
            }
        }
        return try skipValue()
    }

    /// Starts to collect findings for a part of the text; hand what it returns to `endPart`.
    package mutating func beginPart() -> JSONFindings {
        defer { findings = [] }
        return findings
    }

    /// What was found since `beginPart`, which counts for the whole text as well.
    package mutating func endPart(_ outer: JSONFindings) -> JSONFindings {
        defer { findings.formUnion(outer) }
        return findings
    }

    /// Notes something that only the caller can tell.
    package mutating func note(_ finding: JSONFindings) { findings.insert(finding) }

    /// Validates an object or an array without recursion: however deep it is, the stack of this thread does not grow.
    private mutating func skipDeepValue() throws(JSONScanError) {
        findings.insert(.tooDeep)
        var open = NestingStack()
        values: while true {
            skipWhitespace()
            guard position < end else { throw JSONScanError(code: .unexpectedEnd, offset: position) }
            let byte = base[position]
            if byte == 0x7B || byte == 0x5B {
                let isObject = byte == 0x7B
                position += 1
                skipWhitespace()
                if position < end, base[position] == (isObject ? 0x7D : 0x5D) {
                    position += 1
                } else {
                    open.push(isObject)
                    if isObject { _ = try key() }
                    continue values
                }
            } else {
                try scalar()
            }
            // A value has ended, and with it perhaps those around it.
            while let isObject = open.last {
                skipWhitespace()
                guard position < end else { throw JSONScanError(code: .unexpectedEnd, offset: position) }
                if base[position] == 0x2C {
                    position += 1
                    if isObject { _ = try key() }
                    continue values
                }
                guard base[position] == (isObject ? 0x7D : 0x5D) else {
                    throw JSONScanError(code: .unexpectedByte, offset: position)
                }
                position += 1
                open.pop()
            }
            return
        }
    }

    /// Reads a string, or skips any other value and returns `nil`.
    package mutating func stringOrSkip() throws(JSONScanError) -> JSONString? {
        if peek() == 0x22 { return try string() }
        _ = try skipValue()
        return nil
    }

    /// Validates the next value. Returns where it lies, and whether it is a string with escapes.
    package mutating func skipValueOrString() throws(JSONScanError) -> (range: Range<Int>, hasEscapes: Bool) {
        guard peek() == 0x22 else { return (try skipValue(), false) }
        let string = try string()
        return (string.start - 1..<string.end + 1, string.hasEscapes)
    }

    /// Whether the inside of `string` is exactly `text`. Keys of Home Assistant are plain ASCII, so escapes never match.
    @inline(__always)
    package func equals(_ string: JSONString, _ text: StaticString) -> Bool {
        // Where the text is a literal, the compiler makes two comparisons of words of it.
        let count = text.utf8CodeUnitCount
        return string.count == count && memcmp(base + string.start, text.utf8Start, count) == 0
    }

    // MARK: Scalars

    private mutating func scalar() throws(JSONScanError) {
        switch base[position] {
        case 0x22: _ = try string()
        case 0x74: try literal("true")
        case 0x66: try literal("false")
        case 0x6E: try literal("null")
        default: try number()
        }
    }

    /// Reads the string that starts at the next byte.
    @inline(__always)
    package mutating func string() throws(JSONScanError) -> JSONString {
        guard position < end else { throw JSONScanError(code: .unexpectedEnd, offset: position) }
        guard base[position] == 0x22 else { throw JSONScanError(code: .unexpectedByte, offset: position) }
        let start = position + 1
        let index = cbytesearch_end_of_plain(base, start, end)
        guard index < end, base[index] == 0x22 else { return try string(from: start, plainUntil: index) }
        position = index + 1
        return JSONString(start: start, end: index, hasEscapes: false)
    }

    /// Reads the string that begins at `start` and holds more than plain characters, the first of them at `index`.
    private mutating func string(from start: Int, plainUntil index: Int) throws(JSONScanError) -> JSONString {
        var index = index
        var hasEscapes = false
        while index < end {
            switch base[index] {
            case 0x22:
                position = index + 1
                return JSONString(start: start, end: index, hasEscapes: hasEscapes)
            case 0x5C:
                hasEscapes = true
                index = try escape(at: index)
            case 0..<0x20:
                findings.insert(.controlCharacter)
                index += 1
            default:
                let length = UTF8Sequence.length(base, at: index, end: end)
                if length == 0 { findings.insert(.invalidUTF8) }
                index += max(length, 1)
            }
            index = cbytesearch_end_of_plain(base, index, end)
        }
        throw JSONScanError(code: .unexpectedEnd, offset: end)
    }

    /// Reads the escape at `index` and returns the offset after it. A backslash that begins no escape counts as a character.
    private mutating func escape(at index: Int) throws(JSONScanError) -> Int {
        guard index + 1 < end else { throw JSONScanError(code: .unexpectedEnd, offset: end) }
        switch base[index + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return index + 2
        case 0x75: break
        default:
            findings.insert(.invalidEscape)
            return index + 1
        }
        guard let unit = UTF8Sequence.hexadecimal(base, at: index + 2, end: end) else {
            findings.insert(.invalidEscape)
            return index + 1
        }
        switch unit {
        case 0:
            findings.insert(.nulEscape)
        case 0xD800..<0xDC00:
            if UTF8Sequence.lowSurrogate(base, at: index + 6, end: end) != nil { return index + 12 }
            findings.insert(.loneSurrogate)
        case 0xDC00..<0xE000:
            findings.insert(.loneSurrogate)
        default: break
        }
        return index + 6
    }

    private mutating func number() throws(JSONScanError) {
        let start = position
        if base[position] == 0x2D { position += 1 }
        let integer = digits()
        guard integer > 0 else { throw unexpected(from: start) }
        if integer > 1, base[position - integer] == 0x30 {
            throw JSONScanError(code: .unexpectedByte, offset: position - integer + 1)
        }
        var fraction = 0
        if position < end, base[position] == 0x2E {
            position += 1
            fraction = digits()
            guard fraction > 0 else { throw unexpected(from: start) }
        }
        if position < end, base[position] | 0x20 == 0x65 {
            position += 1
            let isNegative = position < end && base[position] == 0x2D
            if isNegative || position < end && base[position] == 0x2B { position += 1 }
            let first = position
            let count = digits()
            guard count > 0 else { throw unexpected(from: start) }
            var exponent = 0
            for index in first..<position { exponent = min(exponent * 10 + Int(base[index] & 0x0F), 10_000) }
            // The largest double is about 1.8e308, the smallest 4.9e-324.
            if exponent > (isNegative ? 400 : 308) { findings.insert(.hugeNumber) }
        }
        if integer > 309 || fraction > 1_100 { findings.insert(.hugeNumber) }
    }

    private mutating func digits() -> Int {
        let start = position
        while position < end, base[position] &- 0x30 <= 9 { position += 1 }
        return position - start
    }

    private func unexpected(from start: Int) -> JSONScanError {
        position < end
            ? JSONScanError(code: .unexpectedByte, offset: position)
            : JSONScanError(code: .unexpectedEnd, offset: start)
    }

    private mutating func literal(_ text: StaticString) throws(JSONScanError) {
        let count = text.utf8CodeUnitCount
        guard position + count <= end else { throw JSONScanError(code: .unexpectedEnd, offset: end) }
        let expected = text.utf8Start
        for offset in 0..<count where base[position + offset] != expected[offset] {
            throw JSONScanError(code: .unexpectedByte, offset: position + offset)
        }
        position += count
    }

    // MARK: Punctuation

    @inline(__always)
    private mutating func skipWhitespace() {
        while position < end {
            switch base[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func expect(_ byte: UInt8) throws(JSONScanError) {
        skipWhitespace()
        guard position < end else { throw JSONScanError(code: .unexpectedEnd, offset: position) }
        guard base[position] == byte else { throw JSONScanError(code: .unexpectedByte, offset: position) }
        position += 1
    }

    @inline(__always)
    private mutating func enter(opening: UInt8, closing: UInt8) throws(JSONScanError) -> Bool {
        try expect(opening)
        guard depth < Self.maximumDepth else { throw JSONScanError(code: .tooDeep, offset: position - 1) }
        skipWhitespace()
        if position < end, base[position] == closing {
            position += 1
            return false
        }
        depth += 1
        return true
    }

    @inline(__always)
    private mutating func next(closing: UInt8) throws(JSONScanError) -> Bool {
        skipWhitespace()
        guard position < end else { throw JSONScanError(code: .unexpectedEnd, offset: position) }
        switch base[position] {
        case 0x2C:
            position += 1
            return true
        case closing:
            position += 1
            depth -= 1
            return false
        default:
            throw JSONScanError(code: .unexpectedByte, offset: position)
        }
    }
}
