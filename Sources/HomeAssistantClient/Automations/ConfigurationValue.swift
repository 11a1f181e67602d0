import BridgeCore

/// A value of a configuration of Home Assistant's, as its JSON has it. The order of members means nothing.
package indirect enum ConfigurationValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// As it was written: `0.10` stays `0.10`.
    case number(String)
    case string(String)
    case array([ConfigurationValue])
    case object([String: ConfigurationValue])
}

extension ConfigurationValue {
    /// Deeper nesting is no automation of a person's, and would cost the stack of whoever walks through it.
    package static let maximumDepth = 100

    /// Reads the JSON value at `range` of `bytes`; `nil` when that is none, or nested too deeply. U+0000 becomes U+FFFD.
    package init?(json bytes: [UInt8], range: Range<Int>? = nil) {
        let value = bytes.withUnsafeBufferPointer { buffer -> ConfigurationValue? in
            var scanner = JSONScanner(buffer, range: range ?? 0..<buffer.count)
            guard let value = try? Self.value(buffer, &scanner, depth: 0), (try? scanner.finish()) != nil else {
                return nil
            }
            return value
        }
        guard let value else { return nil }
        self = value
    }

    /// Reads JSON text.
    package init?(json text: String) { self.init(json: Array(text.utf8)) }

    /// Reads the value at which `scanner` stands; `nil` when it is nested too deeply.
    static func value(
        _ bytes: UnsafeBufferPointer<UInt8>, _ scanner: inout JSONScanner, depth: Int
    ) throws(JSONScanError) -> ConfigurationValue? {
        guard depth < maximumDepth else { return nil }
        switch scanner.peek() {
        case 0x7B:
            var members: [String: ConfigurationValue] = [:]
            guard try scanner.enterObject() else { return .object(members) }
            repeat {
                let key = text(try scanner.key(), bytes)
                guard let member = try value(bytes, &scanner, depth: depth + 1) else { return nil }
                members[key] = member
            } while try scanner.nextMember()
            return .object(members)
        case 0x5B:
            var elements: [ConfigurationValue] = []
            guard try scanner.enterArray() else { return .array(elements) }
            repeat {
                guard let element = try value(bytes, &scanner, depth: depth + 1) else { return nil }
                elements.append(element)
            } while try scanner.nextElement()
            return .array(elements)
        case 0x22: return .string(text(try scanner.string(), bytes))
        default:
            let place = try scanner.skipValue()
            switch bytes[place.lowerBound] {
            case 0x74: return .bool(true)
            case 0x66: return .bool(false)
            case 0x6E: return .null
            default:
                return .number(String(decoding: UnsafeBufferPointer(rebasing: bytes[place]), as: UTF8.self))
            }
        }
    }

    private static func text(_ string: JSONString, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
        JSONText.string(string, of: bytes).replacing("\0", with: "\u{FFFD}")
    }

    // MARK: Out

    /// JSON text on one line with its keys in order: equal values give equal text.
    package var json: String {
        var output: [UInt8] = []
        append(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private func append(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .number(let text): output += text.utf8
        case .string(let text): JSONText.appendQuoted(text, to: &output)
        case .array(let elements):
            output.append(0x5B)
            for (number, element) in elements.enumerated() {
                if number > 0 { output.append(0x2C) }
                element.append(to: &output)
            }
            output.append(0x5D)
        case .object(let members):
            output.append(0x7B)
            for (number, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if number > 0 { output.append(0x2C) }
                JSONText.appendQuoted(member.key, to: &output)
                output.append(0x3A)
                member.value.append(to: &output)
            }
            output.append(0x7D)
        }
    }

    // MARK: Looking inside

    /// A member of an object.
    package subscript(_ key: String) -> ConfigurationValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The text, where it is one.
    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
