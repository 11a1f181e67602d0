import BridgeCore

/// The members of a JSON object, found by name without building values of those that nobody asks for.
struct JSONFields {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var members: [(key: JSONString, value: Range<Int>)] = []

    /// The object at `range`; `nil` where something else is there.
    init?(_ bytes: UnsafeBufferPointer<UInt8>, at range: Range<Int>?) {
        guard let range else { return nil }
        self.bytes = bytes
        var scanner = JSONScanner(bytes, range: range)
        guard scanner.peek() == 0x7B else { return nil }
        do throws(JSONScanError) {
            guard try scanner.enterObject() else { return }
            repeat {
                let key = try scanner.key()
                members.append((key, try scanner.skipValue()))
            } while try scanner.nextMember()
        } catch {
            return nil
        }
    }

    /// Where the value of a member lies; of members of one name the last one counts, as in Python.
    func place(_ key: StaticString) -> Range<Int>? {
        let scanner = JSONScanner(bytes, range: 0..<0)
        return members.last { scanner.equals($0.key, key) }?.value
    }

    /// The name of a member.
    func name(of key: JSONString) -> String { JSONText.string(key, of: bytes) }

    /// A text that is not empty.
    func text(_ key: StaticString) -> String? { Self.text(bytes, at: place(key)) }

    /// `true` or `false`; `nil` for anything else.
    func flag(_ key: StaticString) -> Bool? {
        switch place(key).map({ bytes[$0.lowerBound] }) {
        case 0x74: true
        case 0x66: false
        default: nil
        }
    }

    /// A number; `nil` for anything else.
    func number(_ key: StaticString) -> Double? {
        guard let place = place(key) else { return nil }
        return Double(String(decoding: UnsafeBufferPointer(rebasing: bytes[place]), as: UTF8.self))
    }

    /// A moment as Home Assistant writes it.
    func time(_ key: StaticString) -> Timestamp? { text(key).flatMap { Timestamp(iso8601: $0) } }

    /// The object in a member.
    func object(_ key: StaticString) -> JSONFields? { JSONFields(bytes, at: place(key)) }

    /// The string at a place; `nil` for an empty one and for anything else.
    static func text(_ bytes: UnsafeBufferPointer<UInt8>, at place: Range<Int>?) -> String? {
        guard let place, bytes[place.lowerBound] == 0x22 else { return nil }
        var scanner = JSONScanner(bytes, range: place)
        guard let string = try? scanner.string(), string.count > 0 else { return nil }
        return JSONText.string(string, of: bytes).replacing("\0", with: "\u{FFFD}")
    }

    /// The places of an array's elements; none where something else is there.
    static func elements(_ bytes: UnsafeBufferPointer<UInt8>, at place: Range<Int>?) -> [Range<Int>] {
        guard let place else { return [] }
        var places: [Range<Int>] = []
        var scanner = JSONScanner(bytes, range: place)
        do throws(JSONScanError) {
            guard scanner.peek() == 0x5B, try scanner.enterArray() else { return [] }
            repeat { places.append(try scanner.skipValue()) } while try scanner.nextElement()
        } catch {
            return places
        }
        return places
    }
}
