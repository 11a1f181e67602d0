import HomeAssistantClient

/// Writes a configuration as a person reads it: YAML, the keys in the order in which Home Assistant's documentation has them.
package enum ConfigurationText {
    /// The lines of a configuration.
    package static func lines(_ configuration: ConfigurationValue) -> [String] {
        var lines: [String] = []
        append(configuration, indent: 0, &lines)
        return lines
    }

    private static let order = [
        "id", "alias", "description", "mode", "max", "max_exceeded", "variables", "triggers", "trigger", "conditions",
        "condition", "actions", "action", "event", "event_type", "entity_id", "attribute", "from", "to", "for",
        "target",
        "data", "event_data", "if", "then", "else",
    ]

    private static let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })

    private static func append(_ value: ConfigurationValue, indent: Int, _ lines: inout [String]) {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .object(let members) where !members.isEmpty:
            let sorted = members.sorted { left, right in
                (places[left.key] ?? .max, left.key) < (places[right.key] ?? .max, right.key)
            }
            for (key, member) in sorted {
                if isFlat(member) {
                    lines.append("\(margin)\(scalar(key)): \(flat(member))")
                } else {
                    lines.append("\(margin)\(scalar(key)):")
                    append(member, indent: indent + 2, &lines)
                }
            }
        case .array(let elements) where !elements.isEmpty:
            for element in elements {
                if isFlat(element) {
                    lines.append("\(margin)- \(flat(element))")
                } else {
                    let start = lines.count
                    append(element, indent: indent + 2, &lines)
                    if lines.indices.contains(start) {
                        lines[start] = margin + "- " + lines[start].dropFirst(indent + 2)
                    }
                }
            }
        default: lines.append(margin + flat(value))
        }
    }

    private static func isFlat(_ value: ConfigurationValue) -> Bool {
        switch value {
        case .object(let members): members.isEmpty
        case .array(let elements): elements.isEmpty
        default: true
        }
    }

    private static func flat(_ value: ConfigurationValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let digits): digits
        case .string(let text): scalar(text)
        case .array: "[]"
        case .object: "{}"
        }
    }

    /// A text as it is where YAML would read it as that text, else in quotes.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.first != " " && text.last != " " && !reserved.contains(text.lowercased())
            && !"-?:,[]{}#&*!|>'\"%@`0123456789+.~=".contains(text.first ?? "-") && !text.contains(": ")
            && !text.contains(" #") && text.last != ":"
            && !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x85 }
        return isPlain ? text : ConfigurationValue.string(text).json
    }

    private static let reserved: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
}
