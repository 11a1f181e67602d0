/// Which segments there are and how far each may be read: the state that the appending and the reading thread share.
///
/// A pure value; `SpoolState` keeps it behind a lock.
struct SegmentTable {
    struct Segment {
        let name: SegmentName
        /// A bound from the header; `nil` when that is not legible.
        let firstSequence: UInt64?
        /// The last record; of segments of earlier runs only known when they have been read to their end.
        var lastSequence: UInt64?
        /// Readers stop here.
        var end: Int
        /// Bytes up to here survive a power cut.
        var syncedEnd: Int
        /// Open while the segment is appended to, and until it is synced.
        var file: SegmentFile?
        /// Whether appends go to it.
        var isActive: Bool
        /// Whether a reader has come to its end.
        var isRead = false

        var run: SpoolRunID { name.run }

        var summary: SpoolSegment {
            SpoolSegment(number: name.number, run: run, firstSequence: firstSequence, bytes: end, isActive: isActive)
        }
    }

    /// By name, which is the order of the records.
    private(set) var segments: [Segment] = []

    /// Bytes of all of them.
    private(set) var usedBytes = 0

    private func index(_ name: SegmentName) -> Int? {
        // Nearly always one of the last two: where appends and the reader are.
        segments.lastIndex { $0.name == name }
    }

    /// The segment of that name, if it is still there.
    func segment(_ name: SegmentName) -> Segment? { index(name).map { segments[$0] } }

    /// The first segment after `name`, or the very first.
    func segment(after name: SegmentName?) -> Segment? {
        guard let name else { return segments.first }
        return segments.first { $0.name > name }
    }

    /// Adds a segment, which must come after all others.
    mutating func append(_ segment: Segment) {
        segments.append(segment)
        usedBytes += segment.end
    }

    /// Changes a segment in place; does nothing when it is gone.
    mutating func update(_ name: SegmentName, _ change: (inout Segment) -> Void) {
        guard let index = index(name) else { return }
        usedBytes -= segments[index].end
        change(&segments[index])
        usedBytes += segments[index].end
    }

    /// Forgets a segment whose file is gone.
    mutating func remove(_ name: SegmentName) {
        guard let index = index(name) else { return }
        usedBytes -= segments[index].end
        segments.remove(at: index)
    }

    /// Where a reader that has seen `position` begins: the segment that may hold the next record. `nil`: the run has none.
    func start(after position: SpoolPosition) -> SegmentName? {
        let run = segments.filter { $0.run == position.run }
        // Every record before a segment has a smaller number than its first one.
        let passed = run.last { $0.firstSequence.map { $0 <= position.sequence &+ 1 } ?? false }
        return (passed ?? run.first)?.name
    }

    /// Takes out the segments of which no record comes after `position`, oldest first, and returns their names.
    mutating func release(through position: SpoolPosition) -> [SegmentName] {
        guard let run = segments.firstIndex(where: { $0.run == position.run }) else { return [] }
        // Everything before the run belongs to earlier ones.
        var count = run
        while count < segments.count, isPassed(count, by: position) { count += 1 }
        let released = segments.prefix(count)
        usedBytes -= released.reduce(0) { $0 + $1.end }
        defer { segments.removeFirst(count) }
        return released.map(\.name)
    }

    private func isPassed(_ index: Int, by position: SpoolPosition) -> Bool {
        let segment = segments[index]
        guard !segment.isActive else { return false }
        guard segment.run == position.run else { return false }
        if let last = segment.lastSequence { return last <= position.sequence }
        if segment.isRead { return true }
        guard index + 1 < segments.count, segments[index + 1].run == position.run,
            let next = segments[index + 1].firstSequence
        else { return false }
        return next <= position.sequence &+ 1
    }
}
