import BridgeConcurrency
import Glibc
import Testing

@testable import EventSpool

@Suite struct ConcurrencyTests {
    /// One thread appends and syncs, another reads and releases, a third looks at the figures.
    @Test func readsEachRecordOnceWhileOthersAreAppended() async throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 20_000)
        let last: UInt64 = 20_000
        let isDone = LockedBox(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var sequence: UInt64 = 0
                while sequence < last {
                    let count = min(UInt64.random(in: 1...60), last - sequence)
                    try spool.append((1...count).map { SpoolEntry(sequence + $0, bytes: Int($0)) })
                    sequence += count
                    if sequence % 50 == 0 { try spool.sync() }
                    if sequence % 37 == 0 { #expect(try spool.checkPresence().isIntact) }
                }
            }
            group.addTask {
                let reader = spool.reader()
                var expected: UInt64 = 1
                while expected <= last {
                    let chunk = try reader.next(maxBytes: 4_000)
                    #expect(chunk.damages.isEmpty)
                    for record in chunk.records {
                        guard
                            record
                                == SpoolRecord(
                                    SpoolEntry(
                                        expected,
                                        bytes: record.payload.count
                                            - "#\(expected)".utf8.count), run: spool.run)
                        else { throw Unexpected(position: record.position, expected: expected) }
                        expected += 1
                    }
                    if let position = chunk.records.last?.position { spool.release(through: position) }
                    if chunk.isEmpty { await Task.yield() }
                }
                isDone.withLock { $0 = true }
            }
            group.addTask {
                while !isDone.withLock({ $0 }) {
                    #expect(spool.usedBytes >= 0 && !spool.isFull)
                    #expect(spool.segments.filter(\.isActive).count <= 1)
                    await Task.yield()
                }
            }
            // A failure of one must not leave the others waiting.
            do {
                try await group.waitForAll()
            } catch {
                isDone.withLock { $0 = true }
                throw error
            }
        }
        #expect(spool.statistics == SpoolStatistics())
        #expect(place.segmentNames.count == 1)
    }

    struct Unexpected: Error {
        let position: SpoolPosition
        let expected: UInt64
    }
}
