import BridgeCore

/// `approval_workflow.risk_assessment` as a person reads it. Members that this program does not know are shown as they are.
package struct ApprovalAssessment: Sendable, Equatable {
    /// A heading, and the lines below it.
    package struct Section: Sendable, Equatable {
        package let title: String
        package let lines: [String]
    }

    package let sections: [Section]

    /// Reads the JSON object; nothing of anything else.
    package init(json: String?) {
        guard case .object(let members) = JSONValue.parsed(json) else {
            sections = []
            return
        }
        let known = [
            ("reasons", "Why this risk"), ("findings", "Mind"), ("rules", "Rules that spoke"),
            ("backtest", "On the stored events"), ("facts", "What it touches"),
        ]
        var sections = known.compactMap { name, title in Self.section(title, members[name]) }
        let rest = members.filter { member in !known.contains { $0.0 == member.key } }
        if let more = Self.section("More", rest.isEmpty ? nil : .object(rest)) { sections.append(more) }
        self.sections = sections
    }

    private static func section(_ title: String, _ value: JSONValue?) -> Section? {
        guard let value else { return nil }
        let lines = lines(value)
        return lines.isEmpty ? nil : Section(title: title, lines: lines)
    }

    private static func lines(_ value: JSONValue) -> [String] {
        switch value {
        case .null: return []
        case .array(let elements): return elements.map { "- " + text($0) }
        case .object(let members):
            return members.sorted { $0.key < $1.key }.compactMap { name, value in
                let text = text(value)
                return text.isEmpty ? nil : "\(name.replacing("_", with: " ")): \(text)"
            }
        default: return [text(value)]
        }
    }

    /// A value on one line; the sentence of an object that has one.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: return ""
        case .bool(let value): return value ? "yes" : "no"
        case .integer(let value): return String(value)
        case .number(let value): return "\((value * 100).rounded() / 100)"
        case .string(let text): return text
        case .array(let elements): return elements.map(text).filter { !$0.isEmpty }.joined(separator: ", ")
        case .object(let members):
            if case .string(let rule)? = members["rule"], case .string(let action)? = members["action"] {
                return "\(rule): \(action)" + (members["is_certain"] == .bool(false) ? " (cannot be ruled out)" : "")
            }
            for name in ["text", "sentence", "reason", "message"] {
                if case .string(let text)? = members[name] { return text }
            }
            return members.sorted { $0.key < $1.key }.map { "\($0.key) \(text($0.value))" }.joined(separator: ", ")
        }
    }
}
