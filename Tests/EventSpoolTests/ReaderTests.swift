import Glibc
import Testing

@testable import EventSpool

@Suite struct ReaderTests {
    @Test func giveChunksOfTheWantedSize() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 3_000)
        try spool.append((1...100).map { SpoolEntry(sequence: $0, kind: 1, body: [UInt8](repeating: 1, count: 100)) })
        let reader = spool.reader()
        var total = 0
        while !reader.isAtEnd {
            let chunk = try reader.next(maxBytes: 350)
            #expect(chunk.records.count == (total == 99 ? 1 : 3))
            #expect(chunk.payloadBytes == chunk.records.count * 100)
            total += chunk.records.count
        }
        #expect(total == 100)
    }

    @Test func beginsAnywhere() throws {
        let place = TemporarySpool()
        try place.open(segmentBytes: 1_000).append((1...30).map { SpoolEntry($0) })
        let spool = try place.open(segmentBytes: 1_000)
        // With numbers left out, also between segments.
        let entries = (1...200).map { SpoolEntry($0 * 3) }
        for start in stride(from: 0, to: 200, by: 7) { try spool.append(Array(entries[start..<min(start + 7, 200)])) }
        for sequence in UInt64(0)...605 {
            let reader = spool.reader(past: SpoolPosition(run: spool.run, sequence: sequence))
            let expected = entries.filter { $0.sequence > sequence }.map { SpoolRecord($0, run: spool.run) }
            #expect(reader.isAtEnd == expected.isEmpty || sequence >= 598, "past \(sequence)")
            #expect(try reader.next(maxBytes: 1 << 20).records == expected, "past \(sequence)")
            #expect(reader.isAtEnd)
        }
        #expect(spool.statistics.repeatedRecords == 0)
    }

    @Test func goesForwardsAndBackwards() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 1_000)
        try spool.append((1...100).map { SpoolEntry($0) })
        let reader = spool.reader()
        for target in [UInt64(5), 6, 50, 20, 99, 98, 100, 0, 1] {
            reader.seek(past: SpoolPosition(run: spool.run, sequence: target))
            let next = try reader.next(maxBytes: 1).records.map(\.position.sequence)
            #expect(next == (target == 100 ? [] : [target + 1]))
        }
    }

    @Test func beginsBehindEverythingWhenItsRunHasNoSegment() throws {
        let place = TemporarySpool()
        try place.open().append([SpoolEntry(1)])
        let spool = try place.open()
        let reader = spool.reader(past: SpoolPosition(run: spool.run, sequence: 4))
        #expect(try reader.next(maxBytes: 1).isEmpty)
        try spool.append([SpoolEntry(5)])
        #expect(try reader.next(maxBytes: 1).records.map(\.position.sequence) == [5])
        // An unknown run says nothing about what has been read.
        let other = spool.reader(past: SpoolPosition(run: SpoolRunID(), sequence: 4))
        #expect(try other.readAll().records.count == 2)
    }

    @Test func readsOnWhileSegmentsAreReleased() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 1_000)
        try spool.append((1...100).map { SpoolEntry($0) })
        let reader = spool.reader()
        var seen: [UInt64] = []
        while !reader.isAtEnd {
            for record in try reader.next(maxBytes: 100).records {
                seen.append(record.position.sequence)
                spool.release(through: record.position)
            }
        }
        #expect(seen == Array(1...100))
        #expect(spool.segments.count == 1 && place.segmentNames.count == 1)
        #expect(spool.statistics == SpoolStatistics())
    }

    @Test func releasesEarlierRunsInTheirOrder() throws {
        let place = TemporarySpool()
        var runs: [SpoolRunID] = []
        for _ in 0..<3 {
            let spool = try place.open(segmentBytes: 1_000)
            try spool.append((1...40).map { SpoolEntry($0) })
            runs.append(spool.run)
        }
        let spool = try place.open(segmentBytes: 1_000)
        let counts = runs.map { run in spool.segments.filter { $0.run == run }.count }
        spool.release(through: SpoolPosition(run: SpoolRunID(), sequence: 1_000))
        #expect(spool.segments.count == counts.reduce(0, +))
        let reader = spool.reader()
        _ = try reader.readAll()
        spool.release(through: SpoolPosition(run: runs[0], sequence: 39))
        #expect(spool.segments.first?.run == runs[0])
        spool.release(through: SpoolPosition(run: runs[0], sequence: 40))
        #expect(spool.segments.first?.run == runs[1])
        spool.release(through: SpoolPosition(run: runs[2], sequence: 1))
        #expect(spool.segments.count == counts[2])
        spool.release(through: SpoolPosition(run: runs[2], sequence: 40))
        #expect(spool.segments.isEmpty && spool.usedBytes == 0 && place.segmentNames.isEmpty)
    }

    @Test func releasesNothingThatIsNotPassed() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 1_000)
        try spool.append((1...100).map { SpoolEntry($0) })
        for sequence in UInt64(1)...100 {
            spool.release(through: SpoolPosition(run: spool.run, sequence: sequence))
            let left = try spool.reader().readAll().records.map(\.position.sequence)
            #expect(left.suffix(Int(100 - sequence)) == Array(sequence + 1..<101)[...])
        }
        #expect(spool.segments.map(\.isActive) == [true])
    }

    @Test func passesOverASegmentThatDisappears() throws {
        let place = TemporarySpool()
        try place.open(segmentBytes: 1_000).append((1...40).map { SpoolEntry($0) })
        let spool = try place.open(segmentBytes: 1_000)
        let lost = try #require(spool.segments.dropFirst().first)
        let after = try #require(spool.segments.dropFirst(2).first?.firstSequence)
        let firstOfLost = try #require(lost.firstSequence)
        let run = lost.run
        unlink(place.file(place.segmentNames[1]))
        let chunk = try spool.reader().readAll()
        #expect(chunk.records.map(\.position.sequence) == Array(1..<firstOfLost) + Array(after...40))
        #expect(
            chunk.damages == [
                SpoolDamage(
                    cause: .missing, segment: lost.number, offset: 0, length: lost.bytes,
                    before: SpoolPosition(run: run, sequence: firstOfLost - 1),
                    after: SpoolPosition(run: run, sequence: after))
            ])
        #expect(spool.statistics.missingSegments == 1)
        #expect(spool.usedBytes == spool.segments.reduce(0) { $0 + $1.bytes })
    }

    @Test func tellsOfATearInTheMiddleOfARun() throws {
        let place = TemporarySpool()
        try place.open(segmentBytes: 1_000).append((1...40).map { SpoolEntry($0) })
        let name = try #require(place.segmentNames.first)
        Files.write(Array(Files.read(place.file(name)).dropLast(10)), to: place.file(name))
        let spool = try place.open()
        let chunk = try spool.reader().readAll()
        #expect(chunk.records.count == 39)
        let damage = try #require(chunk.damages.first)
        #expect(damage.cause == .missing && damage.after?.sequence == (damage.before?.sequence ?? 0) + 2)
        #expect(spool.statistics.tornTails == 1)
    }
}
