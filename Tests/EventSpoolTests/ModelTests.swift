import Glibc
import Testing

@testable import EventSpool

/// Random steps against a model: what was appended and not released is read exactly once and in order, whatever happens in
/// between. `SPOOL_SEED` and `SPOOL_ROUNDS` in the environment choose another walk.
@Suite struct ModelTests {
    private static var seeds: [UInt64] {
        func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
        let first = number("SPOOL_SEED") ?? UInt64.random(in: 0..<1 << 40)
        return (0..<(number("SPOOL_ROUNDS") ?? 12)).map { first &+ $0 }
    }

    @Test(arguments: seeds)
    func losesNothingAndInventsNothing(seed: UInt64) throws {
        var walk = try Walk(seed: seed)
        do {
            for _ in 0..<250 { try walk.step() }
            try walk.crash(.kill)
            try walk.readAll()
            try walk.releaseAll()
        } catch {
            Issue.record("SPOOL_SEED=\(seed) SPOOL_ROUNDS=1: \(error)")
        }
    }

    enum Crash { case kill, torn, power }

    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    struct Walk {
        let seed: UInt64
        let place = TemporarySpool()
        var generator: SeededGenerator
        private var held: (spool: EventSpool, reader: SpoolReader)?
        var sequence: UInt64 = 0
        /// Everything that may still be read, and whether it survives a power cut.
        var expected: [(record: SpoolRecord, isSynced: Bool)] = []
        /// How many of `expected` the reader has given.
        var read = 0

        init(seed: UInt64) throws {
            self.seed = seed
            generator = SeededGenerator(seed: seed)
            try reopen()
        }

        var spool: EventSpool {
            get throws {
                guard let held else { throw Mismatch(description: "no spool is open") }
                return held.spool
            }
        }

        var reader: SpoolReader {
            get throws {
                guard let held else { throw Mismatch(description: "no spool is open") }
                return held.reader
            }
        }

        mutating func step() throws {
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<40: try append()
            case 40..<65: try readSome()
            case 65..<80: try release()
            case 80..<88:
                try spool.sync()
                for index in expected.indices { expected[index].isSynced = true }
            case 88..<91: try seek()
            case 91..<93:
                let presence = try spool.checkPresence()
                guard presence.isIntact else { throw Mismatch(description: "\(presence)") }
            case 93..<96: try crash(.kill)
            case 96..<98: try crash(.torn)
            default: try crash(.power)
            }
        }

        mutating func append() throws {
            let count = Int.random(in: 1...12, using: &generator)
            let entries = (0..<count).map { _ -> SpoolEntry in
                sequence += Int.random(in: 0..<5, using: &generator) == 0 ? 3 : 1
                let isLarge = Int.random(in: 0..<40, using: &generator) == 0
                return SpoolEntry(sequence, bytes: Int.random(in: 0...(isLarge ? 5_000 : 150), using: &generator))
            }
            try spool.append(entries)
            let run = try spool.run
            expected += entries.map { (SpoolRecord($0, run: run), false) }
        }

        mutating func readSome() throws {
            let chunk = try reader.next(maxBytes: Int.random(in: 0...2_000, using: &generator))
            try take(chunk)
            if chunk.isEmpty, read != expected.count {
                throw Mismatch(description: "stopped at \(read) of \(expected.count)")
            }
        }

        mutating func take(_ chunk: SpoolChunk) throws {
            for record in chunk.records {
                guard read < expected.count, record == expected[read].record else {
                    let wanted = read < expected.count ? "\(expected[read].record.position)" : "nothing"
                    throw Mismatch(description: "read \(record.position), expected \(wanted)")
                }
                read += 1
            }
        }

        /// Only what has been read may be released. Older records of the same segment may still be there.
        mutating func release() throws {
            let spool = try spool
            guard read > 0 else { return }
            let last = Int.random(in: 0..<read, using: &generator)
            spool.release(through: expected[last].record.position)
            let left = Set(spool.segments.map { "\($0.run)" })
            // What the model may forget: everything before the first segment that is left.
            let first = spool.segments.first
            let gone = expected.prefix(last + 1).prefix { entry in
                guard left.contains("\(entry.record.position.run)") else { return true }
                guard let first, first.run == entry.record.position.run else { return false }
                return entry.record.position.sequence < first.firstSequence ?? 0
            }.count
            expected.removeFirst(gone)
            read -= gone
        }

