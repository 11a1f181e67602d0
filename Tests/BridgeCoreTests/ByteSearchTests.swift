import CByteSearch
import Testing

/// A machine runs one width of the searches; both must find the same.
@Suite struct ByteSearchTests {
    #if arch(x86_64)
        @Test(.enabled(if: cbytesearch_has_wide() != 0)) func findsTheSameWithBothWidths() {
            let seed = UInt64.random(in: .min ... .max)
            print("Seed of the bytes: \(seed)")
            var state = seed
            func next(_ count: Int) -> Int {
                // Knuth's generator; its upper half is random enough.
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % count
            }
            let alphabet = Array("\"':\\ =/yJr %3{}[]abc\né".utf8)
            for _ in 0..<5_000 {
                let bytes = (0..<next(300)).map { _ in alphabet[next(alphabet.count)] }
                bytes.withUnsafeBufferPointer { buffer in
                    guard let base = buffer.baseAddress else { return }
                    #expect(
                        Self.marks(base, bytes.count, cbytesearch_narrow_next)
                            == Self.marks(base, bytes.count, cbytesearch_wide_next))
                    for start in bytes.indices where bytes[start] == 0x7B || bytes[start] == 0x5B {
                        #expect(
                            cbytesearch_narrow_end_of_value(base, start, bytes.count)
                                == cbytesearch_wide_end_of_value(base, start, bytes.count))
                    }
                }
            }
        }

        private typealias Search = (UnsafeMutablePointer<cbytesearch_cursor>?, UnsafePointer<UInt8>?, Int) -> Int

        private static func marks(_ base: UnsafePointer<UInt8>, _ count: Int, _ search: Search) -> [Int] {
            var cursor = cbytesearch_cursor()
            var found: [Int] = []
            while true {
                let index = search(&cursor, base, count)
                guard index < count else { return found }
                found.append(index)
            }
        }
    #endif
}
