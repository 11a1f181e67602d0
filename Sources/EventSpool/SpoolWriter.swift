import BridgeConcurrency
import BridgeCore
import Glibc
import Logging

/// The appending side of a spool: the active segment and everything that is done to it. One thread at a time.
final class SpoolWriter {
    let state: SpoolState
    let configuration: SpoolConfiguration
    let run: SpoolRunID
    let bridgeID: BridgeID

    /// Replaced when someone removed the file.
    var lock: SpoolLock
    /// Segments whose sync failed and that must be copied before anything of them counts as safe.
    var doomed: Set<SegmentName> = []
    /// Whether a segment was made since the directory was last synced.
    var isDirectoryDirty = false

    private var active: Piece?
    private var nextNumber: UInt64
    private var lastSequence: UInt64 = 0
    private let buffer = WriteBuffer()

    init(
        state: SpoolState, configuration: SpoolConfiguration, run: SpoolRunID, bridgeID: BridgeID, lock: SpoolLock,
        nextNumber: UInt64
    ) {
        self.state = state
        self.configuration = configuration
        self.run = run
        self.bridgeID = bridgeID
        self.lock = lock
        self.nextNumber = nextNumber
    }

    /// What one append writes to one segment.
    private struct Piece {
        let name: SegmentName
        var file: SegmentFile
        let firstSequence: UInt64
        var lastSequence: UInt64
        /// Where the append began; 0: the segment is new.
        var start: Int
        /// What is in the file; the buffer follows.
        var written: Int
        /// File and buffer together.
        var end: Int
    }

    // MARK: - Append

    /// See `EventSpool.append`.
    func append(_ entries: [SpoolEntry]) throws(SpoolError) {
        try check(entries)
        guard let last = entries.last else { return }
        var pieces: [Piece] = []
        if var piece = active {
            piece.start = piece.end
            pieces.append(piece)
        }
        do {
            // Elements are borrowed here; a loop over the array would count references for each.
            try entries.withUnsafeBufferPointer { entries throws(SpoolError) in
                for index in entries.indices { try add(entries[index], to: &pieces) }
            }
            try flush(&pieces)
        } catch {
            undo(pieces)
            throw error
        }
        publish(pieces)
        // What was reserved behind their ends goes back to the disk. Should that fail, it does when they are removed.
        for piece in pieces.dropLast() { _ = piece.file.truncate(to: piece.end) }
        active = pieces.last
        lastSequence = last.sequence
    }

    private func check(_ entries: [SpoolEntry]) throws(SpoolError) {
        var previous = lastSequence
        for entry in entries {
            guard entry.sequence > previous else {
                throw SpoolError(
                    .invalid, "Record \(entry.sequence) cannot follow record \(previous): numbers only grow.")
            }
            guard entry.payloadBytes <= RecordHeader.maximumPayload else {
                throw SpoolError(
                    .invalid, "Record \(entry.sequence) has \(entry.payloadBytes) bytes; at most 1 GiB fit.")
            }
            previous = entry.sequence
        }
    }

    private func add(_ entry: borrowing SpoolEntry, to pieces: inout [Piece]) throws(SpoolError) {
        let (sequence, kind, recordBytes) = (entry.sequence, entry.kind, entry.recordBytes)
        if !fits(recordBytes, pieces.last) {
            try flush(&pieces)
            try beginSegment(first: sequence, &pieces)
        }
        try entry.head.withUnsafeBufferPointer { head throws(SpoolError) in
            try entry.body.withUnsafeBufferPointer { body throws(SpoolError) in
                let (head, body) = (UnsafeRawBufferPointer(head), UnsafeRawBufferPointer(body))
                if recordBytes < WriteBuffer.largePart {
                    if recordBytes > buffer.room { try flush(&pieces) }
                    let target = buffer.reserve(recordBytes)
                    let payload = UnsafeMutableRawBufferPointer(rebasing: target[RecordHeader.size...])
                    // The checksum is cheapest of bytes that are being copied.
                    RecordHeader(run, sequence, kind, head, body, copiedTo: payload).write(into: target)
                } else {
                    if RecordHeader.size > buffer.room { try flush(&pieces) }
                    RecordHeader(run, sequence, kind, head, body).write(into: buffer.reserve(RecordHeader.size))
                    try add(head, to: &pieces)
                    try add(body, to: &pieces)
                }
            }
        }
        pieces[pieces.count - 1].end += recordBytes
        pieces[pieces.count - 1].lastSequence = sequence
    }

    /// A record is never split; one that is larger than a segment has a segment of its own.
    private func fits(_ recordBytes: Int, _ piece: Piece?) -> Bool {
        guard let piece else { return false }
        return piece.end + recordBytes <= configuration.segmentBytes || piece.end <= SegmentHeader.size
    }

    private func add(_ part: UnsafeRawBufferPointer, to pieces: inout [Piece]) throws(SpoolError) {
        if part.count >= WriteBuffer.largePart { return try flush(&pieces, and: part) }
        if part.count > buffer.room { try flush(&pieces) }
        buffer.reserve(part.count).copyMemory(from: part)
    }

