import BridgeCore
import FoundationEssentials

/// JSON of what a decision was concluded from, and of what it proposes.
extension JSONValue {
    /// A number as people read it, with three digits after the point at most.
    static func rounded(_ value: Double) -> JSONValue {
        value.isFinite ? .number((value * 1_000).rounded() / 1_000) : .null
    }

    /// What JSON text says; `nil` where it is none.
    init?(_ text: String) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return nil }
        self = value
    }

    /// The JSON text on one line, keys sorted. Nothing here can fail to encode: numbers are finite.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }

    /// The member of that name, of an object.
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The elements of a list, or the value itself, as Home Assistant allows both wherever there may be several.
    var list: [JSONValue] {
        switch self {
        case .array(let values): values
        case .null: []
        default: [self]
        }
    }
}
