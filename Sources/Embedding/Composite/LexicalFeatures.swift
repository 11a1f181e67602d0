/// The words of a text as hashed features: stems, concepts, and groups of letters for what is misspelt or compound.
enum LexicalFeatures {
    static let dimensions = 768

    private static let stemWeight: Float = 0.6
    private static let conceptWeight: Float = 2
    private static let lettersWeight: Float = 0.35

    /// The block, not normalised; all zero for a text without a word that counts.
    static func block(of text: String) -> [Float] {
        var block = FeatureBlock(dimensions: dimensions)
        let reading = Lexicon.shared.read(text)
        for stem in reading.stems { block.add("stem", stem, weight: stemWeight) }
        for concept in reading.concepts { block.add("concept", concept.name, weight: conceptWeight * concept.weight) }
        for word in reading.words { addLetters(of: word, to: &block) }
        return block.values
    }

    /// Groups of three and four letters, with the word's ends marked; a long word's groups weigh less each.
    private static func addLetters(of word: String, to block: inout FeatureBlock) {
        let letters = Array("<\(word)>".unicodeScalars)
        let count = max(0, letters.count - 2) + max(0, letters.count - 3)
        guard count > 0 else { return }
        let weight = lettersWeight / max(1, Float(count) / 8).squareRoot()
        for size in 3...4 where letters.count >= size {
            for start in 0...letters.count - size {
                var hash = StableHash()
                hash.add("letters")
                hash.add(0x1F)
                for letter in letters[start..<start + size] { hash.add(letter) }
                block.add(hash.value, weight: weight)
            }
        }
    }
}
