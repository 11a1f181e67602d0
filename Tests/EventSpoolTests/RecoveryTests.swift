import Glibc
import Testing

@testable import EventSpool

/// What is read from a segment that was cut or altered at any place.
@Suite struct RecoveryTests {
    /// A small segment of an earlier run, and where each of its records lies.
    struct Fixture {
        let place = TemporarySpool()
        let name: String
        let bytes: [UInt8]
        let records: [SpoolRecord]
        let ranges: [Range<Int>]

        init() throws {
            // One holds a magic number, one is empty, and one holds a whole record of another run.
            let other = TemporarySpool()
            try other.open().append([SpoolEntry(2, bytes: 5)])
            let foreign = Array(Files.read(other.firstSegment).dropFirst(SegmentHeader.size))
            let entries = [
                SpoolEntry(1, bytes: 10), SpoolEntry(sequence: 2, kind: 2, body: []),
                SpoolEntry(sequence: 3, kind: 3, body: [0xFE, 0x52, 0x45, 0x43, 0xFE] + foreign),
                SpoolEntry(sequence: 9, kind: 4, body: [UInt8](repeating: 0, count: 60)), SpoolEntry(10, bytes: 3),
            ]
            let spool = try place.open()
            try spool.append(entries)
            name = "\(SegmentName(number: 1, run: spool.run))"
            bytes = Files.read(place.file(name))
            records = entries.map { SpoolRecord($0, run: spool.run) }
            var ranges: [Range<Int>] = []
            for entry in entries {
                let start = ranges.last?.upperBound ?? SegmentHeader.size
                ranges.append(start..<start + entry.recordBytes)
            }
            self.ranges = ranges
        }

        /// Puts `bytes` in the segment's place and reads everything in a new run.
        func recovered(_ bytes: [UInt8]) throws -> (chunk: SpoolChunk, statistics: SpoolStatistics) {
            Files.write(bytes, to: place.file(name))
            for name in place.quarantineNames { unlink(place.file("quarantine/\(name)")) }
            let spool = try place.open()
            let chunk = try spool.reader().readAll()
            // What was read can be released, whatever it was.
            try spool.append([SpoolEntry(1)])
            spool.release(through: SpoolPosition(run: spool.run, sequence: 1))
            #expect(place.segmentNumbers == [2])
            unlink(place.firstSegment)
            return (chunk, spool.statistics)
        }
    }

    @Test func givesTheWholeRecordsBeforeACutAtAnyByte() throws {
        let fixture = try Fixture()
        for cut in 0...fixture.bytes.count {
            let (chunk, statistics) = try fixture.recovered(Array(fixture.bytes.prefix(cut)))
            let whole = fixture.ranges.filter { $0.upperBound <= cut }.count
            #expect(chunk.records == Array(fixture.records.prefix(whole)), "cut at \(cut)")
            #expect(chunk.damages.isEmpty && statistics.damagedRecords == 0, "cut at \(cut)")
            let isClean = cut == 0 || cut == SegmentHeader.size || fixture.ranges.contains { $0.upperBound == cut }
            #expect(statistics.tornTails == (isClean ? 0 : 1), "cut at \(cut)")
            // What is left of a record is kept.
            let rest =
                isClean || cut < SegmentHeader.size ? 0 : cut - (whole == 0 ? 64 : fixture.ranges[whole - 1].upperBound)
            #expect(statistics.quarantinedBytes == rest, "cut at \(cut)")
        }
    }

