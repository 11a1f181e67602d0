import Glibc
import Testing

@testable import EventSpool

@Suite struct AppendTests {
    @Test func readsWhatWasAppendedInOrder() throws {
        let place = TemporarySpool()
        let spool = try place.open()
        let entries = (1...50).map { SpoolEntry($0, bytes: Int($0) * 10) }
        try spool.append(Array(entries.prefix(20)))
        let reader = spool.reader()
        #expect(try reader.readAll().records == entries.prefix(20).map { SpoolRecord($0, run: spool.run) })
        #expect(reader.isAtEnd)
        try spool.append(Array(entries.suffix(30)))
        #expect(!reader.isAtEnd)
        #expect(try reader.readAll().records == entries.suffix(30).map { SpoolRecord($0, run: spool.run) })
        #expect(try reader.next(maxBytes: 1).isEmpty)
    }

    @Test func takesTenThousandRecordsInOneAppend() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 200_000)
        let entries = (1...10_000).map { SpoolEntry($0, bytes: Int($0) % 150) }
        try spool.append(entries)
        #expect(spool.segments.count > 5)
        #expect(try spool.reader().readAll().records == entries.map { SpoolRecord($0, run: spool.run) })
    }

    @Test func takesRecordsWithoutPayload() throws {
        let place = TemporarySpool()
        let spool = try place.open()
        try spool.append([SpoolEntry(sequence: 1, kind: 9, body: []), SpoolEntry(sequence: 2, kind: 0, body: [])])
        let records = try spool.reader().readAll(maxBytes: 0).records
        #expect(records.map(\.kind) == [9, 0])
        #expect(records.allSatisfy { $0.payload.isEmpty })
    }

    @Test func givesALargeRecordASegmentOfItsOwn() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 10_000)
        // Beyond the window of the reader and the buffer of the writer.
        let entries = [SpoolEntry(1), SpoolEntry(2, bytes: 3_000_000), SpoolEntry(3), SpoolEntry(4, bytes: 50_000)]
        try spool.append(entries)
        #expect(spool.segments.map(\.firstSequence) == [1, 2, 3, 4])
        let chunk = try spool.reader().readAll(maxBytes: 100)
        #expect(chunk.records == entries.map { SpoolRecord($0, run: spool.run) })
    }

    @Test func keepsNoRoomBehindTheEndsOfSegments() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 1 << 20)
        // Records of more than half a segment, so that each has one of its own.
        for sequence in 1...4 { try spool.append([SpoolEntry(UInt64(sequence), bytes: 600_000)]) }
        let files = try spool.segments.map { segment in
            var status = stat()
            try #require(stat(place.file("\(SegmentName(number: segment.number, run: segment.run))"), &status) == 0)
            return status
        }
        #expect(files.count == 4)
        for file in files {
            #expect(file.st_size < 601_000, "Reserved room is no part of a file.")
        }
        for file in files.dropLast() {
            #expect(Int(file.st_blocks) * 512 < 700_000)
        }
    }

    @Test func keepsSegmentsWithinTheirSize() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 2_000)
        for sequence in 1...200 { try spool.append([SpoolEntry(UInt64(sequence), bytes: sequence)]) }
        #expect(spool.segments.allSatisfy { $0.bytes <= 2_000 })
        #expect(spool.segments.map(\.number) == Array(1...UInt64(spool.segments.count)))
        for segment in spool.segments {
            #expect(
                Files.read(place.file("\(SegmentName(number: segment.number, run: segment.run))")).count
                    == segment.bytes)
        }
        #expect(spool.usedBytes == spool.segments.reduce(0) { $0 + $1.bytes })
    }

    @Test func letsNumbersBeLeftOutButNotRepeated() throws {
        let place = TemporarySpool()
        let spool = try place.open()
        try spool.append([SpoolEntry(5), SpoolEntry(1_000)])
        for wrong in [[SpoolEntry(1_000)], [SpoolEntry(7)], [SpoolEntry(1_001), SpoolEntry(1_001)]] {
            #expect { try spool.append(wrong) } throws: { ($0 as? SpoolError)?.code == .invalid }
        }
        #expect(try spool.reader().readAll().records.map(\.position.sequence) == [5, 1_000])
    }

    @Test func makesFilesForTheOwnerAlone() throws {
        let place = TemporarySpool()
        let spool = try place.open()
        try spool.append([SpoolEntry(1)])
        #expect(Files.mode(place.directory) == 0o700)
        #expect(Files.mode(place.file("quarantine")) == 0o700)
        for name in ["lock", "bridge-id", "0000000000000001-\(spool.run).spool"] {
            #expect(Files.mode(place.file(name)) == 0o600, "\(name)")
        }
    }

    @Test func leavesNothingBehindWhenNothingIsAppended() throws {
        let place = TemporarySpool()
        for _ in 0..<3 {
            let spool = try place.open()
            try spool.append([])
            try spool.sync()
            #expect(spool.reader().isAtEnd)
        }
        #expect(place.segmentNames.isEmpty)
    }

    @Test func saysWhenItIsFullAndWhenThereIsRoomAgain() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 1_000, maxBytes: 10_000)
        #expect(!spool.isFull && spool.hasRoom)
        var sequence: UInt64 = 0
        while !spool.isFull {
            sequence += 1
            try spool.append([SpoolEntry(sequence, bytes: 300)])
            #expect(sequence < 100)
        }
        #expect(spool.usedBytes >= 10_000 && !spool.hasRoom)
        // A full spool refuses nothing: what says that it is full must fit as well.
        try spool.append([SpoolEntry(sequence + 1)])
        var passed: UInt64 = 0
        while spool.isFull {
            passed += 1
            spool.release(through: SpoolPosition(run: spool.run, sequence: passed))
        }
        #expect(!spool.hasRoom)
        spool.release(through: SpoolPosition(run: spool.run, sequence: passed + 10))
        #expect(spool.hasRoom)
    }
}
