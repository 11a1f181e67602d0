import HomeAssistantClient
import Yams

/// A file with one automation in it, in YAML or JSON, which is YAML, too.
enum AutomationDocument {
    /// More than any automation of a person's.
    static let sizeLimit = 1 << 20

    /// The configuration. `path` is for the sentences. Throws a `CommandFailure` that names the place; nothing of the file's values
    /// is in it.
    static func configuration(_ text: String, path: String) throws(CommandFailure) -> ConfigurationValue {
        guard text.utf8.count <= sizeLimit else {
            throw CommandFailure(.usage, "\(path) is larger than 1 MiB and no automation.")
        }
        // One that nests deeper than any automation would cost the stack of the parser.
        guard !isTooDeep(text) else { throw CommandFailure(.usage, "\(path) is nested too deeply for an automation.") }
        let root: Node?
        do {
            root = try composed(text)
        } catch {
            throw CommandFailure(.usage, sentence(for: error, path))
        }
        guard var node = root else { throw CommandFailure(.usage, "\(path) is empty.") }
        if let sequence = node.sequence {
            guard sequence.count == 1, let only = sequence.first else {
                throw CommandFailure(.usage, "\(path) holds \(sequence.count) automations. Propose one at a time.")
            }
            node = only
        }
        guard node.mapping != nil else {
            throw CommandFailure(.usage, "\(path) holds no automation: a mapping with an alias, triggers and actions.")
        }
        var budget = 200_000
        return try value(node, path, depth: 0, &budget)
    }

    /// All documents of a stream would be read otherwise.
    private static func composed(_ text: String) throws -> Node? {
        let parser = try Parser(yaml: text, resolver: .basic)
        return try parser.singleRoot()
    }

    /// Whether brackets or indentation nest deeper than any automation does.
    private static func isTooDeep(_ text: String) -> Bool {
        var depth = 0
        var line = 0
        for byte in text.utf8 {
            switch byte {
            case 0x5B, 0x7B:
                depth += 1
                if depth > 500 { return true }
            case 0x5D, 0x7D: depth = max(0, depth - 1)
            case 0x0A: line = 0
            // `- - - -` opens a list with each dash.
            case 0x2D:
                line += 1
                if line > 5_000 { return true }
            default: break
            }
        }
        return false
    }

    private static func value(
        _ node: Node, _ path: String, depth: Int, _ budget: inout Int
    ) throws(CommandFailure) -> ConfigurationValue {
        let place = node.mark.map { "\(path):\($0.line)" } ?? path
        guard depth < ConfigurationValue.maximumDepth else {
            throw CommandFailure(.usage, "\(place): nested too deeply for an automation.")
        }
        // An alias of YAML that names what names itself would never end.
        budget -= 1
        guard budget > 0 else { throw CommandFailure(.usage, "\(path) holds too many values for an automation.") }
        try refuseForeignTag(of: node, place)
        switch node {
        case .scalar(let scalar): return self.scalar(scalar)
        case .sequence(let sequence):
            var elements: [ConfigurationValue] = []
            for element in sequence { elements.append(try value(element, path, depth: depth + 1, &budget)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: [String: ConfigurationValue] = [:]
            for (key, member) in mapping {
                guard let name = key.scalar?.string else {
                    throw CommandFailure(.usage, "\(place): a key must be a word.")
                }
                guard name != "<<" else {
                    throw CommandFailure(.usage, "\(place): write out what “<<” would merge.")
                }
                try refuseForeignTag(of: key, place)
                members[name] = try value(member, path, depth: depth + 1, &budget)
            }
            return .object(members)
        default: throw CommandFailure(.usage, "\(place): a reference of YAML (*) cannot be followed: write it out.")
        }
    }

    private static func refuseForeignTag(of node: Node, _ place: String) throws(CommandFailure) {
        // As written: the property of the node would resolve it.
        let name =
            switch node {
            case .scalar(let scalar): scalar.tag.description
            case .sequence(let sequence): sequence.tag.description
            case .mapping(let mapping): mapping.tag.description
            default: ""
            }
        let plain = ["", "!", "str", "int", "float", "bool", "null", "seq", "map"]
        if plain.contains(name.replacing("tag:yaml.org,2002:", with: "")) { return }
        switch name {
        case "!secret":
            throw CommandFailure(
                .usage,
                """
                \(place): Home Assistant resolves !secret only in files that a person writes. What is proposed goes through its \
                configuration API, which would store the value in clear: keep this automation in a package.
                """)
        case "!input":
            throw CommandFailure(
                .usage, "\(place): !input belongs into a blueprint. Write use_blueprint with its inputs, or the values."
            )
        default:
            throw CommandFailure(
                .usage,
                "\(place): \(Quotation.of(name)) is read by Home Assistant's files alone. Write out what it stands for."
            )
        }
    }

    // MARK: Scalars

    /// As Home Assistant reads it: YAML 1.1.
    private static func scalar(_ scalar: Node.Scalar) -> ConfigurationValue {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any,
            !["!", "tag:yaml.org,2002:str"].contains(scalar.tag.description)
        else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    /// A number as it was written, where JSON spells it so, too. What only YAML 1.1 reads as a number, such as `0o17` and `12:30:00`, is
    /// counted out as it does.
    private static func number(_ text: String) -> ConfigurationValue? {
        guard let first = text.utf8.first,
            (0x30...0x39).contains(first) || first == 0x2D || first == 0x2B || first == 0x2E
        else { return nil }
        if isJSONNumber(text) { return .number(text) }
        let sign = first == 0x2D ? "-" : ""
        let digits = first == 0x2D || first == 0x2B ? String(text.dropFirst()) : text
        let plain = digits.replacing("_", with: "")
        if plain.hasPrefix("0x"), let value = Int64(plain.dropFirst(2), radix: 16) { return .number("\(sign)\(value)") }
        if plain.hasPrefix("0"), plain.count > 1, plain.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
            let value = Int64(plain, radix: 8)
        {
            return .number("\(sign)\(value)")
        }
        // Minutes and seconds count as a number of base 60 in YAML 1.1.
        let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 1 {
            let numbers = parts.compactMap { Int64($0) }
            guard numbers.count == parts.count, parts.count <= 4, parts[0].first != "0" || parts[0].count == 1,
                parts.dropFirst().allSatisfy({ (1...2).contains($0.count) }),
                numbers.dropFirst().allSatisfy({ $0 < 60 }),
                numbers.allSatisfy({ (0...1_000_000).contains($0) }), parts[0] != "0"
            else { return nil }
            return .number(sign + "\(numbers.reduce(Int64(0)) { $0 * 60 + $1 })")
        }
        guard plain.contains("."), plain.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            let value = Double(plain), value.isFinite
        else {
            return isJSONNumber(plain) ? .number(sign + plain) : nil
        }
        return .number(sign + "\(value)")
    }

    private static func isJSONNumber(_ text: String) -> Bool {
        guard let value = ConfigurationValue(json: text), case .number = value else { return false }
        return Double(text)?.isFinite == true
    }

    /// Yams quotes the line that is wrong, which may hold a password; the place is enough.
    private static func sentence(for error: any Error, _ path: String) -> String {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            "\(path):\(mark.line) is not valid YAML: \(problem)."
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            "\(path):\(context.mark.line): set twice: \(keys.sorted().map(Quotation.of).joined(separator: ", "))."
        case YamlError.reader(let problem, _, _, _): "\(path) is not valid YAML: \(problem)."
        default: "\(path) is not valid YAML."
        }
    }
}
