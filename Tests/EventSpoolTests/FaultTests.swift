import BridgeConcurrency
import Glibc
import Testing

@testable import EventSpool

/// A disk that fails on demand.
final class FaultyDisk: Sendable {
    struct State {
        /// Bytes that still fit; `nil`: no limit.
        var room: Int?
        var syncFailures = 0
        var truncateFailures = 0
        var syncs = 0
        /// Called before each write with its descriptor.
        var beforeWrite: (@Sendable (Int32) -> Void)?
    }

    let state = LockedBox(State())

    var calls: FileCalls {
        FileCalls(
            write: { [state] descriptor, parts, count, offset in
                let (room, hook) = state.withLock { ($0.room, $0.beforeWrite) }
                hook?(descriptor)
                guard let room else { return pwritev(descriptor, parts, count, offset) }
                // What fits is written, as a real disk does it.
                var limited: [iovec] = []
                var left = room
                for index in 0..<Int(count) {
                    let length = min(left, parts[index].iov_len)
                    limited.append(iovec(iov_base: parts[index].iov_base, iov_len: length))
                    left -= length
                }
                guard left < room else {
                    errno = ENOSPC
                    return -1
                }
                let written = pwritev(descriptor, limited, count, offset)
                state.withLock { $0.room = room - max(written, 0) }
                return written
            },
            sync: { [state] descriptor in
                let fails = state.withLock { state in
                    state.syncs += 1
                    guard state.syncFailures > 0 else { return false }
                    state.syncFailures -= 1
                    return true
                }
                guard fails else { return fdatasync(descriptor) }
                errno = EIO
                return -1
            },
            truncate: { [state] descriptor, count in
                let fails = state.withLock { state in
                    guard state.truncateFailures > 0 else { return false }
                    state.truncateFailures -= 1
                    return true
                }
                guard fails else { return ftruncate(descriptor, count) }
                errno = EIO
                return -1
            })
    }
}

@Suite struct FaultTests {
    @Test func leavesNoTraceOfAnAppendThatFailed() throws {
        // Room for any part of an append that spans segments.
        for room in stride(from: 0, through: 2_600, by: 13) {
            let place = TemporarySpool()
            let disk = FaultyDisk()
            var run: SpoolRunID?
            do {
                let spool = try place.open(segmentBytes: 700, calls: disk.calls)
                run = spool.run
                try spool.append([SpoolEntry(1), SpoolEntry(2)])
                let (used, files) = (spool.usedBytes, place.segmentNames)
                disk.state.withLock { $0.room = room }
                let more = (3...30).map { SpoolEntry($0) }
                #expect { try spool.append(more) } throws: { ($0 as? SpoolError)?.code == .full }
                #expect(spool.usedBytes == used && place.segmentNames == files)
                #expect(Files.read(place.firstSegment).count == used)
                #expect(try spool.reader().readAll().records.count == 2)
                #expect(spool.statistics.failedAppends == 1)
                disk.state.withLock { $0.room = nil }
                try spool.append(more)
                #expect(try spool.reader().readAll().records.map(\.position.sequence) == Array(1...30))
            }
            let chunk = try place.open().reader().readAll()
            #expect(chunk.records == (1...30).map { SpoolRecord(SpoolEntry($0), run: run ?? SpoolRunID()) })
            #expect(chunk.damages.isEmpty)
        }
    }

    @Test func givesASegmentUpThatCannotBeCleaned() throws {
        let place = TemporarySpool()
        let disk = FaultyDisk()
        do {
            let spool = try place.open(calls: disk.calls)
            try spool.append([SpoolEntry(1)])
            disk.state.withLock { ($0.room, $0.truncateFailures) = (250, 1) }
            let more = (2...9).map { SpoolEntry($0) }
            #expect { try spool.append(more) } throws: { ($0 as? SpoolError)?.code == .full }
            disk.state.withLock { $0.room = nil }
            #expect(try spool.reader().readAll().records.count == 1)
            try spool.append(more)
            #expect(try spool.reader().readAll().records.map(\.position.sequence) == Array(1...9))
            #expect(spool.statistics.abandonedSegments == 1 && spool.segments.count == 2)
        }
        // The first records of the failed append are there twice now.
        let spool = try place.open()
        #expect(try spool.reader().readAll().records.map(\.position.sequence) == Array(1...9))
        #expect(spool.statistics.repeatedRecords > 0 && spool.statistics.tornTails == 1)
    }

