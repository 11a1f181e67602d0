/// One record as it was appended.
package struct SpoolRecord: Sendable, Equatable {
    package var position: SpoolPosition
    package var kind: UInt8
    package var payload: [UInt8]
}

/// Bytes of the spool from which no record could be read.
package struct SpoolDamage: Sendable, Equatable {
    package enum Cause: String, Sendable {
        /// The bytes are not those that were written.
        case altered
        /// The segment, or its end, was removed by someone else, or lost when the power went.
        case missing
    }

    package var cause: Cause

    /// The segment's number.
    package var segment: UInt64

    /// The first such byte in the segment.
    package var offset: Int

    /// How many bytes; 0 when that is unknown.
    package var length: Int

    /// Where the bytes were copied to, relative to the spool's directory. `nil`: there are none, or that failed too.
    package var quarantineFile: String?

    /// The record that was lost, when exactly one was and its number could still be read.
    package var lost: SpoolPosition?

    /// The last record read before, if any was.
    package var before: SpoolPosition?

    /// The first record after, if there is one.
    package var after: SpoolPosition?
}

/// What `SpoolReader.next` found, in the order of the spool.
package struct SpoolChunk: Sendable, Equatable {
    package var records: [SpoolRecord] = []
    package var damages: [SpoolDamage] = []

    /// Bytes of the records' payloads.
    package var payloadBytes = 0

    /// Whether there was nothing to find.
    package var isEmpty: Bool { records.isEmpty && damages.isEmpty }
}
