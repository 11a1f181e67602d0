import BridgeCore

/// Where the next page of a list begins: the sort key of the last row that was given out.
///
/// Opaque to clients: hexadecimal digits of the parts, each with its length before it. It names rows and grants nothing, so it
/// need not be signed; whoever changes it begins somewhere else among the same rows.
struct PageCursor: Sendable, Equatable {
    /// At most this many bytes of parts.
    private static let limit = 1_024

    let parts: [String]

    /// A cursor behind the row whose sort key is `parts`.
    init(after parts: String...) { self.parts = parts }

    /// Reads what `text` wrote, or returns `nil`.
    init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2), (2...Self.limit * 2).contains(digits.count) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        var parts: [String] = []
        var rest = bytes[...]
        while let length = rest.popFirst() {
            guard rest.count >= Int(length) else { return nil }
            guard let part = String(validating: rest.prefix(Int(length)), as: UTF8.self), !part.utf8.contains(0) else {
                return nil
            }
            parts.append(part)
            rest = rest.dropFirst(Int(length))
        }
        self.parts = parts
    }

    /// The form for a URL. Parts longer than 255 bytes do not occur: names and ids are shorter.
    var text: String {
        var bytes: [UInt8] = []
        for part in parts {
            let part = part.utf8.prefix(255)
            bytes.append(UInt8(part.count))
            bytes += part
        }
        return String(decoding: bytes.flatMap { [Self.digit($0 >> 4), Self.digit($0 & 15)] }, as: UTF8.self)
    }

    /// The parts, where there are `count`, as two moments and ids have; else a `Problem`.
    func parts(_ count: Int) throws(Problem) -> [String] {
        guard parts.count == count else { throw Self.foreign }
        return parts
    }

    /// What a cursor of another list gets.
    static let foreign = Problem.unfit("The parameter cursor belongs to another list.")

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}

/// One page of a list.
struct Page {
    let items: [JSONValue]
    /// `nil` on the last page.
    let next: PageCursor?

    /// The page out of `rows`, of which one more than `limit` was asked for, so that it is known whether there are more.
    init<Row>(_ rows: [Row], limit: Int, item: (Row) throws -> JSONValue, cursor: (Row) -> PageCursor) rethrows {
        let shown = rows.prefix(limit)
        items = try shown.map(item)
        next = rows.count > limit ? shown.last.map(cursor) : nil
    }

    var jsonValue: JSONValue { .object(["items": .array(items), "next_cursor": .optional(next?.text)]) }
}