    /// Writes what has been collected, and `part` behind it.
    private func flush(_ pieces: inout [Piece], and part: UnsafeRawBufferPointer = .empty) throws(SpoolError) {
        guard buffer.count + part.count > 0, let piece = pieces.last else { return }
        if let failure = write(buffer.bytes, part, to: piece) {
            throw SpoolError(errno: failure, "\(path(piece.name)) cannot be written")
        }
        pieces[pieces.count - 1].written += buffer.count + part.count
        buffer.clear()
    }

    private func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, to piece: Piece
    ) -> Int32? {
        #if DEBUG
            // In two steps, so that a test can end the process with half of a record in the file.
            let half = second.isEmpty ? max(1, first.count - 20) : second.count / 2
            if second.isEmpty {
                let head = UnsafeRawBufferPointer(rebasing: first[..<half])
                if let failure = piece.file.write(head, at: piece.written) { return failure }
                CrashPoint.insideSpoolAppend.reach()
                let rest = UnsafeRawBufferPointer(rebasing: first[half...])
                return piece.file.write(rest, at: piece.written + half)
            }
            let head = UnsafeRawBufferPointer(rebasing: second[..<half])
            if let failure = piece.file.write(first, head, at: piece.written) { return failure }
            CrashPoint.insideSpoolAppend.reach()
            let rest = UnsafeRawBufferPointer(rebasing: second[half...])
            return piece.file.write(rest, at: piece.written + first.count + half)
        #else
            return piece.file.write(first, second, at: piece.written)
        #endif
    }

    /// Makes the next segment; its header waits in the buffer for the first record.
    private func beginSegment(first sequence: UInt64, _ pieces: inout [Piece]) throws(SpoolError) {
        let directory = state.directory
        var name = SegmentName(number: nextNumber, run: run)
        var descriptor = directory.create("\(name)")
        // Nobody else should have made it, but then it is not ours to overwrite.
        for _ in 0..<1_000 where descriptor < 0 && errno == EEXIST {
            name = SegmentName(number: name.number + 1, run: run)
            descriptor = directory.create("\(name)")
        }
        guard descriptor >= 0 else {
            throw SpoolError(errno: errno, "The segment \(directory.path)/\(name) cannot be made")
        }
        let piece = Piece(
            name: name, file: SegmentFile(adopting: descriptor, calls: configuration.calls),
            firstSequence: sequence, lastSequence: sequence, start: 0, written: 0, end: SegmentHeader.size)
        piece.file.reserve(configuration.segmentBytes)
        pieces.append(piece)
        nextNumber = name.number + 1
        isDirectoryDirty = true
        CrashPoint.afterSegmentCreate.reach()
        let header = SegmentHeader(
            run: run, number: name.number, firstSequence: sequence, createdAt: .now)
        header.write(into: buffer.reserve(SegmentHeader.size))
    }

    // MARK: - The end of an append

    /// From here on readers see the records.
    private func publish(_ pieces: [Piece]) {
        state.withLock { guarded in
            for (index, piece) in pieces.enumerated() {
                let isActive = index == pieces.count - 1
                if piece.start == 0 {
                    guarded.table.append(
                        SegmentTable.Segment(
                            name: piece.name, firstSequence: piece.firstSequence, lastSequence: piece.lastSequence,
                            end: piece.end, syncedEnd: 0, file: piece.file,
                            isActive: isActive))
                } else {
                    guarded.table.update(piece.name) { segment in
                        segment.end = piece.end
                        segment.lastSequence = piece.lastSequence
                        segment.isActive = isActive
                        if !isActive, segment.syncedEnd == segment.end { segment.file = nil }
                    }
                }
            }
        }
    }

    /// Takes back what an append wrote before it failed. Nobody has seen any of it.
    private func undo(_ pieces: [Piece]) {
        buffer.clear()
        state.count(\.failedAppends)
        for piece in pieces {
            let failure = piece.file.truncate(to: piece.start)
            if piece.start == 0 {
                let isGone = state.directory.remove("\(piece.name)") == nil
                if failure != nil, !isGone { state.count(\.abandonedSegments) }
            } else if failure != nil {
                // Whatever comes next must not stand behind torn bytes.
                abandonActive()
            }
        }
    }

    /// Lets the next append begin a new segment.
    private func abandonActive() {
        guard let piece = active else { return }
        active = nil
        state.withLock { guarded in
            guarded.table.update(piece.name) { $0.isActive = false }
            guarded.statistics.abandonedSegments += 1
        }
    }

    // MARK: - For repairs

    /// Goes on in `file`, a copy of the segment of that name.
    func replaceFile(of name: SegmentName, with file: SegmentFile) {
        guard active?.name == name else { return }
        active?.file = file
    }

    /// The subject of a message.
    func path(_ name: SegmentName) -> String { "The segment \(state.directory.path)/\(name)" }
}
