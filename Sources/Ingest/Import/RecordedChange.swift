import BridgeCore

/// Something that happened, as another program's database tells it.
enum RecordedChange: Sendable {
    case state(RecordedState)
    case event(RecordedEvent)

    /// When it happened, by Home Assistant's clock.
    var time: Timestamp {
        switch self {
        case .state(let state): state.updated
        case .event(let event): event.time
        }
    }
}

/// One state of an entity.
struct RecordedState: Sendable {
    /// A state without its attributes, and since when it has been so.
    struct Before: Sendable {
        var state: [UInt8]
        var changed: Timestamp?
    }

    var entity: [UInt8]
    /// `nil` where the entity was removed.
    var state: [UInt8]?
    /// A JSON object.
    var attributes: [UInt8]?
    var updated: Timestamp
    /// `nil` where it is `updated`.
    var changed: Timestamp?
    var before: Before?
    var context = RecordedContext()
}

/// An event that is no change of a state.
struct RecordedEvent: Sendable {
    var type: [UInt8]
    /// A JSON object.
    var data: [UInt8]?
    var isRemote = false
    var time: Timestamp
    var context = RecordedContext()
}

/// What caused something, as Home Assistant writes it.
struct RecordedContext: Sendable, Equatable {
    var id: [UInt8]?
    var parentID: [UInt8]?
    var userID: [UInt8]?

    /// No context.
    init() {}

    /// The ids as Home Assistant writes them out: those of contexts are ULIDs, those of users UUIDs without hyphens.
    init(id: [UInt8]?, parentID: [UInt8]?, userID: [UInt8]?) {
        self.id = id
        self.parentID = parentID
        self.userID = userID
    }

    /// The ids as the recorder has stored them since 2023.4: sixteen bytes each. What has another length is no id.
    init(binaryID: [UInt8]?, parentID: [UInt8]?, userID: [UInt8]?) {
        self.init(
            id: binaryID.flatMap(Self.ulid), parentID: parentID.flatMap(Self.ulid),
            userID: userID.flatMap(Self.hexadecimal))
    }

    private static let base32 = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// 26 characters of Crockford's base 32, the first of which holds three bits.
    static func ulid(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count == 16 else { return nil }
        var text = [UInt8](repeating: 0, count: 26)
        for index in 0..<26 {
            // The highest of the 130 bits are two zeros.
            var value = 0
            for bit in (index * 5 - 2)..<(index * 5 + 3) {
                let one = bit >= 0 ? Int(bytes[bit / 8] >> UInt8(7 - bit % 8) & 1) : 0
                value = value << 1 | one
            }
            text[index] = base32[value]
        }
        return text
    }

    static func hexadecimal(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count == 16 else { return nil }
        return Array(Hexadecimal.text(bytes).utf8)
    }
}
