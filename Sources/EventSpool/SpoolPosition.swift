import BridgeCore
import FoundationEssentials

/// One start of a bridge. Its records are numbered upwards from 1; its segments follow those of earlier runs.
package struct SpoolRunID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// The place of one record.
package struct SpoolPosition: Hashable, Sendable, CustomStringConvertible {
    /// The run that appended it.
    package var run: SpoolRunID

    /// Its number in that run.
    package var sequence: UInt64

    package init(run: SpoolRunID, sequence: UInt64) {
        self.run = run
        self.sequence = sequence
    }

    /// For log lines: the run's first eight digits and the number.
    package var description: String { "\(run.description.prefix(8)):\(sequence)" }
}
