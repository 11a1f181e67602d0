import BridgeCore

/// What happened to the spool since it was opened; each number only grows.
package struct SpoolStatistics: Sendable, Equatable {
    /// Ends of segments that a kill or a power cut left unfinished, and that were dropped.
    package var tornTails = 0

    /// Stretches of bytes from which no record could be read: see `SpoolDamage`.
    package var damagedRecords = 0

    /// Headers of segments that could not be read. That costs nothing, because each record names its run.
    package var damagedHeaders = 0

    /// Segments that were gone, or had lost their end, when they were to be read.
    package var missingSegments = 0

    /// Bytes copied to `quarantine/`.
    package var quarantinedBytes = 0

    /// Stretches of bytes that could not be copied there.
    package var quarantineFailures = 0

    /// Records found a second time and passed over.
    package var repeatedRecords = 0

    /// Appends that failed and left no trace.
    package var failedAppends = 0

    /// Segments given up because their unfinished end could not be cut off.
    package var abandonedSegments = 0

    /// Calls of `fdatasync` that failed.
    package var failedSyncs = 0

    /// Segments copied to a new file, because a sync had failed or the file was removed.
    package var rewrittenSegments = 0

    /// How often the directory was made anew under the running process.
    package var recreatedDirectories = 0

    /// Segments that could not be deleted; they are read again at the next start.
    package var failedDeletes = 0
}

/// One segment, for `status`.
package struct SpoolSegment: Sendable, Equatable {
    package var number: UInt64

    package var run: SpoolRunID

    /// A bound: no record of it has a smaller number. `nil` when its header is not legible.
    package var firstSequence: UInt64?

    package var bytes: Int

    /// Whether appends go to it.
    package var isActive: Bool
}
