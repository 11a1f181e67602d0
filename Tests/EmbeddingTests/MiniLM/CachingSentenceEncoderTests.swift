import BridgeConcurrency
import Testing

@testable import Embedding

@Suite struct CachingSentenceEncoderTests {
    /// Counts what reaches it; a text's vector is its length.
    private final class CountingEncoder: SentenceEncoder {
        let asked = LockedBox<[[String]]>([])

        func encode(_ texts: [String]) -> [[Float]] {
            asked.withLock { $0.append(texts) }
            return texts.map { [Float($0.utf8.count)] }
        }

        var texts: [String] { asked.withLock { $0.flatMap { $0 } } }
    }

    @Test func computesEachTextOnce() {
        let inner = CountingEncoder()
        let cache = CachingSentenceEncoder(inner)
        #expect(cache.encode(["a", "bb", "a"]) == [[1], [2], [1]])
        #expect(cache.encode(["bb", "ccc"]) == [[2], [3]])
        #expect(inner.texts == ["a", "bb", "ccc"])
        #expect(cache.counts == .init(hits: 1, misses: 4))
        #expect(cache.encode([]).isEmpty)
        #expect(inner.asked.withLock { $0.count } == 2)
    }

    @Test func takesCanonicallyEqualTextsForOne() {
        let inner = CountingEncoder()
        let cache = CachingSentenceEncoder(inner)
        #expect(cache.encode(["Küche"]) == cache.encode(["Ku\u{308}che"]))
        #expect(inner.texts == ["Küche"])
        #expect(cache.count == 1)
    }

    @Test func forgetsTheTextThatWasUsedLongestAgo() {
        let inner = CountingEncoder()
        let cache = CachingSentenceEncoder(inner, capacity: 2)
        _ = cache.encode(["a"])
        _ = cache.encode(["b"])
        _ = cache.encode(["a"])
        _ = cache.encode(["c"])
        _ = cache.encode(["a"])
        _ = cache.encode(["b"])
        #expect(inner.texts == ["a", "b", "c", "b"])
        #expect(cache.count == 2)
    }

    /// Against a list that is kept in order the slow way.
    @Test(arguments: [1, 2, 3, 7]) func behavesLikeAListInOrderOfUse(capacity: Int) {
        let seed: UInt64 = 42
        print("seed \(seed)")
        var numbers = TestNumbers(state: seed)
        let inner = CountingEncoder()
        let cache = CachingSentenceEncoder(inner, capacity: capacity)
        var model: [String] = []
        var expected: [String] = []
        for _ in 0..<2_000 {
            let text = String(repeating: "x", count: Int.random(in: 1...10, using: &numbers))
            #expect(cache.encode([text]) == [[Float(text.count)]])
            if let index = model.firstIndex(of: text) { model.remove(at: index) } else { expected.append(text) }
            model.append(text)
            if model.count > capacity { model.removeFirst() }
        }
        #expect(inner.texts == expected)
        #expect(cache.count == min(capacity, 10))
    }

    @Test func doesNotKeepLongTexts() {
        let inner = CountingEncoder()
        let cache = CachingSentenceEncoder(inner)
        let long = String(repeating: "x", count: CachingSentenceEncoder.longestText + 1)
        _ = cache.encode([long])
        #expect(cache.encode([long]) == [[Float(long.count)]])
        #expect(inner.texts.count == 2 && cache.count == 0)
    }

    @Test func forgetsEverythingWhenAsked() {
        let inner = CountingEncoder()
        let cache = CachingSentenceEncoder(inner)
        _ = cache.encode(["a", "b"])
        cache.removeAll()
        #expect(cache.count == 0)
        #expect(cache.encode(["a"]) == [[1]])
        #expect(inner.texts == ["a", "b", "a"])
    }

    @Test func staysSoundUnderManyTasks() async {
        let cache = CachingSentenceEncoder(CountingEncoder(), capacity: 5)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<500 {
                        let text = String(repeating: "y", count: 1 + (step * (task + 1)) % 11)
                        #expect(cache.encode([text]) == [[Float(text.count)]])
                    }
                }
            }
        }
        #expect(cache.count == 5)
        #expect(cache.counts.hits + cache.counts.misses == 4_000)
    }
}
