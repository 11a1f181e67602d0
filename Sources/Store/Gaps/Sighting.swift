import BridgeCore
import FoundationEssentials

/// Something a bridge noted about its sight of a Home Assistant. In the order in which they were noted, sightings make up the
/// ledger of gaps, `home_assistant_event_gaps`.
package struct Sighting: Sendable, Equatable {
    /// What was noted.
    package enum Kind: String, Sendable, CaseIterable, Codable {
        /// Everything that Home Assistant sent before this time is here.
        case watermark
        /// Events flow no longer.
        case lost
        /// Events flow again.
        case regained
        /// Something is missing although events flow.
        case missed
    }

    /// The id of the gap that it may open.
    package var id: UUID
    package var connection: ConnectionID
    /// The lease under which it was noted: a word from before another bridge took over does not count.
    package var epoch: Int64
    package var kind: Kind
    package var at: Timestamp
    package var cause: GapCause?
    /// A sentence for a person.
    package var detail: String?

    /// Notes something.
    package init(
        id: UUID = UUID(), connection: ConnectionID, epoch: Int64, kind: Kind, at: Timestamp, cause: GapCause? = nil,
        detail: String? = nil
    ) {
        self.id = id
        self.connection = connection
        self.epoch = epoch
        self.kind = kind
        self.at = at
        self.cause = cause
        self.detail = detail
    }
}
