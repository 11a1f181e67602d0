import BridgeConcurrency
import Glibc
import Logging

/// Reads the spool from its oldest record to the newest one appended: segments of earlier runs first, in their order.
///
/// Used by one thread or task at a time, which may be another than that which appends; neither waits for the other. Reading
/// deletes nothing: see `EventSpool.release`.
package final class SpoolReader {
    /// In one chunk.
    private static let maximumRecords = 65_536

    private let state: SpoolState
    private let run: SpoolRunID
    private let calls: FileCalls

    private var cursor: SegmentCursor?
    /// The segment that was read to its end last; the next one begins after it.
    private var finished: SegmentName?
    /// How far the segment at the cursor may be read, as far as is known without asking.
    private var end = 0
    /// Everything up to here has been read or was not wanted.
    private var position: SpoolPosition?
    private var wasSought = false

    init(state: SpoolState, run: SpoolRunID, calls: FileCalls) {
        self.state = state
        self.run = run
        self.calls = calls
    }

    /// Goes to the first record after `position`, forwards or backwards; `next` then leaves out every record of its run up to
    /// its number. Finds the segment by its header, so that it is cheap anywhere in the spool.
    ///
    /// When the run has no segments: behind everything for the current run, else before everything.
    package func seek(past position: SpoolPosition) {
        defer {
            self.position = position
            wasSought = true
        }
        let (start, previous) = state.withLock { guarded -> (SegmentName?, SegmentName?) in
            let segments = guarded.table.segments
            guard let start = guarded.table.start(after: position) else {
                return (nil, position.run == run ? segments.last?.name : nil)
            }
            return (start, segments.last { $0.name < start }?.name)
        }
        if let cursor, cursor.name == start, let now = self.position, now.run == position.run,
            now.sequence <= position.sequence
        {
            return
        }
        cursor = nil
        finished = previous
    }

    /// Whether every record appended so far has been read. Others may be appended at any time.
    package var isAtEnd: Bool {
        state.withLock { guarded in
            guard let cursor else { return guarded.table.segment(after: finished) == nil }
            let end = guarded.table.segment(cursor.name)?.end ?? self.end
            return cursor.offset >= end && guarded.table.segment(after: cursor.name) == nil
        }
    }

    /// The next records, of at most `maxBytes` bytes of payload in all, or one record if it alone is larger. Empty at the end.
    ///
    /// Damaged bytes are copied to the quarantine and reported here, in the chunk of the record that follows them if there is
    /// one. Blocks while the disk reads. Throws when a segment cannot be opened for lack of descriptors or rights; the same
    /// call works once there are some.
    package func next(maxBytes: Int) throws(SpoolError) -> SpoolChunk {
        var chunk = SpoolChunk()
        // Damages whose following record is not known yet.
        var open = 0
        while true {
            if cursor == nil {
                do {
                    guard try openNext(&chunk, &open) else { break }
                } catch {
                    // What has been read must not get lost; the next call meets the same error.
                    guard chunk.isEmpty else { break }
                    throw error
                }
                continue
            }
            // Records without payload are bounded as well.
            let isFull = chunk.payloadBytes > maxBytes || chunk.records.count >= Self.maximumRecords
            guard !isFull || open > 0 else { break }
            let budget = chunk.records.isEmpty ? Int.max : max(0, maxBytes - chunk.payloadBytes)
            guard let step = cursor?.next(end: end, after: position, budget: budget) else { break }
            if case .end = step {
                guard advance() else { break }
                continue
            }
            if take(step, &chunk, &open) { break }
        }
        return chunk
    }

    /// Returns whether the chunk ends here.
    private func take(_ step: SegmentCursor.Step, _ chunk: inout SpoolChunk, _ open: inout Int) -> Bool {
        switch step {
        case .record(let header, let payload):
            close(&open, in: &chunk, at: header.position)
            position = header.position
            wasSought = false
            chunk.records.append(SpoolRecord(position: header.position, kind: header.kind, payload: payload))
            chunk.payloadBytes += payload.count
        case .tooLarge(let header):
            close(&open, in: &chunk, at: header.position)
            return true
        case .repeated:
            if !wasSought { state.count(\.repeatedRecords) }
        case .damaged(let range, let lost):
            report(.altered, range, lost: lost, &chunk, &open)
        case .torn(let range, let isBlank): tear(range, isBlank: isBlank, &chunk, &open)
        case .missing(let range):
            state.count(\.missingSegments)
            report(.missing, range, lost: nil, &chunk, &open)
        case .end: break
        }
        return false
    }

    private func close(_ open: inout Int, in chunk: inout SpoolChunk, at position: SpoolPosition) {
        for index in chunk.damages.indices.suffix(open) { chunk.damages[index].after = position }
        open = 0
    }

    // MARK: - Segments

    /// Asks how far the segment may be read by now. At its end goes on to the one after it. `false`: there is nothing more.
    private func advance() -> Bool {
        guard let cursor else { return true }
        let isOver = state.withLock { guarded -> Bool in
            guard let segment = guarded.table.segment(cursor.name) else { return true }
            end = segment.end
            guard cursor.offset >= segment.end, !segment.isActive else { return false }
            guarded.table.update(cursor.name) { segment in
                segment.isRead = true
                if segment.lastSequence == nil, let position, position.run == cursor.name.run {
                    segment.lastSequence = position.sequence
                }
            }
            return true
        }
        if isOver {
            finished = cursor.name
            self.cursor = nil
            return true
        }
        return cursor.offset < end
    }

    /// Opens the segment after the last one. `false`: there is none.
    private func openNext(_ chunk: inout SpoolChunk, _ open: inout Int) throws(SpoolError) -> Bool {
        let (next, directory) = state.withLock { ($0.table.segment(after: finished), $0.directory) }
        guard let next else { return false }
        let file: SegmentFile
        if let shared = next.file {
            file = shared
        } else {
            let descriptor = directory.openToRead("\(next.name)")
            guard descriptor >= 0 else {
                let number = errno
                guard number == ENOENT || number == ENXIO || number == ELOOP else {
                    throw SpoolError(errno: number, "The segment \(directory.path)/\(next.name) cannot be opened")
                }
                loseSegment(next, &chunk, &open)
                return true
            }
            file = SegmentFile(adopting: descriptor, calls: calls)
        }
        end = next.end
        let cursor = SegmentCursor(next.name, file: file, end: end)
        if cursor.header == nil, end >= SegmentHeader.size {
            state.count(\.damagedHeaders)
            state.logger.error(
                "The header of a segment of the spool is damaged; its records are read without it.",
                metadata: [LoggingKeys.path: "\(next.name)"])
        }
        self.cursor = cursor
        return true
    }

    /// A segment that is gone, unless it has just been released.
    private func loseSegment(_ segment: SegmentTable.Segment, _ chunk: inout SpoolChunk, _ open: inout Int) {
        finished = segment.name
        let isLost = state.withLock { guarded -> Bool in
            guard guarded.table.segment(segment.name) != nil else { return false }
            guarded.table.remove(segment.name)
            guarded.statistics.missingSegments += 1
            return true
        }
        guard isLost else { return }
        state.logger.error(
            "A segment of the spool is gone; its records are lost.",
            metadata: [
                LoggingKeys.path: "\(segment.name)", LoggingKeys.bytes: "\(segment.end)",
            ])
        chunk.damages.append(
            SpoolDamage(
                cause: .missing, segment: segment.name.number, offset: 0, length: segment.end, before: position))
        open += 1
    }

    // MARK: - Damage

    private func report(
        _ cause: SpoolDamage.Cause, _ range: Range<Int>, lost: SpoolPosition?, _ chunk: inout SpoolChunk,
        _ open: inout Int
    ) {
        guard let cursor else { return }
        var damage = SpoolDamage(
            cause: cause, segment: cursor.name.number, offset: range.lowerBound, length: range.count, lost: lost,
            before: position)
        if cause == .altered {
            state.count(\.damagedRecords)
            damage.quarantineFile = keep(range)
        }
        state.logger.error(
            "Bytes of the spool cannot be read; reading goes on behind them.",
            metadata: [
                LoggingKeys.path: "\(damage.quarantineFile ?? cursor.name.description)",
                LoggingKeys.bytes: "\(range.count)", LoggingKeys.reason: "\(cause.rawValue)",
            ])
        chunk.damages.append(damage)
        open += 1
    }

    /// The unfinished end of a segment. At the end of its run nothing is missing that anyone was told about. In the middle of
    /// it, records behind the tear may be.
    private func tear(_ range: Range<Int>, isBlank: Bool, _ chunk: inout SpoolChunk, _ open: inout Int) {
        guard let cursor else { return }
        state.count(\.tornTails)
        let isInside = state.withLock { guarded in
            guarded.table.segment(after: cursor.name)?.run == cursor.name.run
        }
        let quarantineFile = isBlank ? nil : keep(range)
        state.logger.warning(
            "The end of a segment of the spool was never finished; it is dropped.",
            metadata: [
                LoggingKeys.path: "\(cursor.name)", LoggingKeys.bytes: "\(range.count)",
            ])
        guard isInside else { return }
        chunk.damages.append(
            SpoolDamage(
                cause: .missing, segment: cursor.name.number, offset: range.lowerBound, length: range.count,
                quarantineFile: quarantineFile, before: position))
        open += 1
    }

    /// Copies bytes to the quarantine and returns the name of the copy.
    private func keep(_ range: Range<Int>) -> String? {
        guard let cursor else { return nil }
        switch Quarantine.keep(range, of: cursor.file, segment: cursor.name.number, in: state.directory) {
        case .kept(let name, let isNew):
            if isNew { state.count(\.quarantinedBytes, range.count) }
            return name
        case .failed(let number):
            state.count(\.quarantineFailures)
            let error = SpoolError(errno: number, "Damaged bytes of the spool cannot be copied to the quarantine")
            state.logger.error("\(error)")
            return nil
        }
    }
}
