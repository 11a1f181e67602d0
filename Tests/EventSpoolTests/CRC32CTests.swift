import Testing

@testable import EventSpool

@Suite struct CRC32CTests {
    /// From RFC 3720, appendix B.4, and the usual check value.
    static let known: [(bytes: [UInt8], checksum: UInt32)] = [
        (Array("123456789".utf8), 0xE306_9283),
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        ([UInt8](0..<32), 0x46DD_794E),
        ([UInt8](0..<32).reversed(), 0x113F_DB5C),
        ([], 0),
    ]

    @Test(arguments: known)
    func agreesWithKnownValues(bytes: [UInt8], expected: UInt32) {
        bytes.withUnsafeBytes { bytes in
            #expect(CRC32C.checksum(bytes) == expected)
            #expect(CRC32C.checksumByTables(bytes) == expected)
            #expect(CRC32C.checksumByBits(bytes) == expected)
        }
    }

    @Test func agreesWithItselfAtEveryLengthAndAlignment() {
        var generator = SeededGenerator(seed: 1)
        let bytes = (0..<40_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        bytes.withUnsafeBytes { bytes in
            // Around the sizes at which the three streams begin.
            let lengths = Array(0...1_200) + [12_280, 12_287, 12_288, 12_289, 13_000, 24_576, 39_000]
            for length in lengths {
                let part = UnsafeRawBufferPointer(rebasing: bytes[(length % 9)..<(length % 9 + length)])
                let expected = CRC32C.checksumByBits(part)
                #expect(CRC32C.checksum(part) == expected, "\(length) bytes")
                #expect(CRC32C.checksumByTables(part) == expected, "\(length) bytes")
                // Beside the copy nothing is written.
                var copy = [UInt8](repeating: 1, count: length + 8)
                let found = copy.withUnsafeMutableBytes { target in
                    CRC32C.checksum(part, copiedTo: UnsafeMutableRawBufferPointer(rebasing: target[4..<length + 4]))
                }
                #expect(found == expected && copy[4..<length + 4].elementsEqual(part), "\(length) bytes")
                #expect(copy[..<4] == [1, 1, 1, 1] && copy[(length + 4)...] == [1, 1, 1, 1])
            }
        }
    }

    @Test func goesOnWhereItStopped() {
        let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        bytes.withUnsafeBytes { bytes in
            let whole = CRC32C.checksum(bytes)
            for cut in stride(from: 0, through: bytes.count, by: 77) {
                let first = UnsafeRawBufferPointer(rebasing: bytes[..<cut])
                let second = UnsafeRawBufferPointer(rebasing: bytes[cut...])
                #expect(CRC32C.checksum(second, continuing: CRC32C.checksum(first)) == whole)
                #expect(CRC32C.checksumByTables(second, continuing: CRC32C.checksumByTables(first)) == whole)
            }
        }
    }
}
