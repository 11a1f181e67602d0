import BridgeCore
import FoundationEssentials
import Testing

@testable import EventSpool

/// The bytes are those that FORMAT.md shows.
@Suite struct FormatTests {
    private static let run = SpoolRunID("5e3ad3d2-7c8b-4b43-9f6e-1f0b52d2a0c4")

    @Test func writesTheExampleOfTheDocument() throws {
        let run = try #require(Self.run)
        let header = SegmentHeader(
            run: run, number: 12, firstSequence: 345, createdAt: Timestamp(microseconds: 1_795_223_688_110_907))
        var bytes = [UInt8](repeating: 0xAA, count: SegmentHeader.size + RecordHeader.size)
        let entry = SpoolEntry(sequence: 345, kind: 1, head: Array("ha".utf8), body: Array("-bridge".utf8))
        bytes.withUnsafeMutableBytes { bytes in
            header.write(into: bytes)
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[64...])
            entry.payload.withUnsafeBytes { RecordHeader(run, 345, 1, $0).write(into: target) }
        }
        bytes += entry.payload
        #expect(bytes == (try documentedBytes()), "The example should be:\n\(dump(bytes))")
    }

    @Test func readsTheExampleOfTheDocument() throws {
        let place = TemporarySpool()
        _ = try place.open()
        let run = try #require(Self.run)
        Files.write(try documentedBytes(), to: place.file("0000000000000012-\(run).spool"))
        let spool = try place.open()
        #expect(
            try spool.reader().readAll().records == [
                SpoolRecord(
                    position: SpoolPosition(run: run, sequence: 345), kind: 1, payload: Array("ha-bridge".utf8))
            ])
        #expect(spool.segments.map(\.number) == [12] && spool.segments.map(\.firstSequence) == [345])
    }

    @Test func namesSegmentsSoThatTheySort() throws {
        let run = try #require(Self.run)
        let name = SegmentName(number: 12, run: run)
        #expect(name.description == "0000000000000012-5e3ad3d2-7c8b-4b43-9f6e-1f0b52d2a0c4.spool")
        for number in [0, 1, 9_999_999_999_999_999, 10_000_000_000_000_000, UInt64.max] {
            let name = SegmentName(number: number, run: run)
            #expect(SegmentName(name.description) == name)
        }
        let wrong = [
            "", ".spool", "12.spool", "12-\(run).spool", "0000000000000012-\(run)", "0000000000000012_\(run).spool",
            "0000000000000012-\(run.uuid.uuidString).spool", "+000000000000012-\(run).spool",
        ]
        for name in wrong { #expect(SegmentName(name) == nil, "\(name)") }
    }

    /// The lines `offset  bytes…` of the first block of hexadecimal numbers in FORMAT.md.
    private func documentedBytes() throws -> [UInt8] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = String(decoding: Files.read("/\(root)/Sources/EventSpool/FORMAT.md"), as: UTF8.self)
        let block = try #require(text.components(between: "```hex\n", and: "```"))
        return block.split(separator: "\n").flatMap { line in
            line.split(separator: " ").dropFirst().prefix { $0 != "|" }.compactMap { UInt8($0, radix: 16) }
        }
    }

    private func dump(_ bytes: [UInt8]) -> String {
        func hex(_ value: Int, _ width: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return stride(from: 0, to: bytes.count, by: 16).map { start in
            let row = bytes[start..<min(start + 16, bytes.count)]
            return "\(hex(start, 4))  \(row.map { hex(Int($0), 2) }.joined(separator: " "))"
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate func components(between start: String, and stop: String) -> String? {
        guard let first = firstRange(of: start) else { return nil }
        let rest = String(self[first.upperBound...])
        guard let last = rest.firstRange(of: stop) else { return nil }
        return String(rest[..<last.lowerBound])
    }

    private func firstRange(of text: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
