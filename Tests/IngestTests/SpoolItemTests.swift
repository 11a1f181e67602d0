import BridgeCore
import EventSpool
import FoundationEssentials
import HomeAssistantClient
import Store
import Testing

@testable import Ingest

/// What goes into the spool comes out of it as it was.
@Suite struct SpoolItemTests {
    private func roundTrip(_ item: SpoolItem) throws -> SpoolItem {
        let record = try #require(item.encoded())
        return try #require(SpoolItem(kind: record.kind.rawValue, payload: record.head + record.body))
    }

    @Test(arguments: [0, 1, 3]) func aFrameKeepsItsPlaces(events: Int) throws {
        let bytes = Array("[{\"a\":1},{\"b\":2},{\"c\":3}]".utf8)
        let frame = ReceivedFrame(
            connection: ConnectionID(), bytes: bytes, events: (0..<events).map { $0 * 8 + 1..<$0 * 8 + 8 },
            snapshot: events == 1 ? 2..<5 : nil,
            unreadable: events == 3 ? JSONScanError(code: .trailingBytes, offset: 9) : nil,
            receivedTime: Timestamp(microseconds: 1_795_000_000_123_456))
        guard case .frame(let read) = try roundTrip(.frame(frame)) else {
            Issue.record("It is no frame any more.")
            return
        }
        // The frame may lie behind its head; the places say the same.
        let shift = read.bytes.count - bytes.count
        #expect(read.connection == frame.connection && Array(read.bytes[shift...]) == bytes)
        #expect(read.events.map { Array(read.bytes[$0]) } == frame.events.map { Array(bytes[$0]) })
        #expect(read.snapshot.map { Array(read.bytes[$0]) } == frame.snapshot.map { Array(bytes[$0]) })
        #expect(read.unreadable == frame.unreadable && (frame.unreadable == nil || shift == 0))
        #expect(read.receivedTime == frame.receivedTime)
    }

    @Test func sightingsAndAuditRowsKeepEverything() throws {
        let sighting = Sighting(
            connection: ConnectionID(), epoch: .max, kind: .lost, at: .now, cause: .overflow, detail: "a\0b “c”")
        guard case .sighting(let read) = try roundTrip(.sighting(sighting)) else {
            Issue.record("It is no sighting any more.")
            return
        }
        #expect(read == sighting)
        let entry = AuditEntry(
            connectionID: nil, userID: UserID(), action: .connect, details: #"{"a":"b"}"#, ipAddress: "::1",
            userAgent: "ha-bridge/1", success: false, errorMessage: "no", durationMS: 7, createdAt: .now)
        guard case .audit(let row) = try roundTrip(.audit(entry)) else {
            Issue.record("It is no audit row any more.")
            return
        }
        #expect(row == entry)
    }

    /// Cut anywhere, a payload is refused or read as another frame that lies within its bytes; never a crash.
    @Test func aDamagedPayloadNeverCrashes() throws {
        let frame = ReceivedFrame(
            connection: ConnectionID(), bytes: Array(repeating: 7, count: 40), events: [1..<9, 10..<30], snapshot: 3..<8
        )
        let record = try #require(SpoolItem.frame(frame).encoded())
        let payload = record.head + record.body
        for end in payload.indices { check(Array(payload[..<end])) }
        for index in payload.indices {
            for bit in 0..<8 {
                var flipped = payload
                flipped[index] ^= 1 << bit
                check(flipped)
            }
        }
    }

    private func check(_ payload: [UInt8]) {
        for kind: UInt8 in 0...4 {
            guard let item = SpoolItem(kind: kind, payload: payload), case .frame(let frame) = item else { continue }
            #expect(frame.events.allSatisfy { $0.upperBound <= frame.bytes.count })
            #expect((frame.snapshot?.upperBound ?? 0) <= frame.bytes.count)
        }
    }
}

/// The newest items in memory.
@Suite struct SpoolTailTests {
    private func item(_ sequence: UInt64, run: SpoolRunID, isOnDisk: Bool = true, bytes: Int = 100) -> SpooledItem {
        SpooledItem(
            run: run, sequence: sequence,
            item: .frame(ReceivedFrame(connection: ConnectionID(), bytes: Array(repeating: 0, count: bytes))),
            isOnDisk: isOnDisk)
    }

    @Test func givesWhatWasPushedInOrder() {
        let run = SpoolRunID()
        let tail = SpoolTail(limit: 100_000)
        #expect(tail.firstSequence == 1 && tail.take(from: 1, bytes: 1_000).isEmpty)
        tail.push((1...5).map { item($0, run: run) })
        #expect(tail.take(from: 2, bytes: 1_000).isEmpty)
        #expect(tail.take(from: 1, bytes: 1).map(\.sequence) == [1])
        #expect(tail.take(from: 2, bytes: 100_000).map(\.sequence) == [2, 3, 4, 5])
        #expect(tail.firstSequence == 6 && tail.cost == 0)
    }

    @Test func letsGoOfWhatIsOnTheDiskAndOfNothingElse() {
        let run = SpoolRunID()
        let tail = SpoolTail(limit: 2_000)
        tail.push([item(1, run: run), item(2, run: run, isOnDisk: false), item(3, run: run)])
        tail.push([item(4, run: run, bytes: 3_000)])
        #expect(tail.firstSequence == 2)
        #expect(tail.take(from: 2, bytes: 1_000_000).map(\.sequence) == [2])
        // Everything before the next number is on the disk alone.
        #expect(tail.firstSequence == 5 && tail.take(from: 3, bytes: 1_000_000).isEmpty)
        tail.push([item(5, run: run)])
        #expect(tail.take(from: 5, bytes: 1_000).map(\.sequence) == [5])
    }
}

/// Rows in the order of their ids.
@Suite struct EventBatchTests {
    @Test func sortsRowsByTheirIDs() {
        var generator = SystemRandomNumberGenerator()
        let ids = (0..<200).map { _ in (0..<16).map { _ in UInt8.random(in: 0...3, using: &generator) } }
        var batch = EventBatch()
        for (number, id) in ids.enumerated() {
            let start = batch.rows.count
            batch.rows += [0, 13, 0, 0, 0, 16] + id + Array(repeating: UInt8(number), count: number % 7)
            batch.index.append(EventBatch.Row(range: start..<batch.rows.count, frame: number, source: 0..<number))
        }
        batch.sortRows()
        let sorted = batch.index.map { Array(batch.rows[$0.range.lowerBound + 6..<$0.range.lowerBound + 22]) }
        #expect(sorted == ids.sorted { $0.lexicographicallyPrecedes($1) })
        for row in batch.index {
            #expect(Array(batch.rows[row.range][(row.range.lowerBound + 6)...].prefix(16)) == ids[row.frame])
            #expect(row.source == 0..<row.frame && row.range.count == 22 + row.frame % 7)
        }
        #expect(batch.index.first?.range.lowerBound == 0 && batch.index.last?.range.upperBound == batch.rows.count)
    }
}
