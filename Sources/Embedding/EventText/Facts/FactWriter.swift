import BridgeCore

/// Writes facts as bytes: the key of recent documents, see `EventFacts`.
struct FactWriter {
    /// Bytes of one text that are kept. A text tells 80 characters at most.
    static let textLimit = 240

    enum Tag {
        static let none: UInt8 = 0
        static let unavailable: UInt8 = 1
        static let unknown: UInt8 = 2
        static let moment: UInt8 = 3
        static let number: UInt8 = 4
        static let text: UInt8 = 5
        static let yes: UInt8 = 6
        static let no: UInt8 = 7
        static let other: UInt8 = 8
    }

    private(set) var bytes: [UInt8] = []
    private var scratch: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    /// Begins the facts of an event of the entity whose description has the number `entity`, 0 for none.
    mutating func start(_ form: EventFacts.Form, entity: UInt64) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(bytesOf: entity.littleEndian)
        bytes.append(form.rawValue)
    }

    mutating func append(_ tag: UInt8) { bytes.append(tag) }

    mutating func append(_ number: RoundedNumber?) {
        guard let number else {
            bytes.append(Tag.other)
            return
        }
        bytes.append(Tag.number)
        bytes.append(bytesOf: number.units.littleEndian)
        bytes.append(UInt8(bitPattern: number.exponent))
    }

    mutating func append(text: UnsafeBufferPointer<UInt8>) {
        var count = min(text.count, Self.textLimit)
        // Not within a character.
        if count < text.count { while count > 0, text[count] & 0xC0 == 0x80 { count -= 1 } }
        bytes.append(Tag.text)
        bytes.append(UInt8(truncatingIfNeeded: count))
        bytes.append(copying: UnsafeRawBufferPointer(start: text.baseAddress, count: count))
    }

    mutating func append(_ string: JSONString, of source: UnsafeBufferPointer<UInt8>) {
        guard string.hasEscapes else {
            append(text: UnsafeBufferPointer(rebasing: source[string.start..<string.end]))
            return
        }
        scratch.removeAll(keepingCapacity: true)
        JSONText.append(string, of: source, to: &scratch)
        let copy = scratch
        copy.withUnsafeBufferPointer { append(text: $0) }
    }

    /// Appends an attribute of `object`, its number rounded by `rule`.
    mutating func append(
        _ value: AttributeValue, _ movement: EventFacts.Movement, of object: UnsafeBufferPointer<UInt8>,
        rule: NumberRule?
    ) {
        bytes.append(value.name.rawValue)
        bytes.append(movement.rawValue)
        switch value.form {
        case .number: append(rule.flatMap { $0.round(value.number) })
        case .text:
            append(
                JSONString(start: value.start, end: value.start + value.count, hasEscapes: value.hasEscapes),
                of: object)
        case .yes: bytes.append(Tag.yes)
        case .no: bytes.append(Tag.no)
        case .other: bytes.append(Tag.other)
        }
    }

    /// Appends an attribute that is a text of its own.
    mutating func append(_ name: AttributeName, text: UnsafeBufferPointer<UInt8>) {
        bytes.append(name.rawValue)
        bytes.append(EventFacts.Movement.detail.rawValue)
        append(text: text)
    }
}

/// Reads back what `FactWriter` wrote.
struct FactReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// The facts; `nil` for bytes that no writer wrote.
    mutating func facts() -> EventFacts? {
        rest = rest.dropFirst(8)
        guard let form = rest.popFirst().flatMap(EventFacts.Form.init(rawValue:)) else { return nil }
        var facts = EventFacts(form: form)
        if form == .other {
            guard case .text(let type)? = state() else { return nil }
            facts.eventType = type
        } else {
            guard let old = state(), let new = state(),
                let movement = rest.popFirst().flatMap(EventFacts.Movement.init(rawValue:)),
                let lasted = rest.popFirst().flatMap(Lasting.init(rawValue:))
            else { return nil }
            facts.old = old
            facts.new = new
            facts.movement = movement
            facts.lasted = lasted
        }
        while let name = rest.popFirst() {
            guard let name = AttributeName(rawValue: name),
                let movement = rest.popFirst().flatMap(EventFacts.Movement.init(rawValue:)), let value = value()
            else { return nil }
            facts.attributes.append(EventFacts.Attribute(name: name, movement: movement, value: value))
        }
        return facts
    }

    private mutating func state() -> EventFacts.State? {
        switch rest.popFirst() {
        case FactWriter.Tag.none, FactWriter.Tag.other: EventFacts.State.none
        case FactWriter.Tag.unavailable: .unavailable
        case FactWriter.Tag.unknown: .unknown
        case FactWriter.Tag.moment: .moment
        case FactWriter.Tag.number: number().map { .number($0) }
        case FactWriter.Tag.text: text().map { .text($0) }
        default: nil
        }
    }

    private mutating func value() -> EventFacts.Value? {
        switch rest.popFirst() {
        case FactWriter.Tag.number: number().map { .number($0) }
        case FactWriter.Tag.text: text().map { .text($0) }
        case FactWriter.Tag.yes: .flag(true)
        case FactWriter.Tag.no: .flag(false)
        case FactWriter.Tag.other: .other
        default: nil
        }
    }

    private mutating func number() -> RoundedNumber? {
        guard rest.count >= 9 else { return nil }
        let units = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(8)
        guard let exponent = rest.popFirst() else { return nil }
        return RoundedNumber(units: Int64(bitPattern: units), exponent: Int8(bitPattern: exponent))
    }

    private mutating func text() -> String? {
        guard let count = rest.popFirst(), rest.count >= Int(count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return OneLine.text(String(decoding: rest.prefix(Int(count)), as: UTF8.self), limit: OneLine.wordsLimit)
    }
}
