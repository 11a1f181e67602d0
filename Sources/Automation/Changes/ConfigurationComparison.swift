import HomeAssistantClient

/// Whether two configurations mean the same to Home Assistant.
enum ConfigurationComparison {
    /// Compares them in the spelling of today. Numbers are compared by value: Home Assistant writes `1.50` as `1.5`.
    static func areSame(_ left: ConfigurationValue, _ right: ConfigurationValue) -> Bool {
        equal(ConfigurationSpelling.normalised(left), ConfigurationSpelling.normalised(right))
    }

    private static func equal(_ left: ConfigurationValue, _ right: ConfigurationValue) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)):
            if left == right { return true }
            guard let left = Double(left), let right = Double(right) else { return false }
            return left == right
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy(equal)
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.allSatisfy { key, value in right[key].map { equal(value, $0) } ?? false }
        default: return left == right
        }
    }

    /// Whether a placeholder stands anywhere in it: a value that is not known.
    static func hasPlaceholder(_ value: ConfigurationValue) -> Bool {
        switch value {
        case .string(let text): Placeholder.parse(text) != nil
        case .array(let elements): elements.contains { hasPlaceholder($0) }
        case .object(let members): members.values.contains { hasPlaceholder($0) }
        default: false
        }
    }

    /// A text of Home Assistant's without the sealed values that it may quote: those of `opened` for which `snapshot` has
    /// placeholders.
    static func scrub(_ text: String, of opened: ConfigurationValue, _ snapshot: ConfigurationValue) -> String {
        var text = text
        for value in hidden(opened, snapshot).sorted(by: { $0.count > $1.count }) where !value.isEmpty {
            text = text.replacing(value, with: "‹hidden›")
        }
        return text.count <= 500 ? text : text.prefix(499) + "…"
    }

    private static func hidden(_ opened: ConfigurationValue, _ snapshot: ConfigurationValue) -> [String] {
        switch (opened, snapshot) {
        case (.array(let opened), .array(let snapshot)):
            return zip(opened, snapshot).flatMap { pair in hidden(pair.0, pair.1) }
        case (.object(let opened), .object(let snapshot)):
            return opened.flatMap { key, value in snapshot[key].map { hidden(value, $0) } ?? [] }
        case (.string(let text), .string(let placeholder)) where text != placeholder: return [text]
        case (.number(let text), .string): return [text]
        default: return []
        }
    }
}
