import BridgeCore
import Store

/// How far a backfill has come.
package struct BackfillProgress: Sendable {
    /// What it is doing.
    package enum Activity: Sendable {
        case reading
        /// Home Assistant may still be writing down what happened; the history is read once more after a pause.
        case waiting
    }

    package var activity: Activity
    /// The number of this reading, counted from 1.
    package var pass: Int
    /// How much of this reading is done, from 0 to 1.
    package var fraction: Double
    /// States found in this reading.
    package var found: Int
    /// Rows added so far.
    package var added: Int
}

/// Why a backfill stopped with its gaps still open; the next try may succeed.
package struct BackfillPostponed: Error, Sendable, CustomStringConvertible {
    /// A sentence for a person.
    package let reason: String

    package var description: String { reason }
}

/// One gap in the course of its repair.
struct GapRepair: Sendable {
    let gap: EventGap
    /// What is read for this gap; where gaps overlap, the earlier one gets what they share.
    let range: Range<Timestamp>
    /// States found in the last reading.
    var found = 0
    var oldest: Timestamp?
    /// Entities whose history Home Assistant refuses to give.
    var unreadable: Set<String> = []
    /// Whether an answer was no JSON to its end.
    var isIncomplete = false
    /// Whether history begins only after the gap did.
    var beginsLate = false

    /// Events that were received after the end by the bridge's clock may be older by Home Assistant's.
    static let margin: Int64 = 10

    /// The repairs of `gaps`, in the order of time. `skew` is how far, in microseconds, Home Assistant's clock is known to be
    /// ahead of this machine's.
    static func plan(_ gaps: [EventGap], skew: Int64 = 0) -> [GapRepair] {
        var readUntil = Timestamp(microseconds: .min)
        return gaps.sorted { ($0.backfillFrom, $0.startedAt) < ($1.backfillFrom, $1.startedAt) }.compactMap { gap in
            guard let ended = gap.endedAt else { return nil }
            let end =
                gap.cause == .requested
                ? ended : Timestamp(microseconds: ended.adding(seconds: margin).microseconds + skew)
            let start = max(gap.backfillFrom, readUntil)
            readUntil = max(readUntil, end)
            return GapRepair(gap: gap, range: start..<max(start, end))
        }
    }

    /// What may be said of the gap after the last reading.
    func verdict(_ recorder: RecorderWatch, stillGrows: Bool) -> (status: GapStatus, reason: String?) {
        var reasons: [String] = []
        if beginsLate {
            let oldest = oldest.map { " The oldest state found is of \($0.iso8601)." } ?? ""
            reasons.append("The history of Home Assistant begins only after this gap did.\(oldest)")
        }
        if !recorder.isRecording { reasons.append("The recorder of Home Assistant is not recording.") }
        if !unreadable.isEmpty {
            let names = unreadable.sorted().prefix(5).joined(separator: ", ") + (unreadable.count > 5 ? ", …" : "")
            reasons.append("Home Assistant does not give the history of \(unreadable.count) entities: \(names).")
        }
        if isIncomplete { reasons.append("An answer of Home Assistant could not be read to its end.") }
        if !recorder.hasCommitted {
            reasons.append("The recorder of Home Assistant never was done with writing down what happened.")
        }
        if stillGrows { reasons.append("The history still grew after \(gap.passes) readings and more.") }
        if reasons.isEmpty { return (.backfilled, nil) }
        return (found == 0 ? .unrecoverable : .partial, reasons.joined(separator: " "))
    }
}

/// Types of events that every Home Assistant sends and keeps no history of; named where the database knows of none.
enum UnrecoverableTypes {
    /// What a gap may have cost any house, whether or not it was ever seen of this one.
    static let anywhere = ["automation_triggered", "call_service", "script_started"]

    static let usual = [
        "automation_triggered", "call_service", "component_loaded", "device_registry_updated",
        "entity_registry_updated",
        "homeassistant_start", "homeassistant_started", "script_started", "service_registered",
    ]
}
