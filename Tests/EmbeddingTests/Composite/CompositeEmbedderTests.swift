import BridgeCore
import Testing

@testable import Embedding

@Suite struct CompositeEmbedderTests {
    private let embedder = CompositeEmbedder()

    private static func document(
        _ text: String = "The door sensor \"Front Door\" in Hallway was opened",
        entity: String? = "binary_sensor.front_door", kind: String = "binary_sensor/door",
        transition: String = "off>on",
        area: String? = "Hallway", dayPart: DayPart = .evening, polarity: Polarity = .active
    ) -> EmbeddingDocument {
        EmbeddingDocument(
            text: text, entityID: entity, kind: kind, transition: transition, area: area, dayPart: dayPart,
            polarity: polarity)
    }

    private static let sentence = (0..<sentenceDimensions).map { Float($0 % 7) - 3 }

    private static func length(_ vector: some Sequence<Float>) -> Double {
        vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    private static func likeness(_ left: [Float], _ right: [Float]) -> Float {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test func givesEachBlockOfAnEventItsShare() {
        let vector = embedder.vector(of: Self.document(), sentence: Self.sentence)
        #expect(vector.count == embeddingDimensions)
        #expect(abs(Self.length(vector) - 1) < 1e-5)
        let shares: [(Range<Int>, Double)] = [
            (0..<384, 0.20), (384..<1152, 0.15), (1152..<1472, 0.50), (1472..<1504, 0.13), (1504..<1507, 0.02),
        ]
        for (place, share) in shares {
            #expect(abs(Self.length(vector[place]) - share.squareRoot()) < 1e-4, "\(place)")
        }
        #expect(vector[1507...].allSatisfy { $0 == 0 })
    }

    @Test func makesUpForAMissingSentence() {
        let without = embedder.vector(of: Self.document(), sentence: nil)
        #expect(without[..<384].allSatisfy { $0 == 0 })
        #expect(abs(Self.length(without) - 1) < 1e-5)
        let with = embedder.vector(of: Self.document(), sentence: Self.sentence)
        let ratio = without[384...].firstIndex { $0 != 0 }.map { without[$0] / with[$0] }
        #expect(abs((ratio ?? 0) - Float(1 / 0.8.squareRoot())) < 1e-4)
    }

    @Test(arguments: [[], [1], [Float](repeating: .nan, count: 384), [Float](repeating: .infinity, count: 384)])
    func treatsAnImpossibleSentenceAsMissing(sentence: [Float]) {
        let expected = embedder.vector(of: Self.document(), sentence: nil)
        #expect(embedder.vector(of: Self.document(), sentence: sentence) == expected)
    }

    @Test(arguments: [
        "", " ", "\0", "e\u{301}\u{302}\u{303}", "日本語のドア", "🔥🚪", String(repeating: "x", count: 101),
        String(repeating: "word ", count: 300), "()[]{}", "\u{202E}abc", "ßẞœøł",
    ])
    func hasAVectorForAnyText(text: String) {
        let document = Self.document(text, entity: nil, kind: "", transition: "", area: nil)
        let query = QueryParser(now: Timestamp(microseconds: 0)).parse(text)
        for vector in [
            embedder.vector(of: document, sentence: nil), embedder.vector(of: document, sentence: Self.sentence),
            embedder.vector(of: query, sentence: nil), embedder.vector(of: query, sentence: Self.sentence),
        ] {
            #expect(vector.count == embeddingDimensions)
            #expect(vector.allSatisfy { $0.isFinite })
            #expect(abs(Self.length(vector) - 1) < 1e-4)
        }
    }

    @Test func givesDecomposedAccentsTheSameVector() {
        let composed = Self.document("The light \"Café\" in Küche turned on")
        let decomposed = Self.document("The light \"Cafe\u{301}\" in Ku\u{308}che turned on")
        let vectors = [composed, decomposed].map { embedder.vector(of: $0, sentence: nil) }
        #expect(vectors[0] == vectors[1])
    }

    @Test func findsTheSameChangeOfTheSameThingMoreAlikeThanOthers() {
        let vector = embedder.vector(of: Self.document(), sentence: Self.sentence)
        func likeness(_ other: EmbeddingDocument) -> Float {
            Self.likeness(vector, embedder.vector(of: other, sentence: Self.sentence))
        }
        let atNight = likeness(Self.document(dayPart: .night))
        let anotherDoor = likeness(
            Self.document(
                "The door sensor \"Back Door\" in Kitchen was opened", entity: "binary_sensor.back", area: "Kitchen"))
        let closed = likeness(
            Self.document(
                "The door sensor \"Front Door\" in Hallway was closed", transition: "on>off", polarity: .rest))
        let light = likeness(
            Self.document("The light \"Desk\" in Office turned on", entity: "light.desk", kind: "light", area: "Office")
        )
        #expect(atNight < 1)
        #expect(anotherDoor < atNight)
        #expect(light < anotherDoor)
        #expect(closed < atNight)
    }

    @Test func placesTheTimeByPartsOfTheDay() {
        func time(_ part: DayPart) -> [Float] {
            Array(embedder.vector(of: Self.document(dayPart: part), sentence: nil)[1472..<1504])
        }
        let evening = time(.evening)
        #expect(Self.likeness(evening, time(.night)) < Self.likeness(evening, evening))
        #expect(Self.likeness(evening, time(.morning)) < Self.likeness(evening, time(.night)))
        #expect(evening[..<24].indices.max { evening[$0] < evening[$1] } == 19)
    }

    @Test func givesAQueryNoStructureAndATimeOnlyIfItNamesOne() {
        let parser = QueryParser(now: Timestamp(microseconds: 0))
        let plain = embedder.vector(of: parser.parse("front door opened"), sentence: Self.sentence)
        #expect(plain[1152..<1504].allSatisfy { $0 == 0 })
        let nightly = embedder.vector(of: parser.parse("front door opened at night"), sentence: Self.sentence)
        #expect(nightly[1472..<1504].contains { $0 != 0 })
    }

    @Test func ranksWhatWasAskedForFirstWithoutAModel() {
        let texts = [
            "The door sensor \"Front Door\" in Hallway was opened", "The light \"Desk Lamp\" in Office was turned on",
            "The robot vacuum cleaner \"Dusty\" in Living Room is stuck", "The smoke sensor \"Attic\" detected smoke",
            "The soil moisture sensor \"Fern\" fell to about 10 %, dry", "The television \"Lounge TV\" started playing",
        ]
        let questions = [
            "somebody opened the main entrance", "lamp in the study came on", "hoover got jammed", "fire alarm",
            "thirsty houseplant", "watching telly",
        ]
        let parser = QueryParser(now: Timestamp(microseconds: 0))
        let vectors = texts.map {
            embedder.vector(of: Self.document($0, entity: nil, kind: "", transition: "", area: nil), sentence: nil)
        }
        for (index, question) in questions.enumerated() {
            let asked = embedder.vector(of: parser.parse(question), sentence: nil)
            let best = vectors.indices.max { Self.likeness(asked, vectors[$0]) < Self.likeness(asked, vectors[$1]) }
            #expect(best == index, "\(question)")
        }
    }
}
