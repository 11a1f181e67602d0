import Testing

@testable import Embedding

@Suite(.enabled(if: ModelUnderTest.artefact != nil, ModelUnderTest.needsArtefact)) struct MiniLMEncoderTests {
    private func encoder(_ kernel: PanelKernel = .best) throws -> MiniLMEncoder {
        try MiniLMEncoder(artefact: try #require(ModelUnderTest.artefact), kernel: kernel)
    }

    @Test(arguments: PanelKernelTests.kernels) func agreesWithTheReference(kernel: PanelKernel) throws {
        let golden = try GoldenText.read("golden_embeddings")
        let vectors = try encoder(kernel).encode(golden.map(\.text))
        var least = 1.0
        for (line, vector) in zip(golden, vectors) { least = min(least, cosine(vector, try #require(line.embedding))) }
        print("int8, \(kernel): least cosine \(least)")
        #expect(golden.count == 50)
        #expect(least >= 0.998)
    }

    @Test(.enabled(if: ModelUnderTest.source != nil, ModelUnderTest.needsSource))
    func agreesWithTheReferenceInFullPrecision() throws {
        let golden = try GoldenText.read("golden_embeddings")
        let vectors = try MiniLMEncoder(published: try ModelUnderTest.published).encode(golden.map(\.text))
        var least = 1.0
        for (line, vector) in zip(golden, vectors) { least = min(least, cosine(vector, try #require(line.embedding))) }
        print("fp32: least cosine \(least)")
        #expect(least >= 0.9999)
    }

    @Test func givesTheSameBitsAloneAndInABatch() throws {
        let encoder = try encoder()
        let long = String(repeating: "the kitchen light ", count: 90)
        var texts = try GoldenText.read("golden_embeddings").prefix(20).map(\.text) + ["", long, "a", long + "!"]
        let alone = texts.map { encoder.encode([$0])[0].map(\.bitPattern) }
        #expect(encoder.encode(texts).map { $0.map(\.bitPattern) } == alone)
        texts.reverse()
        #expect(encoder.encode(texts).map { $0.map(\.bitPattern) } == alone.reversed())
        #expect(encoder.encode([]).isEmpty)
    }

    @Test(arguments: [
        "", " ", "\u{0}", "\u{0}\u{1}\u{2}", "Caf\u{65}\u{301} \u{41}\u{30A}", "キッチンの照明 客厅 灯", "🔥🚨👨‍👩‍👧‍👦",
        String(repeating: "x", count: 101), String(repeating: "word ", count: 300),
        String(repeating: "\u{301}", count: 5_000),
        "\u{202E}drawkcab\u{202C}", "[CLS] [SEP] [MASK]", String(repeating: "🏠", count: 2_000),
        "\u{FFFD}\u{FFFE}\u{10FFFF}",
    ])
    func givesAnyTextAUnitVector(text: String) throws {
        let vectors = try encoder().encode([text])
        let vector = try #require(vectors.first)
        #expect(vectors.count == 1 && vector.count == 384)
        #expect(vector.allSatisfy { $0.isFinite })
        #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4)
    }

    @Test func takesEqualTextsForOne() throws {
        let vectors = try encoder().encode(["Küche geöffnet", "Ku\u{308}che geo\u{308}ffnet"])
        #expect(vectors[0] == vectors[1])
    }

    @Test func passesItsOwnTest() throws { #expect(try encoder().passesSelfTest()) }

    @Test func worksOnManyThreadsAtOnce() async throws {
        let encoder = try encoder()
        let texts = ["the door was opened", "the light turned off", "it is cold outside"]
        let expected = encoder.encode(texts)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { encoder.encode(texts) == expected } }
            for await isEqual in group { #expect(isEqual) }
        }
    }
}
