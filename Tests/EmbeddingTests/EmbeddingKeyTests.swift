import Embedding
import Testing

@Suite struct EmbeddingKeyTests {
    @Test func keepsItsBytesAndTheirOrder() throws {
        let bytes = (0..<16).map { UInt8($0 * 16) }
        let key = try #require(EmbeddingKey(bytes))
        #expect(key.bytes == bytes)
        #expect(key.description == "00102030405060708090a0b0c0d0e0f0")
        #expect(EmbeddingKey(Array(bytes.dropLast())) == nil)
    }

    @Test(arguments: [
        (21, DayPart.evening), (22, .night), (0, .night), (4, .night), (5, .earlyMorning), (12, .afternoon),
    ])
    func knowsThePartOfTheDay(hour: Int, part: DayPart) { #expect(DayPart(hour: hour) == part) }
}