    @Test func survivesAKillBeforeAnyWrite() throws {
        // A copy of the directory's files before each write is what a kill there leaves behind. Debug builds write in two
        // steps, so that half records are among them.
        let place = TemporarySpool()
        let disk = FaultyDisk()
        let snapshots = LockedBox<[[String: [UInt8]]]>([])
        let spool = try place.open(segmentBytes: 1_500, calls: disk.calls)
        let directory = place.directory
        disk.state.withLock {
            $0.beforeWrite = { _ in
                let names = Files.names(directory).filter { $0.hasSuffix(".spool") }
                let files = names.map { ($0, Files.read("\(directory)/\($0)")) }
                snapshots.withLock { $0.append(Dictionary(uniqueKeysWithValues: files)) }
            }
        }
        var expected: [SpoolRecord] = []
        var promised: [Int] = []
        for step in 0..<30 {
            let entries = (0..<UInt64(step % 5 + 1)).map {
                SpoolEntry(UInt64(expected.count) + $0 + 1, bytes: step * 9)
            }
            try spool.append(entries)
            while promised.count < snapshots.withLock(\.count) { promised.append(expected.count) }
            expected += entries.map { SpoolRecord($0, run: spool.run) }
        }
        #expect(snapshots.withLock(\.count) > 30)
        for (index, files) in snapshots.withLock({ $0 }).enumerated() {
            let copy = TemporarySpool()
            _ = try copy.open()
            for (name, bytes) in files { Files.write(bytes, to: copy.file(name)) }
            let chunk = try copy.open().reader().readAll()
            #expect(chunk.records.count >= promised[index], "write \(index)")
            #expect(chunk.records == Array(expected.prefix(chunk.records.count)), "write \(index)")
            #expect(chunk.damages.isEmpty, "write \(index)")
        }
    }

    @Test func copiesWhatASyncLost() throws {
        let place = TemporarySpool()
        let disk = FaultyDisk()
        let spool = try place.open(segmentBytes: 1_000, calls: disk.calls)
        try spool.append((1...3).map { SpoolEntry($0) })
        try spool.sync()
        try spool.append((4...40).map { SpoolEntry($0) })
        let inodes = place.segmentNames.map { FileIdentity(path: place.file($0))?.inode }
        let reader = spool.reader()
        _ = try reader.next(maxBytes: 100)
        disk.state.withLock { $0.syncFailures = 1 }
        try spool.sync()
        #expect(spool.statistics.failedSyncs == 1 && spool.statistics.rewrittenSegments == 1)
        let after = place.segmentNames.map { FileIdentity(path: place.file($0))?.inode }
        #expect(inodes.count == after.count && zip(inodes, after).filter { $0 != $1 }.count == 1)
        let syncs = disk.state.withLock(\.syncs)
        try spool.sync()
        #expect(disk.state.withLock(\.syncs) == syncs)
        // The active one goes on in its copy, and a reader in the middle notices nothing.
        disk.state.withLock { $0.syncFailures = 1 }
        try spool.append([SpoolEntry(41)])
        try spool.sync()
        try spool.append([SpoolEntry(42)])
        #expect(try reader.readAll().records.last?.position.sequence == 42)
        #expect(try spool.reader().readAll().records.map(\.position.sequence) == Array(1...42))
    }

    @Test func triesACopyAgainAndNeverTheSync() throws {
        let place = TemporarySpool()
        let disk = FaultyDisk()
        let spool = try place.open(calls: disk.calls)
        try spool.append([SpoolEntry(1)])
        disk.state.withLock { $0.syncFailures = 2 }
        #expect { try spool.sync() } throws: { ($0 as? SpoolError)?.code == .io }
        let inode = FileIdentity(path: place.firstSegment)
        try spool.sync()
        #expect(FileIdentity(path: place.firstSegment) != inode)
        // One of the old file, two of copies.
        #expect(disk.state.withLock(\.syncs) == 3)
        #expect(Files.names(place.directory).allSatisfy { !$0.hasSuffix(".new") })
        #expect(try spool.reader().readAll().records.count == 1)
    }

