import BridgeConcurrency
import BridgeCore
import Glibc
import Logging

extension EventSpool {
    /// Opens the spool for a new run: takes the lock, reads or makes the bridge's id, and finds the segments of earlier runs.
    ///
    /// The first segment of the run is made with its first record, so that a start needs no space and leaves nothing behind.
    /// Throws when another process has the spool, when a newer version wrote it, or when the directory cannot be used.
    package static func open(
        _ configuration: SpoolConfiguration, logger: Logger
    ) throws(SpoolError) -> EventSpool {
        let directory = try SpoolDirectory(path: configuration.directory)
        let lock = try SpoolLock(in: directory)
        let (bridgeID, wasDamaged) = try BridgeIDFile.readOrMake(in: directory)
        if wasDamaged {
            logger.error(
                "The bridge's id could not be read and lies in the quarantine; it has a new one.",
                metadata: [LoggingKeys.path: "\(directory.path)/\(BridgeIDFile.name)"])
        }
        let state = SpoolState(directory: directory, logger: logger)
        let names = try directory.names()
        for name in names where SegmentName.isCopy(name) { _ = directory.remove(name) }
        let segmentNames = names.compactMap { SegmentName($0) }.sorted()
        for name in segmentNames {
            guard let segment = try earlierSegment(name, in: directory, configuration, logger) else { continue }
            state.withLock { $0.table.append(segment) }
        }
        let last = segmentNames.last?.number ?? 0
        guard last < .max / 2 else {
            throw SpoolError(
                .invalid, "The spool \(directory.path) has a segment \(last), which this build never made.")
        }
        let writer = SpoolWriter(
            state: state, configuration: configuration, run: SpoolRunID(), bridgeID: bridgeID, lock: lock,
            nextNumber: last + 1)
        let spool = EventSpool(state: state, configuration: configuration, writer: writer)
        logger.notice(
            "Opened the spool.",
            metadata: [
                LoggingKeys.path: "\(directory.path)", LoggingKeys.count: "\(spool.segments.count)",
                LoggingKeys.bytes: "\(spool.usedBytes)",
            ])
        return spool
    }

    /// What the table must know of a segment that is there already, or `nil` when the name leads to no file.
    private static func earlierSegment(
        _ name: SegmentName, in directory: SpoolDirectory, _ configuration: SpoolConfiguration, _ logger: Logger
    ) throws(SpoolError) -> SegmentTable.Segment? {
        let path = "\(directory.path)/\(name)"
        let descriptor = directory.openToRead("\(name)")
        guard descriptor >= 0 else {
            guard errno == ENXIO || errno == ELOOP || errno == ENOENT else {
                throw SpoolError(errno: errno, "The segment \(path) cannot be opened")
            }
            logger.warning("A name in the spool's directory leads to no file.", metadata: [LoggingKeys.path: "\(path)"])
            return nil
        }
        let file = SegmentFile(adopting: descriptor, calls: configuration.calls)
        let end = file.size ?? 0
        let header = SegmentCursor(name, file: file, end: end).header
        if let header, header.version != SegmentHeader.currentVersion {
            throw SpoolError(
                .unsupportedVersion,
                "The segment \(path) has format \(header.version), and this build reads \(SegmentHeader.currentVersion). "
                    + "Start the newer build until the spool is empty.")
        }
        return SegmentTable.Segment(
            name: name, firstSequence: header?.firstSequence, end: end, syncedEnd: end, isActive: false)
    }
}
