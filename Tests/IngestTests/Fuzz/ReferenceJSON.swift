/// A JSON value as a plain reader sees it: slow, simple, and without a line of the bridge's own code. It allows in strings what
/// the bridge allows, and notes it.
final class ReferenceJSON {
    struct Member {
        /// The key's bytes as they stand there.
        let raw: [UInt8]
        let key: [UInt8]
        let value: ReferenceJSON
    }

    enum Kind {
        case null
        case bool(Bool)
        case number([UInt8])
        /// Text in UTF-8, substitutes in place.
        case string([UInt8])
        case array([ReferenceJSON])
        case object([Member])
    }

    struct Faults: OptionSet {
        let rawValue: Int
        static let repair = Faults(rawValue: 1)
        static let hugeNumber = Faults(rawValue: 2)
        static let depth = Faults(rawValue: 4)
    }

    fileprivate(set) var kind: Kind
    fileprivate(set) var range: Range<Int>
    /// Of the value and all that is in it.
    fileprivate(set) var faults: Faults

    init(_ kind: Kind, _ range: Range<Int>, _ faults: Faults = []) {
        self.kind = kind
        self.range = range
        self.faults = faults
    }

    /// The last value of a key, compared by its bytes.
    subscript(_ key: String) -> ReferenceJSON? {
        guard case .object(let members) = kind else { return nil }
        return members.last { $0.raw.elementsEqual(key.utf8) }?.value
    }

    /// All values of a key, where it occurs more than once.
    func all(_ key: String) -> [ReferenceJSON] {
        guard case .object(let members) = kind else { return [] }
        return members.filter { $0.raw.elementsEqual(key.utf8) }.map(\.value)
    }

    /// Whether it is neither null nor of the type that Home Assistant sends.
    func isForeign(object: Bool) -> Bool { !isNull && (object ? !isObject : text == nil) }

    var text: [UInt8]? {
        guard case .string(let text) = kind else { return nil }
        return text
    }

    var isNull: Bool {
        if case .null = kind { return true }
        return false
    }

    var isObject: Bool {
        if case .object = kind { return true }
        return false
    }

    /// Reads the whole of `bytes`, or `nil` where they are no JSON. Objects and arrays below level `limit` stay empty.
    static func parse(_ bytes: [UInt8], limit: Int = 256) -> ReferenceJSON? {
        var reader = ReferenceReader(bytes: bytes, limit: limit)
        return reader.document()
    }
}

private struct ReferenceReader {
    let bytes: [UInt8]
    let limit: Int
    var position = 0

    /// An object or an array that is not closed yet.
    private struct Open {
        let isObject: Bool
        let start: Int
        var elements: [ReferenceJSON] = []
        var members: [ReferenceJSON.Member] = []
        var key: (raw: [UInt8], text: [UInt8])?
        var faults: ReferenceJSON.Faults = []
    }

    init(bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    private mutating func space() {
        while position < bytes.count, [0x20, 9, 10, 13].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        space()
        guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
        position += 1
        return true
    }

    mutating func document() -> ReferenceJSON? {
        var open: [Open] = []
        while true {
            space()
            var value: ReferenceJSON?
            let start = position
            if take("{") {
                open.append(Open(isObject: true, start: start))
                if !take("}") {
                    guard key(&open[open.count - 1]) else { return nil }
                    continue
                }
                value = close(&open)
            } else if take("[") {
                open.append(Open(isObject: false, start: start))
                if !take("]") { continue }
                value = close(&open)
            } else {
                value = scalar()
            }
            guard var complete = value else { return nil }
            // Puts the value where it belongs, and closes what ends with it.
            while true {
                guard !open.isEmpty else {
                    space()
                    return position == bytes.count ? complete : nil
                }
                add(complete, to: &open)
                if take(",") {
                    if open[open.count - 1].isObject, !key(&open[open.count - 1]) { return nil }
                    break
                }
                guard take(open[open.count - 1].isObject ? "}" : "]") else { return nil }
                complete = close(&open)
            }
        }
    }

    private mutating func close(_ open: inout [Open]) -> ReferenceJSON {
        let last = open.removeLast()
        var faults = last.faults
        if open.count >= limit { faults.insert(.depth) }
        return ReferenceJSON(
            last.isObject ? .object(last.members) : .array(last.elements), last.start..<position, faults)
    }

    private func add(_ value: ReferenceJSON, to open: inout [Open]) {
        let top = open.count - 1
        open[top].faults.formUnion(value.faults)
        guard top < limit else { return }
        if let key = open[top].key {
            open[top].members.append(.init(raw: key.raw, key: key.text, value: value))
        } else {
            open[top].elements.append(value)
        }
    }

    private mutating func key(_ open: inout Open) -> Bool {
        space()
        let start = position
        guard let key = string(), let text = key.text else { return false }
        let raw = Array(bytes[(start + 1)..<(position - 1)])
        open.faults.formUnion(key.faults)
        open.key = (raw, text)
        return take(":")
    }

    private mutating func scalar() -> ReferenceJSON? {
        guard position < bytes.count else { return nil }
        let start = position
        if bytes[position] == UInt8(ascii: "\"") { return string() }
        for (word, kind) in [
            ("null", ReferenceJSON.Kind.null), ("true", .bool(true)), ("false", .bool(false)),
        ] where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return ReferenceJSON(kind, start..<position)
        }
        return number()
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        return position - start
    }

