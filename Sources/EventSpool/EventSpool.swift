import BridgeConcurrency
import BridgeCore
import Glibc
import Logging

/// Records on disk that survive the end of the process, in the order in which they were appended, until they are released.
///
/// `append`, `sync` and `checkPresence` belong to one thread at a time, and block it for as long as the disk takes. A
/// `SpoolReader` belongs to one thread at a time, which may be another. Everything else may be called from any thread.
/// FORMAT.md describes the files.
package final class EventSpool: @unchecked Sendable {
    // @unchecked: `writer` is used by the one thread that appends; `state` has its lock; the rest never changes.

    /// This start of the bridge.
    package let run: SpoolRunID

    /// This bridge, the same after each restart.
    package let bridgeID: BridgeID

    let state: SpoolState
    let configuration: SpoolConfiguration
    private let writer: SpoolWriter

    init(state: SpoolState, configuration: SpoolConfiguration, writer: SpoolWriter) {
        run = writer.run
        bridgeID = writer.bridgeID
        self.state = state
        self.configuration = configuration
        self.writer = writer
    }

    // MARK: - The appending thread

    /// Appends all of `entries`, or throws and has appended none of them as far as any reader sees.
    ///
    /// The records survive the end of the process from here on, and a power cut from the next `sync` on; a process that is
    /// killed in here leaves the first ones of them. Never waits for the disk unless the kernel makes it. After an error the
    /// same entries may be appended again. Their numbers must not be used for others, because a disk that could not be
    /// cleaned up may show them again after a restart. Ignores `maxBytes`: see `isFull`.
    package func append(_ entries: [SpoolEntry]) throws(SpoolError) {
        do {
            try writer.append(entries)
        } catch {
            guard error.code == .missing else { throw error }
            _ = try writer.checkPresence()
            try writer.append(entries)
        }
    }

    /// Waits until everything that was appended survives a power cut; cheap when it does already.
    ///
    /// A sync that fails is never repeated on the same file: its records are copied to a new one. Throws when that fails too;
    /// then the next call tries it again, and nothing that can still be read is lost.
    package func sync() throws(SpoolError) { try writer.sync() }

    /// Looks whether someone removed or replaced the directory, its lock, its id or an open segment, and puts them back. Call
    /// it every few seconds. Throws when the directory cannot be made or is another process's by now.
    @discardableResult
    package func checkPresence() throws(SpoolError) -> SpoolPresence { try writer.checkPresence() }

    // MARK: - Any thread

    /// A reader that begins at the oldest record.
    package func reader() -> SpoolReader { SpoolReader(state: state, run: run, calls: configuration.calls) }

    /// A reader that begins after `position`; see `SpoolReader.seek`.
    package func reader(past position: SpoolPosition) -> SpoolReader {
        let reader = reader()
        reader.seek(past: position)
        return reader
    }

    /// Deletes the segments of which no record comes after `position`, and those of earlier runs; never the active one.
    ///
    /// `position` says that everything before it in the order of reading is done as well.
    package func release(through position: SpoolPosition) {
        let (names, directory) = state.withLock { ($0.table.release(through: position), $0.directory) }
        for name in names {
            if let failure = directory.remove("\(name)") {
                state.count(\.failedDeletes)
                let error = SpoolError(errno: failure, "The segment \(directory.path)/\(name) cannot be deleted")
                state.logger.error("\(error)")
            }
            CrashPoint.afterSegmentDelete.reach()
        }
    }

    /// Bytes of all segments.
    package var usedBytes: Int { state.withLock { $0.table.usedBytes } }

    /// Whether the spool has reached its limit. What arrives must still be appended; it is the caller's turn to see that
    /// nothing more arrives until `hasRoom`.
    package var isFull: Bool { usedBytes >= configuration.maxBytes }

    /// Whether so much has been released that a caller who stopped may go on: under 80 percent, so that it does not flutter.
    package var hasRoom: Bool { usedBytes < configuration.maxBytes / 5 * 4 }

    /// The segments in the order of reading.
    package var segments: [SpoolSegment] { state.withLock { $0.table.segments.map(\.summary) } }

    /// What happened since the spool was opened.
    package var statistics: SpoolStatistics { state.withLock { $0.statistics } }
}
