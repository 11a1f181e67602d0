import BridgeCore
import HomeAssistantClient
import Store

/// Rows that are written in one transaction, already in the form that COPY takes.
struct EventBatch: Sendable {
    /// Where one row lies, and where it came from.
    struct Row: Sendable {
        /// The row's bytes in `rows`.
        var range: Range<Int>
        /// The index of its frame in `frames`.
        var frame: Int
        /// The event's place in that frame.
        var source: Range<Int>
    }

    /// The encoded rows, one after another, without COPY's header and trailer.
    var rows: [UInt8] = []
    /// One entry a row, in the order of `rows`.
    var index: [Row] = []
    /// Events that cannot become rows, and the originals of those that had to be repaired.
    var deadLetters: [DeadLetter] = []
    /// The frames in which all of this came.
    var frames: [ReceivedFrame] = []
    /// Rows whose time lies far from the bridge's clock, see `FrameTransformer`.
    var clockSuspects = 0
    /// Whether rows of it may be in the table already, as those of a snapshot usually are.
    var mayRepeat = false
}
