/// What the words of a house mean: synonyms as concepts, words that say nothing, and English for foreign words.
///
/// The data are the files beside this one; `build-lexicon` makes those of the foreign languages. The lexicon is read
/// once, at the first use. Changing it changes vectors: raise `CompositeEmbedder.version`.
package struct Lexicon: Sendable {
    /// The one lexicon of the process.
    package static let shared = Lexicon()

    /// A meaning that several words share.
    struct Concept: Hashable, Sendable {
        var name: String
        /// 1 for most; less where a word only hints at it.
        var weight: Float
    }

    /// What `read` finds in a text, each in the order of the text and as often as it is there.
    struct Reading: Equatable, Sendable {
        /// The words that count.
        var words: [String] = []
        /// Their stems.
        var stems: [String] = []
        /// The meanings of words and phrases; a word within a phrase has no meaning of its own.
        var concepts: [Concept] = []
    }

    /// By the stems of a word or a phrase, with a space between them.
    private var meanings: [String: [Concept]] = [:]
    /// By its first stem, how many words the longest phrase has: most words begin none.
    private var longestPhrase: [String: Int] = [:]
    private var stopWords: Set<String> = []
    let glossary: Glossary

    init(
        concepts: [String] = LexiconData.concepts, stopWords: String = LexiconData.stopWords,
        glossary: Glossary = Glossary(LexiconData.glossaries)
    ) {
        self.glossary = glossary
        self.stopWords = Set(Words.split(stopWords))
        for table in concepts {
            for line in table.split(separator: "\n") { add(line) }
        }
        shareAmongMeanings()
    }

    /// English words for the foreign words in a name, such as `bedroom temperature` for `Schlafzimmer Temperatur`;
    /// `nil` when there are none. Languages: see `LexiconData.glossaries`.
    package static func gloss(_ name: String) -> String? {
        shared.glossary.gloss(name)
    }

    /// Reads one line: `name: word, another, a whole phrase`; a name may carry a weight, `name*0.5`.
    private mutating func add(_ line: Substring) {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, !line.hasPrefix("#") else { return }
        let head = parts[0].split(separator: "*")
        let concept = Concept(
            name: String(head[0]).trimmed, weight: head.count > 1 ? Float(String(head[1]).trimmed) ?? 1 : 1)
        for phrase in parts[1].split(separator: ",") {
            let stems = Words.split(phrase).map(Stemmer.stem)
            guard let first = stems.first else { continue }
            longestPhrase[first] = max(longestPhrase[first] ?? 1, stems.count)
            let key = stems.joined(separator: " ")
            if meanings[key, default: []].contains(where: { $0.name == concept.name }) { continue }
            meanings[key, default: []].append(concept)
        }
    }

    /// A word of several meanings hints at each of them less. Between one weight for each and one weight for all, nearer
    /// to the latter.
    private mutating func shareAmongMeanings() {
        for (key, concepts) in meanings where concepts.count > 1 {
            let count = Float(concepts.count)
            let share = 1 / (count.squareRoot() * count.squareRoot().squareRoot())
            meanings[key] = concepts.map { Concept(name: $0.name, weight: $0.weight * share) }
        }
    }

    /// Finds words, stems and concepts in a text in English.
    func read(_ text: String) -> Reading {
        let words = Words.split(text)
        let stems = words.map(Stemmer.stem)
        var reading = Reading()
        for (word, stem) in zip(words, stems) where !stopWords.contains(word) {
            reading.words.append(word)
            reading.stems.append(stem)
        }
        var position = 0
        while position < stems.count {
            position += match(stems[position...], into: &reading)
        }
        return reading
    }

    /// Takes the longest phrase at the beginning of `stems` and returns its length, 1 if there is none.
    private func match(_ stems: ArraySlice<String>, into reading: inout Reading) -> Int {
        guard let first = stems.first, let longest = longestPhrase[first] else { return 1 }
        for length in stride(from: min(longest, stems.count), through: 1, by: -1) {
            guard let concepts = meanings[stems.prefix(length).joined(separator: " ")] else { continue }
            reading.concepts += concepts.filter { $0.name != Self.nothing }
            return length
        }
        return 1
    }

    /// The name of the concept that means nothing, for phrases whose words would mislead.
    private static let nothing = "nothing"
}

extension String {
    /// Without spaces at both ends.
    var trimmed: String {
        var slice = self[...]
        while slice.first?.isWhitespace == true { slice.removeFirst() }
        while slice.last?.isWhitespace == true { slice.removeLast() }
        return String(slice)
    }
}