    @Test(arguments: [0x01, 0x80, 0xFF, 0x10] as [UInt8])
    func losesOneRecordForAnAlteredByteAnywhere(mask: UInt8) throws {
        let fixture = try Fixture()
        for offset in fixture.bytes.indices {
            var bytes = fixture.bytes
            bytes[offset] ^= mask
            let (chunk, statistics) = try fixture.recovered(bytes)
            let victim = fixture.ranges.firstIndex { $0.contains(offset) }
            let expected = fixture.records.enumerated().filter { $0.offset != victim }.map(\.element)
            #expect(chunk.records == expected, "byte \(offset)")
            guard let victim else {
                // A header costs nothing.
                #expect(chunk.damages.isEmpty && statistics.damagedHeaders == 1, "byte \(offset)")
                continue
            }
            let damage = try #require(chunk.damages.first, "byte \(offset)")
            #expect(chunk.damages.count == 1 && statistics.damagedRecords == 1, "byte \(offset)")
            #expect(damage.offset..<damage.offset + damage.length == fixture.ranges[victim], "byte \(offset)")
            #expect(damage.before == (victim == 0 ? nil : fixture.records[victim - 1].position), "byte \(offset)")
            #expect(
                damage.after == (victim == 4 ? nil : fixture.records[victim + 1].position), "byte \(offset)")
            let isPayload = offset - fixture.ranges[victim].lowerBound >= 40
            #expect(damage.lost == (isPayload ? fixture.records[victim].position : nil), "byte \(offset)")
            let name = try #require(damage.quarantineFile)
            #expect(Files.read(fixture.place.file(name)) == Array(bytes[fixture.ranges[victim]]), "byte \(offset)")
            #expect(statistics.quarantinedBytes == fixture.ranges[victim].count, "byte \(offset)")
        }
    }

    @Test func losesOneRecordForAnAlteredBitOfItsHeader() throws {
        let fixture = try Fixture()
        let victim = fixture.ranges[2]
        for offset in victim.prefix(RecordHeader.size) {
            for bit in 0..<8 {
                var bytes = fixture.bytes
                bytes[offset] ^= 1 << UInt8(bit)
                let (chunk, _) = try fixture.recovered(bytes)
                #expect(chunk.records.map(\.position.sequence) == [1, 2, 9, 10], "byte \(offset), bit \(bit)")
            }
        }
    }

    @Test func losesOneRecordForBytesThatAreGoneOrTooMany() throws {
        let fixture = try Fixture()
        for offset in SegmentHeader.size..<fixture.bytes.count {
            let victim = try #require(fixture.ranges.firstIndex { $0.contains(offset) })
            let expected = fixture.records.enumerated().filter { $0.offset != victim }.map(\.element)
            var bytes = fixture.bytes
            bytes.remove(at: offset)
            #expect(try fixture.recovered(bytes).chunk.records.filter(expected.contains) == expected, "byte \(offset)")
            bytes = fixture.bytes
            bytes.insert(0x5A, at: offset)
            let recovered = try fixture.recovered(bytes).chunk.records
            #expect(recovered.filter(expected.contains) == expected, "byte \(offset)")
            #expect(recovered.allSatisfy(fixture.records.contains), "byte \(offset)")
        }
    }

    @Test func survivesAnUnreadableSector() throws {
        let place = TemporarySpool()
        let entries = (1...400).map { SpoolEntry($0, bytes: 90) }
        try place.open(segmentBytes: 64_000).append(entries)
        let file = place.firstSegment
        let original = Files.read(file)
        for sector in [0, 4_096, 32_768] {
            var bytes = original
            for offset in sector..<sector + 4_096 { bytes[offset] = 0 }
            Files.write(bytes, to: file)
            let chunk = try place.open().reader().readAll()
            let sequences = chunk.records.map(\.position.sequence)
            #expect((25...35).contains(400 - sequences.count) && sequences == sequences.sorted(), "at \(sector)")
            // In one piece, of which the first record may be known by its header.
            let damages = chunk.damages
            #expect(damages.count <= 2, "at \(sector)")
            #expect(zip(damages, damages.dropFirst()).allSatisfy { $0.offset + $0.length == $1.offset }, "at \(sector)")
            #expect(damages.allSatisfy { $0.after == damages.first?.after && $0.before == damages.first?.before })
        }
    }

    @Test func takesZerosAtTheEndForATear() throws {
        let fixture = try Fixture()
        for zeros in [1, 43, 44, 5_000, 300_000] {
            let (chunk, statistics) = try fixture.recovered(fixture.bytes + [UInt8](repeating: 0, count: zeros))
            #expect(chunk.records == fixture.records)
            #expect(statistics.tornTails == 1 && statistics.quarantinedBytes == 0 && chunk.damages.isEmpty)
        }
    }

    @Test func neverTakesAPayloadForARecord() throws {
        // The whole file is noise of beginnings of records; nothing in it is one.
        let place = TemporarySpool()
        try place.open().append([SpoolEntry(1)])
        let file = place.firstSegment
        var generator = SeededGenerator(seed: 5)
        var bytes: [UInt8] = []
        while bytes.count < 1_000_000 {
            bytes += [0xFE, 0x52, 0x45, 0x43]
            if Bool.random(using: &generator) { bytes.append(UInt8.random(in: 0...255, using: &generator)) }
        }
        Files.write(bytes, to: file)
        let spool = try place.open()
        let chunk = try spool.reader().readAll()
        #expect(chunk.records.isEmpty && chunk.damages.map(\.length) == [bytes.count])
        #expect(Files.read(place.file(chunk.damages.first?.quarantineFile ?? "")) == bytes)
    }

    @Test func survivesNoiseInPlaceOfAnything() throws {
        let fixture = try Fixture()
        for seed in UInt64(1)...300 {
            var generator = SeededGenerator(seed: seed)
            var bytes = fixture.bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let start = Int.random(in: bytes.indices, using: &generator)
                let stop = min(bytes.count, start + Int.random(in: 1...120, using: &generator))
                for offset in start..<stop { bytes[offset] = UInt8.random(in: 0...255, using: &generator) }
            }
            let records = try fixture.recovered(bytes).chunk.records
            // Some, in order, and none that nobody appended.
            #expect(records == fixture.records.filter(records.contains), "seed \(seed)")
        }
    }

    @Test func keepsDamagedBytesOnceHoweverOftenTheyAreRead() throws {
        let fixture = try Fixture()
        var bytes = fixture.bytes
        bytes[fixture.ranges[1].lowerBound + 2] ^= 1
        Files.write(bytes, to: fixture.place.file(fixture.name))
        for round in 0..<3 {
            let spool = try fixture.place.open()
            #expect(try spool.reader().readAll().damages.count == 1)
            #expect(spool.statistics.quarantinedBytes == (round == 0 ? 44 : 0))
        }
        #expect(fixture.place.quarantineNames.count == 1)
        // Other bytes of the same place get a name of their own.
        bytes[fixture.ranges[1].lowerBound + 2] ^= 2
        Files.write(bytes, to: fixture.place.file(fixture.name))
        _ = try fixture.place.open().reader().readAll()
        #expect(
            fixture.place.quarantineNames == [
                "0000000000000001-\(ten(fixture.ranges[1].lowerBound))-1.bad",
                "0000000000000001-\(ten(fixture.ranges[1].lowerBound)).bad",
            ])
    }

    private func ten(_ number: Int) -> String {
        String(repeating: "0", count: 10 - String(number).count) + String(number)
    }
}
