import Yams

/// The settings that a YAML file holds: one flat mapping, `log_level: debug`.
struct ConfigurationFile {
    /// A value as it stands in the file, and its line.
    struct Entry: Equatable {
        let text: String
        let line: Int?
    }

    /// More than this is not a file of settings.
    static let sizeLimit = 65_536

    private(set) var entries: [SettingName: Entry] = [:]
    private(set) var problems: [String] = []

    /// Reads `text`; `path` is for the sentences. What is wrong goes to `problems`, without any value of the file.
    init(_ text: String, path: String) {
        guard text.utf8.count <= Self.sizeLimit else {
            problems.append("\(path) is larger than \(ByteSize.format(Self.sizeLimit)) and no file of settings.")
            return
        }
        do {
            // An empty file sets nothing.
            guard let root = try compose(yaml: text), !Self.isNull(root) else { return }
            guard let mapping = root.mapping else {
                problems.append("\(path) must hold settings as `name: value`, one a line.")
                return
            }
            for (key, value) in mapping { add(key, value, path) }
        } catch {
            problems.append(Self.sentence(for: error, path))
        }
    }

    private mutating func add(_ key: Node, _ value: Node, _ path: String) {
        let place = key.mark.map { "\(path):\($0.line)" } ?? path
        guard let name = key.scalar?.string else {
            problems.append("\(place): a setting's name must be a word.")
            return
        }
        guard let setting = SettingName(rawValue: name), setting.isAllowedInFile else {
            let known = SettingName.allCases.filter(\.isAllowedInFile).map(\.rawValue)
            let hint = Suggestion.hint(for: name, among: known)
            problems.append("\(place): unknown setting \(Quotation.of(name)).\(hint)")
            return
        }
        guard let scalar = value.scalar else {
            problems.append("\(place): \(name) must be a single value.")
            return
        }
        if Self.isNull(value) { return }
        entries[setting] = Entry(text: scalar.string, line: key.mark?.line)
    }

    /// `~`, `null` and nothing at all mean that the setting is not set; in quotation marks they are text.
    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// Yams quotes the line that is wrong, which may hold a password; the place is enough.
    private static func sentence(for error: any Error, _ path: String) -> String {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            "\(path):\(mark.line) is not valid YAML: \(problem)."
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            "\(path):\(context.mark.line): set twice: \(keys.sorted().map(Quotation.of).joined(separator: ", "))."
        case YamlError.reader(let problem, _, _, _):
            "\(path) is not valid YAML: \(problem)."
        default:
            "\(path) is not valid YAML."
        }
    }
}

/// Puts what a person wrote into a sentence.
enum Quotation {
    /// The text between quotation marks, short and without control characters.
    static func of(_ text: String) -> String {
        let visible = text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
        var quoted = String.UnicodeScalarView()
        quoted.append(contentsOf: visible.prefix(80))
        return "\"\(String(quoted))\(visible.count > 80 ? "…" : "")\""
    }
}