    private mutating func number() -> ReferenceJSON? {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let first = position
        let integer = digits()
        if integer == 0 || integer > 1 && bytes[first] == 0x30 { return nil }
        var isHuge = integer > 309
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            let count = digits()
            if count == 0 { return nil }
            if count > 1_100 { isHuge = true }
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: "e") || bytes[position] == UInt8(ascii: "E") {
            position += 1
            let isNegative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
            if isNegative || position < bytes.count && bytes[position] == UInt8(ascii: "+") { position += 1 }
            let exponentStart = position
            if digits() == 0 { return nil }
            let significant = String(decoding: bytes[exponentStart..<position], as: UTF8.self).drop { $0 == "0" }
            if significant.count > 4 || (Int(significant) ?? 0) > (isNegative ? 400 : 308) { isHuge = true }
        }
        return ReferenceJSON(.number(Array(bytes[start..<position])), start..<position, isHuge ? .hugeNumber : [])
    }

    private mutating func string() -> ReferenceJSON? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        let start = position
        position += 1
        var text: [UInt8] = []
        var faults: ReferenceJSON.Faults = []
        func substitute() {
            text.append(contentsOf: "\u{FFFD}".utf8)
            faults.insert(.repair)
        }
        let simple: [Character: Character] = [
            "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
        ]
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return ReferenceJSON(.string(text), start..<position, faults)
            }
            if byte == UInt8(ascii: "\\") {
                guard position + 1 < bytes.count else { return nil }
                if let meaning = simple[Character(UnicodeScalar(bytes[position + 1]))] {
                    text.append(contentsOf: String(meaning).utf8)
                    position += 2
                } else if let high = unit(at: position) {
                    if let low = unit(at: position + 6), UTF16.isLeadSurrogate(high), UTF16.isTrailSurrogate(low) {
                        text.append(contentsOf: String(decoding: [high, low], as: UTF16.self).utf8)
                        position += 12
                    } else {
                        if high == 0 || UTF16.isSurrogate(high) {
                            substitute()
                        } else {
                            text.append(contentsOf: String(decoding: [high], as: UTF16.self).utf8)
                        }
                        position += 6
                    }
                } else {
                    substitute()
                    position += 1
                }
            } else if byte == 0 {
                substitute()
                position += 1
            } else if byte < 0x80 {
                if byte < 0x20 { faults.insert(.repair) }
                text.append(byte)
                position += 1
            } else {
                // The shortest piece that Swift's own validation takes is one character.
                let length = (2...4).first { count in
                    position + count <= bytes.count
                        && String(validating: bytes[position..<(position + count)], as: UTF8.self) != nil
                }
                if let length {
                    text.append(contentsOf: bytes[position..<(position + length)])
                } else {
                    substitute()
                }
                position += length ?? 1
            }
        }
        return nil
    }

    /// The code unit of the `\u` escape at `index`.
    private func unit(at index: Int) -> UInt16? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        let digits = bytes[(index + 2)..<(index + 6)]
        guard digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit && $0 < 0x80 }) else { return nil }
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}

extension ReferenceJSON {
    /// A text that is the same for all values that `jsonb` takes for equal: keys sorted, the last of equal ones, numbers in one
    /// form.
    var canonical: [UInt8] {
        var output: [UInt8] = []
        appendCanonical(to: &output)
        return output
    }

    private func appendCanonical(to output: inout [UInt8]) {
        switch kind {
        case .null: output += Array("null".utf8)
        case .bool(let value): output += Array((value ? "true" : "false").utf8)
        case .number(let digits): output += Self.canonical(number: digits)
        case .string(let text): Self.append(text: text, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for element in elements {
                element.appendCanonical(to: &output)
                output.append(UInt8(ascii: ","))
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            var last: [[UInt8]: ReferenceJSON] = [:]
            for member in members { last[member.key] = member.value }
            output.append(UInt8(ascii: "{"))
            for (key, value) in last.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                Self.append(text: key, to: &output)
                value.appendCanonical(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// With a NUL at the end, which no text holds.
    private static func append(text: [UInt8], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        output += text
        output.append(0)
    }

    /// Sign, digits without zeros at either end, and the power of ten of the last digit.
    private static func canonical(number: [UInt8]) -> [UInt8] {
        let text = String(decoding: number, as: UTF8.self).lowercased()
        let parts = text.split(separator: "e", omittingEmptySubsequences: false)
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].drop { $0 == "-" }
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        var digits = halves.joined()
        if halves.count > 1 { exponent -= halves[1].count }
        digits = String(digits.drop { $0 == "0" })
        while digits.hasSuffix("0") {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty { return Array("0".utf8) }
        return Array("\(text.hasPrefix("-") ? "-" : "")\(digits)e\(exponent)".utf8)
    }
}
