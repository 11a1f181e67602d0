import HomeAssistantClient

/// What stands in a snapshot for a value that is sealed: `‹secret 3f9a0c11d2e4b576›` or `‹text …›`.
///
/// The digits are a hash of the value, salted with what is sealed beside it: equal values of one automation have equal
/// placeholders, and nobody without the key can try out values.
package enum Placeholder {
    static let opening = "‹"

    static func text(_ judgement: SecretRules.Judgement, digits: String) -> String {
        "‹\(judgement == .secret ? "secret" : "text") \(digits)›"
    }

    /// Whether `text` is a placeholder, and if so of which kind and with which digits.
    package static func parse(_ text: String) -> (isSecret: Bool, digits: String)? {
        guard text.hasPrefix(opening), text.hasSuffix("›") else { return nil }
        let parts = text.dropFirst().dropLast().split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "secret" || parts[0] == "text", parts[1].utf8.count == 16,
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return (parts[0] == "secret", String(parts[1]))
    }
}
