/// A word of a query as it was typed and as the rules compare it.
struct QueryWord: Sendable {
    /// As it was typed, with its punctuation.
    var typed: Substring
    /// In small letters without accents and without punctuation at its ends; `:` and `.` between digits stay.
    var key: String

    /// The words of a text, at most `Words.countLimit`.
    static func split(_ text: String) -> [QueryWord] {
        text.split(whereSeparator: { $0.isWhitespace || $0 == "\0" }).prefix(Words.countLimit).map { typed in
            QueryWord(typed: typed, key: key(of: typed))
        }
    }

    private static func key(of typed: Substring) -> String {
        let letters = typed.unicodeScalars
        if letters.allSatisfy({ ("0"..."9").contains($0) || ":.-,?!/".unicodeScalars.contains($0) }) {
            // A time or a date: 15:30, 2025-10-26, 26.10.
            return String(typed.prefix(12)).trimmed(of: ".,?!-:/")
        }
        return Words.split(typed).joined(separator: " ")
    }
}

extension String {
    /// Without these letters at both ends.
    func trimmed(of unwanted: String) -> String {
        var slice = self[...]
        while let first = slice.first, unwanted.contains(first) { slice.removeFirst() }
        while let last = slice.last, unwanted.contains(last) { slice.removeLast() }
        return String(slice)
    }
}
