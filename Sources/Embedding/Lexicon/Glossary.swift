/// English for the foreign words that people name things and rooms by.
struct Glossary: Sendable {
    private struct Entry {
        var english: String
        /// The word means something else in English, such as `Bad`: it counts beside another foreign word, or alone.
        var isAmbiguous: Bool
    }

    /// By the words without accents, with a space between those of a phrase.
    private var entries: [String: Entry] = [:]
    private var longestPhrase = 1

    /// Reads tables with lines `word=english; word=english`. A `?` before a word marks it as English too.
    init(_ tables: [String]) {
        for table in tables {
            for item in table.split(whereSeparator: { $0 == "\n" || $0 == ";" }) {
                let parts = item.split(separator: "=")
                guard parts.count == 2 else { continue }
                let words = Words.split(parts[0])
                guard !words.isEmpty else { continue }
                longestPhrase = max(longestPhrase, words.count)
                let key = words.joined(separator: " ")
                // The first language that has a word keeps it.
                guard entries[key] == nil else { continue }
                entries[key] = Entry(
                    english: String(parts[1]).trimmed, isAmbiguous: parts[0].contains("?"))
            }
        }
    }

    /// English words for the foreign words of `name`, without repetition; `nil` if it has none.
    func gloss(_ name: String) -> String? {
        let words = Words.split(name)
        guard !words.isEmpty else { return nil }
        var found: [Entry] = []
        var position = 0
        while position < words.count {
            let (length, entries) = match(words[position...])
            found += entries
            position += length
        }
        guard !found.isEmpty, words.count == 1 || found.contains(where: { !$0.isAmbiguous }) else { return nil }
        var english: [String] = []
        for entry in found {
            for word in entry.english.split(separator: " ").map(String.init) where !english.contains(word) {
                english.append(word)
            }
        }
        // A word that is the same in English says nothing new.
        return english.allSatisfy(words.contains) ? nil : english.joined(separator: " ")
    }

    private func match(_ words: ArraySlice<String>) -> (length: Int, entries: [Entry]) {
        for length in stride(from: min(longestPhrase, words.count), through: 1, by: -1) {
            if let entry = entries[words.prefix(length).joined(separator: " ")] { return (length, [entry]) }
        }
        guard let word = words.first else { return (1, []) }
        return (1, compound(word) ?? [])
    }

    /// Takes a word such as `Schlafzimmerlampe` apart into two or three known words, the longest first part first.
    private func compound(_ word: String) -> [Entry]? {
        let letters = Array(word)
        guard letters.count >= 7 else { return nil }
        for split in stride(from: letters.count - 3, through: 3, by: -1) {
            guard let first = entries[String(letters[..<split])], !first.isAmbiguous || split > 3 else { continue }
            for joint in ["", "s", "n", "en", "es", "e"] where letters[split...].starts(with: joint) {
                let rest = String(letters[(split + joint.count)...])
                guard rest.count >= 3 else { continue }
                if let second = entries[rest] { return [first, second] }
                if let others = compound(rest) { return [first] + others }
            }
        }
        return nil
    }
}
