/// Which segments there are and how far each may be read: the state that the appending and the reading thread share.
///
/// A pure value; `SpoolState` keeps it behind a lock.
struct SegmentTable {
    struct Segment {
        let number: UInt64
        /// `nil` when nothing in the segment is legible.
        let run: SpoolRunID?
        /// A bound from the header, or the first legible record.
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

        var summary: SpoolSegment {
            SpoolSegment(number: number, run: run, firstSequence: firstSequence, bytes: end, isActive: isActive)
        }
    }

    /// By number, which is the order of the records.
    private(set) var segments: [Segment] = []

    /// Bytes of all of them.
    private(set) var usedBytes = 0

    /// The position of the segment of that number.
    private func index(_ number: UInt64) -> Int? {
        // Nearly always one of the last two: where appends and the reader are.
        segments.lastIndex { $0.number == number }
    }

    /// The segment of that number, if it is still there.
    func segment(_ number: UInt64) -> Segment? { index(number).map { segments[$0] } }

    /// The first segment after `number`, or the very first.
    func segment(after number: UInt64?) -> Segment? {
        guard let number else { return segments.first }
        return segments.first { $0.number > number }
    }

    /// Adds a segment, whose number must be greater than all others'.
    mutating func append(_ segment: Segment) {
        segments.append(segment)
        usedBytes += segment.end
    }

    /// Changes a segment in place; does nothing when it is gone.
    mutating func update(_ number: UInt64, _ change: (inout Segment) -> Void) {
        guard let index = index(number) else { return }
        usedBytes -= segments[index].end
        change(&segments[index])
        usedBytes += segments[index].end
    }

    /// Forgets a segment whose file is gone.
    mutating func remove(_ number: UInt64) {
        guard let index = index(number) else { return }
        usedBytes -= segments[index].end
        segments.remove(at: index)
    }

    /// Where a reader that has seen `position` begins: the segment that may hold the next record. `nil`: the run has none.
    func start(after position: SpoolPosition) -> UInt64? {
        let run = segments.filter { $0.run == position.run }
        // Every record before a segment has a smaller number than its first one.
        let passed = run.last { $0.firstSequence.map { $0 <= position.sequence &+ 1 } ?? false }
        return (passed ?? run.first)?.number
    }

    /// Takes out the segments of which no record comes after `position`, oldest first, and returns their numbers.
    mutating func release(through position: SpoolPosition) -> [UInt64] {
        guard let run = segments.firstIndex(where: { $0.run == position.run }) else { return [] }
        // Everything before the run belongs to earlier ones.
        var count = run
        while count < segments.count, isPassed(count, by: position) { count += 1 }
        let released = segments.prefix(count)
        usedBytes -= released.reduce(0) { $0 + $1.end }
        defer { segments.removeFirst(count) }
        return released.map(\.number)
    }

    private func isPassed(_ index: Int, by position: SpoolPosition) -> Bool {
        let segment = segments[index]
        guard !segment.isActive else { return false }
        guard segment.run == position.run else { return segment.run == nil && segment.isRead }
        if let last = segment.lastSequence { return last <= position.sequence }
        if segment.isRead { return true }
        guard index + 1 < segments.count, segments[index + 1].run == position.run,
            let next = segments[index + 1].firstSequence
        else { return false }
        return next <= position.sequence &+ 1
    }
}
