/// Guesses which known word a person meant.
enum Suggestion {
    /// " Did you mean X?" with the known word nearest to `word`, or nothing when none is near.
    static func hint(for word: String, among known: [String]) -> String {
        let folded = fold(word)
        let nearest = known.map { ($0, distance(folded, fold($0))) }.min { $0.1 < $1.1 }
        guard let (name, distance) = nearest, distance <= max(2, folded.count / 4) else { return "" }
        return " Did you mean \(name)?"
    }

    private static func fold(_ word: String) -> [UInt8] { Array(word.lowercased().utf8.prefix(64)) }

    /// The number of insertions, deletions, replacements and swaps of neighbours between two words.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, a) in left.enumerated() {
            var current = [row + 1]
            for (column, b) in right.enumerated() {
                var best = min(last[column + 1] + 1, current[column] + 1, last[column] + (a == b ? 0 : 1))
                if row > 0, column > 0, a == right[column - 1], left[row - 1] == b {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
