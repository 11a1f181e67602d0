import Glibc
import Testing

@testable import EventSpool

/// A real disk that is full: a file system of 1 MiB in memory.
@Suite(.serialized) struct FullDiskTests {
    private static let canMount: Bool = {
        guard geteuid() == 0 else { return false }
        let place = TemporarySpool()
        guard mount("tmpfs", place.path, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount2(place.path, Int32(MNT_DETACH)) == 0
    }()

    @Test(.enabled(if: canMount, "Mounting a tmpfs takes root and a kernel that allows it."))
    func survivesAFullDisk() throws {
        let place = TemporarySpool()
        try #require(mount("tmpfs", place.path, "tmpfs", 0, "size=1m") == 0)
        defer { umount2(place.path, Int32(MNT_DETACH)) }
        var sequence: UInt64 = 0
        var run: SpoolRunID?
        do {
            let spool = try place.open(segmentBytes: 100_000)
            run = spool.run
            var failure: SpoolError?
            while failure == nil, sequence < 10_000 {
                do {
                    try spool.append((1...10).map { SpoolEntry(sequence + $0, bytes: 700) })
                    sequence += 10
                } catch {
                    failure = error
                }
            }
            #expect(failure?.code == .full)
            #expect((1_000...1_500).contains(sequence))
            // Reading needs no room, and a failed append leaves none taken.
            #expect(try spool.reader().readAll().records.count == Int(sequence))
            #expect { try spool.append([SpoolEntry(sequence + 1, bytes: 200_000)]) } throws: {
                ($0 as? SpoolError)?.code == .full
            }
            spool.release(through: SpoolPosition(run: spool.run, sequence: 300))
            try spool.append([SpoolEntry(sequence + 1, bytes: 100_000)])
            let rest = try spool.reader().readAll()
            #expect(rest.records.last?.position.sequence == sequence + 1 && rest.damages.isEmpty)
            #expect(rest.records.map(\.position.sequence).suffix(Int(sequence) - 299) == Array(301...sequence + 1)[...])
            while (try? spool.append([SpoolEntry(sequence + 2, bytes: 60)])) != nil { sequence += 1 }
        }
        // A start needs no room either.
        let spool = try place.open()
        let records = try spool.reader().readAll().records
        #expect(records.last?.position == SpoolPosition(run: run ?? spool.run, sequence: sequence + 1))
        #expect { try spool.append([SpoolEntry(1, bytes: 100_000)]) } throws: { ($0 as? SpoolError)?.code == .full }
        spool.release(through: SpoolPosition(run: run ?? spool.run, sequence: sequence + 1))
        try spool.append([SpoolEntry(1, bytes: 100_000)])
        #expect(spool.segments.map(\.run) == [spool.run])
    }
}

@_silgen_name("mount")
private func mount(
    _ source: UnsafePointer<CChar>, _ target: UnsafePointer<CChar>, _ type: UnsafePointer<CChar>, _ flags: UInt,
    _ data: UnsafePointer<CChar>
) -> Int32
