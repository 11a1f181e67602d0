import Testing

@testable import Embedding

@Suite struct WordPieceTokenizerTests {
    @Test(.enabled(if: ModelUnderTest.artefact != nil, ModelUnderTest.needsArtefact))
    func cutsEveryGoldenTextAsTheReferenceDoes() throws {
        let path = try #require(ModelUnderTest.artefact)
        let tokenizer = WordPieceTokenizer(try ModelArtefact(path: path).vocabulary())
        let golden = try GoldenText.read("golden_tokens")
        #expect(golden.count == 259)
        for line in golden { #expect(tokenizer.encode(line.text) == line.ids, "\(line.text)") }
    }

    // MARK: Rules, with a vocabulary of a few words

    private static let words = [
        "[CLS]", "[SEP]", "[UNK]", "kitchen", "##s", "##ki", "ki", "kit", "##tchen", "cafe", ".", "!", "客", "a", "b",
        "ab",
        "##b", "strasse", "ß", "σ", "¿", "i", "##σ",
    ]

    /// The ids of words by their names; the rest of the vocabulary is filled with words that no text has.
    private static func tokenizer(maximumTokens: Int = 256) throws -> WordPieceTokenizer {
        let filling = (words.count..<MiniLMShape.vocabulary).map { "[unused\($0)]" }
        let lines = (words + filling).joined(separator: "\n") + "\n"
        return WordPieceTokenizer(try Vocabulary(lines: Array(lines.utf8)), maximumTokens: maximumTokens)
    }

    @Test(arguments: [
        ("Kitchens!", ["kitchen", "##s", "!"]),
        ("kitkitchen", ["kit", "##ki", "##tchen"]),
        ("CAFÉ cafe\u{301} café", ["cafe", "cafe", "cafe"]),
        ("a.b", ["a", ".", "b"]),
        ("a\u{0}b a\u{200D}b a\u{FEFF}b", ["ab", "ab", "ab"]),
        ("a\u{A0}b\u{2028}a\tb\r\nb", ["a", "b", "a", "b", "b"]),
        ("a客b", ["a", "客", "b"]),
        ("ẞ ß Σ σΣ", ["ß", "ß", "σ", "σ", "##σ"]),
        ("¿a", ["¿", "a"]),
        ("İ", ["i"]),
        ("xyzzy a", ["[UNK]", "a"]),
        ("kitx", ["[UNK]"]),
        ("a[SEP]b [sep]", ["a", "[SEP]", "b", "[UNK]", "[UNK]", "[UNK]"]),
        ("\u{300}\u{301}", []), ("", []), ("  \n ", []), ("\u{FFFD}\u{7}", []),
    ])
    func followsTheRulesOfBERT(text: String, expected: [String]) throws {
        let ids = try Self.tokenizer().encode(text)
        #expect(ids.first == 0 && ids.last == 1)
        #expect(ids.dropFirst().dropLast().map { Self.words[Int($0)] } == expected)
    }

    @Test func takesAWordOfAHundredCharactersAndNoMore() throws {
        let tokenizer = try Self.tokenizer()
        // The first two letters are one piece.
        #expect(tokenizer.encode("a" + String(repeating: "b", count: 99)).count == 2 + 99)
        #expect(tokenizer.encode("a" + String(repeating: "b", count: 100)) == [0, 2, 1])
        // An accent is no character of its own.
        #expect(tokenizer.encode("a" + String(repeating: "b\u{301}", count: 99)).count == 2 + 99)
    }

    @Test func cutsLongTextsAndKeepsTheirEnd() throws {
        let tokenizer = try Self.tokenizer(maximumTokens: 5)
        #expect(tokenizer.encode("a b a b a b") == [0, 13, 14, 13, 1])
        #expect(tokenizer.encode("kitchens kitchens kitchens") == [0, 3, 4, 3, 1])
        #expect(try Self.tokenizer().encode(String(repeating: "a ", count: 300_000)).count == 256)
    }

    @Test func refusesAVocabularyOfAnotherSize() {
        #expect(throws: ModelError.self) { try Vocabulary(lines: Array("[CLS]\n[SEP]\n[UNK]\n".utf8)) }
        #expect(throws: ModelError.self) { try Vocabulary(lines: [UInt8]()) }
        let nameless = String(repeating: "word\n", count: MiniLMShape.vocabulary)
        #expect(throws: ModelError.self) { try Vocabulary(lines: Array(nameless.utf8)) }
    }
}
