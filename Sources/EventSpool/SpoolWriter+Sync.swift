import BridgeConcurrency
import Glibc
import Logging

extension SpoolWriter {
    /// See `EventSpool.sync`.
    func sync() throws(SpoolError) {
        let unsynced = state.withLock { $0.table.segments.filter { $0.syncedEnd < $0.end && $0.file != nil } }
        for segment in unsynced {
            if !doomed.contains(segment.name), let file = segment.file {
                guard let failure = file.sync() else {
                    markSynced(segment)
                    continue
                }
                state.count(\.failedSyncs)
                let error = SpoolError(errno: failure, "\(path(segment.name)) cannot be synced")
                state.logger.error(
                    "The disk lost data of the spool. It is copied to a new file.",
                    metadata: [LoggingKeys.error: "\(error)"])
                // The kernel has marked the lost pages as clean, so that a second sync of this file would succeed and mean
                // nothing.
                doomed.insert(segment.name)
            }
            try rewrite(segment)
            doomed.remove(segment.name)
        }
        guard isDirectoryDirty else { return }
        let directory = state.directory
        if let failure = directory.sync() {
            throw SpoolError(errno: failure, "The directory \(directory.path) cannot be synced")
        }
        isDirectoryDirty = false
    }

    private func markSynced(_ segment: SegmentTable.Segment) {
        state.withLock { guarded in
            guarded.table.update(segment.name) { now in
                now.syncedEnd = segment.end
                if !now.isActive { now.file = nil }
            }
        }
    }

    /// Copies a segment that is still open to a new file of the same name, and syncs that. The records keep their places, so
    /// that a reader in the middle of the old file notices nothing.
    func rewrite(_ segment: SegmentTable.Segment) throws(SpoolError) {
        guard let old = segment.file else { return }
        let directory = state.directory
        let temporary = segment.name.copy
        _ = directory.remove(temporary)
        let descriptor = directory.create(temporary)
        guard descriptor >= 0 else { throw SpoolError(errno: errno, "A copy of a segment cannot be made") }
        let copy = SegmentFile(adopting: descriptor, calls: configuration.calls)
        var failure: Int32?
        Quarantine.forEachBlock(0..<segment.end, of: old) { bytes, offset in
            failure = copy.write(bytes, at: offset)
            return failure == nil
        }
        let target = segment.name.description
        failure = failure ?? copy.sync()
        if failure == nil, renameat(directory.descriptor, temporary, directory.descriptor, target) != 0 {
            failure = errno
        }
        failure = failure ?? directory.sync()
        if let failure {
            _ = directory.remove(temporary)
            throw SpoolError(errno: failure, "\(path(segment.name)) cannot be copied to a new file")
        }
        replaceFile(of: segment.name, with: copy)
        let isStillThere = state.withLock { guarded -> Bool in
            guarded.statistics.rewrittenSegments += 1
            guarded.table.update(segment.name) { now in
                now.syncedEnd = segment.end
                now.file = now.isActive ? copy : nil
            }
            return guarded.table.segment(segment.name) != nil
        }
        // It may have been released while it was copied.
        if !isStillThere { _ = directory.remove(target) }
        let damaged = damagedRecords(of: copy, segment)
        if damaged > 0 {
            state.logger.error(
                "Records of the spool were lost before they could be copied.",
                metadata: [LoggingKeys.count: "\(damaged)", LoggingKeys.path: "\(target)"])
        }
    }

    /// Reads the copy back.
    private func damagedRecords(of copy: SegmentFile, _ segment: SegmentTable.Segment) -> Int {
        var cursor = SegmentCursor(segment.name, file: copy, end: segment.end)
        var damaged = 0
        while true {
            switch cursor.next(end: segment.end) {
            case .end: return damaged
            case .damaged, .torn, .missing: damaged += 1
            case .record, .repeated, .tooLarge: continue
            }
        }
    }
}
