/// The words themselves, a topic in each file.
enum LexiconData {
    /// Tables of concepts, see `Lexicon`.
    static let concepts: [String] = [places, things, happenings]

    /// Tables of foreign words, see `Glossary`.
    static let glossaries: [String] = [germanic, romance, eastern, translations1, translations2]
}
