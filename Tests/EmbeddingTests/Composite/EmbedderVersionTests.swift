import Testing

@testable import Embedding

/// Stored vectors can only be compared with new ones made in the same way.
@Suite struct EmbedderVersionTests {
    /// After a change of the words: raise `CompositeEmbedder.version`, then write the new number here.
    @Test func hasAnotherVersionWhenTheWordsChange() {
        var hash = StableHash()
        for table in LexiconData.concepts + LexiconData.glossaries + [LexiconData.stopWords] { hash.add(table) }
        #expect(CompositeEmbedder.version == "composite-1")
        #expect(hash.value == 0x87C7_5495_A58D_084D, "The lexicon changed: its hash is \(hash.value).")
    }

    /// Likewise after a change of the layout or of the features.
    @Test func makesTheVectorsOfItsVersion() {
        let document = EmbeddingDocument(
            text: "The door sensor \"Front Door\" in Hallway was opened", entityID: "binary_sensor.front_door",
            kind: "binary_sensor/door", transition: "off>on", area: "Hallway", dayPart: .evening,
            polarity: .active)
        let vector = CompositeEmbedder().vector(of: document, sentence: nil)
        var hash = StableHash()
        // Rounded, because the last bit of a cosine may differ between processors.
        for value in vector { hash.add("\(Int((value * 1_000).rounded())) ") }
        #expect(hash.value == 0x6ADC_2901_E839_6D7D, "The vector changed: its hash is \(hash.value).")
    }
}
