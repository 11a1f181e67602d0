/// Reads a table of words: lines of columns between bars, in sections with a name in brackets.
///
/// ```
/// [binary_sensor/door]
/// on | active | was opened | is open | left open
/// ```
enum WordRows {
    /// The rows of each section in their order. Empty lines and lines that begin with `#` are passed over.
    static func sections(_ table: String) -> [String: [[String]]] {
        var sections: [String: [[String]]] = [:]
        var names: [String] = [""]
        for line in table.split(separator: "\n") {
            let text = trimmed(line)
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            if text.hasPrefix("[") {
                // One section may stand for several kinds: [cover/blind, cover/shade].
                names = text.dropFirst().dropLast().split(separator: ",").map { trimmed($0) }
                continue
            }
            let columns = text.split(separator: "|", omittingEmptySubsequences: false).map { trimmed($0) }
            for name in names { sections[name, default: []].append(columns) }
        }
        return sections
    }

    /// Rows of two columns as a dictionary.
    static func pairs(_ table: String) -> [String: String] {
        var pairs: [String: String] = [:]
        for row in sections(table)[""] ?? [] where row.count == 2 { pairs[row[0]] = row[1] }
        return pairs
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var rest = text[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