        mutating func seek() throws {
            guard let target = expected.indices.randomElement(using: &generator) else { return }
            let position = expected[target].record.position
            if Bool.random(using: &generator) {
                try reader.seek(past: position)
            } else {
                held = (try spool, try spool.reader(past: position))
            }
            read = target + 1
        }

        mutating func crash(_ crash: Crash) throws {
            let active = try spool.segments.last { $0.isActive }
            let firstUnsynced = expected.first { !$0.isSynced }?.record.position.sequence
            held = nil
            switch crash {
            case .kill: break
            case .torn:
                // Half a record behind the last one.
                guard let active else { break }
                let path = place.file("\(SegmentName(number: active.number, run: active.run))")
                var bytes = [UInt8](repeating: 0, count: 200)
                let entry = SpoolEntry(sequence + 1, bytes: 100)
                bytes.withUnsafeMutableBytes { bytes in
                    entry.payload.withUnsafeBytes {
                        RecordHeader(active.run, entry.sequence, entry.kind, $0).write(into: bytes)
                    }
                }
                bytes.replaceSubrange(44..., with: entry.payload)
                let cut = Int.random(in: 1..<entry.recordBytes, using: &generator)
                Files.write(Files.read(path) + bytes.prefix(cut), to: path)
            case .power: losePower(firstUnsynced, active)
            }
            try reopen()
        }

        /// Cuts the active segment anywhere behind what was synced. Segments before it may lose their ends as well, but the
        /// simplest case is telling enough.
        mutating func losePower(_ firstUnsynced: UInt64?, _ active: SpoolSegment?) {
            guard let active, let firstUnsynced else { return }
            let path = place.file("\(SegmentName(number: active.number, run: active.run))")
            let bytes = Files.read(path)
            var start = SegmentHeader.size
            var kept = start
            var survivors: [UInt64] = []
            // Records are where the headers say.
            bytes.withUnsafeBytes { bytes in
                while let header = RecordHeader(UnsafeRawBufferPointer(rebasing: bytes[start...])) {
                    if header.sequence < firstUnsynced { kept = start + header.recordBytes }
                    start += header.recordBytes
                    if start >= bytes.count { break }
                }
            }
            let cut = Int.random(in: kept...bytes.count, using: &generator)
            start = SegmentHeader.size
            bytes.withUnsafeBytes { bytes in
                while start < bytes.count, let header = RecordHeader(UnsafeRawBufferPointer(rebasing: bytes[start...]))
                {
                    start += header.recordBytes
                    if start <= cut { survivors.append(header.sequence) }
                }
            }
            let zeros = Bool.random(using: &generator) ? Int.random(in: 0...5_000, using: &generator) : 0
            Files.write(Array(bytes.prefix(cut)) + [UInt8](repeating: 0, count: zeros), to: path)
            let lastSurvivor = survivors.last ?? 0
            let first = active.firstSequence ?? 0
            expected.removeAll { entry in
                let position = entry.record.position
                return position.run == active.run && position.sequence >= first && position.sequence > lastSurvivor
            }
        }

        mutating func reopen() throws {
            let spool = try place.open(segmentBytes: 2_000)
            held = (spool, spool.reader())
            sequence = 0
            read = 0
            for index in expected.indices { expected[index].isSynced = true }
        }

        mutating func readAll() throws {
            try take(reader.readAll(maxBytes: 500))
            guard read == expected.count else { throw Mismatch(description: "read \(read) of \(expected.count)") }
        }

        mutating func releaseAll() throws {
            let spool = try spool
            try spool.append([SpoolEntry(1)])
            spool.release(through: SpoolPosition(run: spool.run, sequence: 1))
            guard place.segmentNames.count == 1, spool.segments.count == 1 else {
                throw Mismatch(description: "\(place.segmentNames) are left")
            }
        }
    }
}
