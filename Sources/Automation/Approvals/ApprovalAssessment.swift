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
        guard var value else { return nil }
        var lines: [String] = []
        if case .object(var members) = value {
            lines = spoken(&members)
            value = .object(members)
        }
        lines += self.lines(value)
        return lines.isEmpty ? nil : Section(title: title, lines: lines)
    }

    /// Takes the members out that make more sense in a sentence, and says it.
    private static func spoken(_ members: inout [String: JSONValue]) -> [String] {
        var lines: [String] = []
        if let days = members["days"].map(text), case .integer(let count)? = members["count"] {
            lines.append("In \(days) days of them it would have begun \(times(count)).")
            if case .integer(let busiest)? = members["busiest_day"], busiest > 1 {
                lines.append("On its busiest day it would have begun \(times(busiest)).")
            }
            if case .integer(let blocked)? = members["blocked_by_conditions"], blocked > 0 {
                lines.append("Its conditions would have held it back \(times(blocked)).")
            }
            for name in ["days", "count", "busiest_day", "blocked_by_conditions", "per_day", "from", "until"] {
                members[name] = nil
            }
        }
        for (name, sentence) in [
            ("unknown_services", "Which services it calls shows in part only when it runs."),
            ("unknown_entities", "On which entities it acts shows in part only when it runs."),
        ] {
            guard case .bool(let isSo)? = members[name] else { continue }
            if isSo { lines.append(sentence) }
            members[name] = nil
        }
        // Ids of Home Assistant's registry say nothing to a person; how many there are does.
        if case .array(let devices)? = members["devices"] {
            members["devices"] = devices.isEmpty ? nil : .integer(Int64(devices.count))
        }
        return lines
    }

    private static func times(_ count: Int64) -> String { count == 1 ? "once" : "\(count) times" }

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
