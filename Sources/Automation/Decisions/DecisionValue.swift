import FoundationEssentials

/// JSON of what a decision was concluded from, and of what it proposes.
package enum DecisionValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([DecisionValue])
    case object([String: DecisionValue])

    /// A number as people read it, with three digits after the point at most.
    static func rounded(_ value: Double) -> DecisionValue {
        value.isFinite ? .number((value * 1_000).rounded() / 1_000) : .null
    }

    /// What JSON text says; `nil` where it is none.
    package init?(_ text: String) {
        guard let value = try? JSONDecoder().decode(DecisionValue.self, from: Data(text.utf8)) else { return nil }
        self = value
    }

    /// The JSON text on one line, keys sorted. Nothing here can fail to encode: numbers are finite.
    package var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }

    /// The member of that name, of an object.
    subscript(_ name: String) -> DecisionValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The elements of a list, or the value itself, as Home Assistant allows both wherever there may be several.
    var list: [DecisionValue] {
        switch self {
        case .array(let values): values
        case .null: []
        default: [self]
        }
    }
}

extension DecisionValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([DecisionValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: DecisionValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