    @Test(arguments: [true, false])
    func makesARemovedDirectoryAnew(isRemovedWithParents: Bool) throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 1_000)
        try spool.append((1...10).map { SpoolEntry($0) })
        try spool.sync()
        try spool.append((11...40).map { SpoolEntry($0) })
        #expect(try spool.checkPresence().isIntact)
        let firstUnsynced = try #require(spool.segments.last { ($0.firstSequence ?? 0) <= 11 }?.firstSequence)
        Files.removeTree(isRemovedWithParents ? "\(place.path)/state" : place.directory)
        let presence = try spool.checkPresence()
        #expect(presence.isDirectoryRecreated && presence.isLockRestored && presence.isBridgeIDRestored)
        #expect(!presence.restoredSegments.isEmpty && !presence.missingSegments.isEmpty)
        #expect(try spool.checkPresence() == SpoolPresence(missingSegments: presence.missingSegments))
        try spool.append([SpoolEntry(41)])
        let chunk = try spool.reader().readAll()
        #expect(chunk.records.map(\.position.sequence) == Array(firstUnsynced...41))
        #expect(chunk.damages.map(\.segment) == presence.missingSegments)
        #expect(chunk.damages.allSatisfy { $0.cause == .missing && $0.after?.sequence == firstUnsynced })
        #expect(try spool.checkPresence().isIntact)
        #expect(Files.read(place.file("bridge-id")) == Array("\(spool.bridgeID)\n".utf8))
        #expect { _ = try place.open() } throws: { ($0 as? SpoolError)?.code == .inUse(pid: getpid()) }
        #expect(spool.statistics.recreatedDirectories == 1)
    }

    @Test func repairsWithinAnAppendThatNeedsASegment() throws {
        let place = TemporarySpool()
        let spool = try place.open(segmentBytes: 1_000)
        try spool.append([SpoolEntry(1)])
        Files.removeTree(place.directory)
        try spool.append((2...40).map { SpoolEntry($0) })
        #expect(try spool.reader().readAll().records.map(\.position.sequence) == Array(1...40))
        #expect(try spool.checkPresence().isIntact)
    }

    @Test(arguments: ["lock", "bridge-id"])
    func putsASmallFileBack(name: String) throws {
        let place = TemporarySpool()
        let spool = try place.open()
        unlink(place.file(name))
        let presence = try spool.checkPresence()
        #expect(presence.isLockRestored == (name == "lock") && presence.isBridgeIDRestored == (name == "bridge-id"))
        #expect(try spool.checkPresence().isIntact)
        #expect { _ = try place.open() } throws: { ($0 as? SpoolError)?.code == .inUse(pid: getpid()) }
    }

    @Test func leavesADirectoryThatIsAnothersAlone() throws {
        let place = TemporarySpool()
        let spool = try place.open()
        try spool.append([SpoolEntry(1)])
        rename(place.directory, "\(place.directory).old")
        let other = try place.open()
        #expect { try spool.checkPresence() } throws: { ($0 as? SpoolError)?.code == .inUse(pid: getpid()) }
        #expect(place.segmentNames.isEmpty)
        // Until someone decides, it goes on where it was.
        try spool.append([SpoolEntry(2)])
        #expect(try spool.reader().readAll().records.count == 2)
        try other.append([SpoolEntry(1)])
    }

    @Test func goesOnWhenTheActiveSegmentLosesItsEnd() throws {
        let place = TemporarySpool()
        let spool = try place.open()
        try spool.append((1...10).map { SpoolEntry($0) })
        truncate(place.firstSegment, off_t(spool.usedBytes - 30))
        let reader = spool.reader()
        let chunk = try reader.readAll()
        #expect(chunk.records.map(\.position.sequence) == Array(1...9))
        #expect(chunk.damages.map(\.cause) == [.missing])
        try spool.append([SpoolEntry(11)])
        #expect(try reader.readAll().records.map(\.position.sequence) == [11])
    }
}
