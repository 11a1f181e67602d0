import BridgeCore
import EventSpool
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
    /// What is embedded of rows whose keys are not known to be stored; stored before the rows.
    var documents: [StoredDocument] = []
    /// The connections whose registries have changed.
    var registryChanges: Set<ConnectionID> = []
    /// What its live events say of automations, in their order.
    var signals: [(connection: ConnectionID, signal: AutomationSignal)] = []
    /// What was noted between the frames.
    var sightings: [Sighting] = []
    /// Audit rows that arose between the frames.
    var audits: [AuditEntry] = []
    /// Through which record of each run of the spool this batch goes.
    var positions: [SpoolRunID: UInt64] = [:]

    /// From the earliest to the latest time of its rows; `nil` where it has none.
    private(set) var times: ClosedRange<Timestamp>?
    /// The 5 minutes in which its states lie.
    private(set) var rollupMarks: Set<RollupMark> = []
    private var lastMark: RollupMark?

    /// The month in which all of its rows lie; `nil` where they lie in several.
    var month: EventMonth? {
        guard let times, let month = EventMonth(of: times.lowerBound), month.contains(times.upperBound) else {
            return nil
        }
        return month
    }

    /// Notes the time of one of its rows.
    mutating func note(_ time: Timestamp) {
        guard let known = times else {
            times = time...time
            return
        }
        if time < known.lowerBound { times = time...known.upperBound }
        if time > known.upperBound { times = known.lowerBound...time }
    }

    /// Notes that a state of `connection` changed at a time.
    mutating func noteState(_ time: Timestamp, of connection: ConnectionID) {
        let mark = RollupMark(connection, at: time)
        // Most follow one of the same 5 minutes.
        guard mark != lastMark else { return }
        lastMark = mark
        rollupMarks.insert(mark)
    }

    /// Whether nothing but its rows has to be in order with the batch before it, and they are new as far as anyone knows.
    var canBeCopiedAhead: Bool {
        !index.isEmpty && !mayRepeat && deadLetters.isEmpty && sightings.isEmpty && audits.isEmpty
    }

    /// The connections that rows of it belong to.
    var connections: Set<ConnectionID> { Set(frames.map(\.connection)) }

    /// Puts the rows into the order of their ids: two writers that insert the same rows in opposite orders would wait for each
    /// other in a circle. Ids begin with the time, so that most batches are in order as they come.
    mutating func sortRows() {
        let isSorted = rows.withUnsafeBytes { bytes in
            zip(index, index.dropFirst()).allSatisfy { Self.isOrdered($0, $1, in: bytes) }
        }
        guard !isSorted else { return }
        let order = rows.withUnsafeBytes { bytes in
            index.sorted { Self.isOrdered($0, $1, in: bytes) && !Self.isOrdered($1, $0, in: bytes) }
        }
        var sorted: [UInt8] = []
        sorted.reserveCapacity(rows.count)
        index = order.map { row in
            let start = sorted.count
            sorted.append(contentsOf: rows[row.range])
            return Row(range: start..<sorted.count, frame: row.frame, source: row.source)
        }
        rows = sorted
    }

    /// The id stands in front of each row, after the number of columns and its own length.
    private static let idOffset = 6

    private static func isOrdered(_ first: Row, _ second: Row, in bytes: UnsafeRawBufferPointer) -> Bool {
        func half(_ row: Row, _ part: Int) -> UInt64 {
            UInt64(
                bigEndian: bytes.loadUnaligned(
                    fromByteOffset: row.range.lowerBound + idOffset + part * 8, as: UInt64.self))
        }
        let (left, right) = (half(first, 0), half(second, 0))
        return left < right || left == right && half(first, 1) <= half(second, 1)
    }
}
