import BridgeCore

/// One attribute that a text may tell, as a place in the JSON that holds it.
struct AttributeValue {
    enum Form: UInt8 {
        case number
        case text
        case yes
        case no
        /// An array or an object, of which only a change is told.
        case other
    }

    let name: AttributeName
    let form: Form
    let hasEscapes: Bool
    // Many are remembered, and no frame is of four gigabytes.
    private let place: UInt32
    private let length: UInt32
    let number: Double

    init(name: AttributeName, form: Form, number: Double, start: Int, count: Int, hasEscapes: Bool) {
        self.name = name
        self.form = form
        self.number = number
        self.hasEscapes = hasEscapes
        place = UInt32(clamping: start)
        length = UInt32(clamping: count)
    }

    /// From the start of the JSON object to the start of the value, inside of its quotes where it has some.
    var start: Int { Int(place) }
    var count: Int { Int(length) }

    func bytes(in object: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: object[start..<start + count])
    }

    /// Whether both say the same.
    func equals(
        _ other: AttributeValue, _ object: UnsafeBufferPointer<UInt8>, _ otherObject: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard form == other.form else { return false }
        switch form {
        case .number: return number == other.number
        case .yes, .no: return true
        case .text, .other: return ByteComparison.equals(bytes(in: object), other.bytes(in: otherObject))
        }
    }
}

/// The attributes of one state, or the data of another event, that a text may tell. At most one value for each name.
struct AttributeList {
    private(set) var values: [AttributeValue] = []
    private(set) var names: AttributeSet = []

    subscript(_ name: AttributeName) -> AttributeValue? {
        names.contains(name) ? values.first { $0.name == name } : nil
    }

    mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
        names = []
    }

    /// Takes over the values of `other`, and keeps its own memory.
    mutating func replace(by other: AttributeList) {
        values.removeAll(keepingCapacity: true)
        values.append(contentsOf: other.values)
        names = other.names
    }

    /// The same in memory of its own, no more than it needs.
    var copy: AttributeList {
        var copy = AttributeList()
        copy.values.reserveCapacity(values.count)
        copy.replace(by: self)
        return copy
    }

    mutating func append(_ value: AttributeValue) {
        // Where a key occurs twice the last one counts, as in the row.
        if names.contains(value.name) { values.removeAll { $0.name == value.name } }
        names.insert(value.name)
        values.append(value)
    }
}

/// Finds the attributes of `AttributeName` in a JSON object.
enum AttributeReader {
    /// A service may be called for hundreds of entities; a sentence names a few.
    private static let targetLimit = 3

    /// Replaces `list` by what `object` holds; by nothing where it is no JSON object.
    static func read(_ object: UnsafeBufferPointer<UInt8>, into list: inout AttributeList) {
        list.removeAll()
        var scanner = JSONScanner(object, range: 0..<object.count)
        guard scanner.peek() == 0x7B else { return }
        do throws(JSONScanError) {
            guard try scanner.enterObject() else { return }
            let index = AttributeName.Index.shared
            repeat {
                let key = try scanner.key()
                let name = index.name(of: UnsafeBufferPointer(rebasing: object[key.start..<key.end]))
                let (range, hasEscapes) = try scanner.skipValueOrString()
                guard let name else { continue }
                append(name, range, hasEscapes: hasEscapes, of: object, at: 0, to: &list)
            } while try scanner.nextMember()
        } catch {
            // The decoder has been here before and found no fault; what was read so far serves.
        }
    }

    /// The same for the object in `range` of `bytes`, whose members someone has found.
    static func read(
        _ members: [AttributeMembers.Member], of range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>,
        into list: inout AttributeList
    ) {
        list.removeAll()
        let index = AttributeName.Index.shared
        for member in members {
            guard let name = index.name(of: UnsafeBufferPointer(rebasing: bytes[member.key])) else { continue }
            append(name, member.value, hasEscapes: member.hasEscapes, of: bytes, at: range.lowerBound, to: &list)
        }
    }

    /// Appends the value in `range` of `bytes`, as a place from `start` on. Null is no value, nor is a number beyond all others.
    private static func append(
        _ name: AttributeName, _ range: Range<Int>, hasEscapes: Bool, of bytes: UnsafeBufferPointer<UInt8>,
        at start: Int, to list: inout AttributeList
    ) {
        var inside = range
        var number = 0.0
        let form: AttributeValue.Form
        switch bytes[range.lowerBound] {
        case 0x22:
            form = .text
            inside = range.lowerBound + 1..<range.upperBound - 1
        case 0x6E: return
        case 0x74: form = .yes
        case 0x66: form = .no
        case 0x7B, 0x5B: form = .other
        default:
            let text = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range]))
            guard let value = NumericState.parse(text) else { return }
            form = .number
            number = value
        }
        list.append(
            AttributeValue(
                name: name, form: form, number: number, start: inside.lowerBound - start, count: inside.count,
                hasEscapes: hasEscapes))
    }

    /// The entities, devices and areas that a call of a service was for: in `service_data`, or in `target` within it.
    static func targets(of object: UnsafeBufferPointer<UInt8>) -> [JSONString] {
        var found: [JSONString] = []
        var scanner = JSONScanner(object, range: 0..<object.count)
        do throws(JSONScanError) {
            guard scanner.peek() == 0x7B, try scanner.enterObject() else { return [] }
            repeat {
                let key = try scanner.key()
                if scanner.equals(key, "service_data") || scanner.equals(key, "target"), scanner.peek() == 0x7B {
                    try gather(&scanner, into: &found)
                } else {
                    _ = try scanner.skipValue()
                }
            } while try scanner.nextMember()
        } catch {
            // As above.
        }
        return found
    }

    private static func gather(_ scanner: inout JSONScanner, into found: inout [JSONString]) throws(JSONScanError) {
        guard try scanner.enterObject() else { return }
        repeat {
            let key = try scanner.key()
            if scanner.equals(key, "entity_id") || scanner.equals(key, "area_id") {
                if scanner.peek() == 0x5B {
                    guard try scanner.enterArray() else { continue }
                    repeat {
                        let item = try scanner.stringOrSkip()
                        if let item, found.count < targetLimit { found.append(item) }
                    } while try scanner.nextElement()
                } else if let item = try scanner.stringOrSkip(), found.count < targetLimit {
                    found.append(item)
                }
            } else {
                _ = try scanner.skipValue()
            }
        } while try scanner.nextMember()
    }
}
