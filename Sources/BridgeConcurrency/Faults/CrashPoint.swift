import Glibc

/// Places at which a test ends the process as a power cut would: `BRIDGE_CRASH_AT=NAME` or `NAME:COUNT` in the environment kills
/// it, with SIGKILL, when the place is reached for the COUNTth time. `BRIDGE_FREEZE_AT` stops it there until it gets SIGCONT, so that
/// the test can do something else to the world at this moment.
///
/// Only in debug builds; a release build knows nothing of it.
package enum CrashPoint: String, Sendable, CaseIterable {
    /// Frames are in memory and not yet in the spool.
    case beforeSpoolAppend = "before-spool-append"
    /// Half of a record's bytes are in the file.
    case insideSpoolAppend = "inside-spool-append"
    /// Records are in the file, and nobody has been told.
    case afterSpoolAppend = "after-spool-append"
    /// A new segment exists and is empty.
    case afterSegmentCreate = "after-segment-create"
    /// Half of the rows of a batch are on their way to PostgreSQL.
    case insideCopy = "inside-copy"
    /// The rows of a batch are there, and the batch before it is not committed.
    case copiedAhead = "copied-ahead"
    /// The rows are there; the cursor is not, and nothing is committed.
    case beforeCommit = "before-commit"
    /// Rows and cursor are committed, the segments still exist.
    case afterCommit = "after-commit"
    /// A segment has just been deleted.
    case afterSegmentDelete = "after-segment-delete"
    /// Rows of the history are written, the gap is not closed.
    case insideBackfill = "inside-backfill"
    /// Rows of an import are written, and how far it has come is not.
    case insideImport = "inside-import"
    /// The keyring has fresh keys, and nothing is sealed with them.
    case afterKeyAdd = "after-key-add"
    /// A page of values is sealed again, and not stored.
    case beforeReseal = "before-reseal"
    /// A page of values is stored.
    case afterReseal = "after-reseal"
    /// Nothing is left under the old keys, and they may still be used.
    case beforeKeyRetire = "before-key-retire"
    /// The database refuses the old keys, which are still in the keyring.
    case beforeKeyRemove = "before-key-remove"
    /// The old keys are gone, and nobody has been told.
    case afterKeyRemove = "after-key-remove"
    /// A change to an automation has begun, and nothing is stored of what it replaces.
    case beforeChangeBackup = "before-change-backup"
    /// What a change replaces is stored, and Home Assistant has seen nothing of the change.
    case beforeHouseWrite = "before-house-write"
    /// Home Assistant has taken a change, and the database does not know it.
    case afterHouseWrite = "after-house-write"
    /// The database knows that a change is written; whether Home Assistant has loaded it is open.
    case beforeReload = "before-reload"
    /// Home Assistant has loaded a change, and nobody has read it back.
    case beforeReadBack = "before-read-back"
    /// A change is in place, and its first runs are to be watched.
    case beforeWatch = "before-watch"

    /// Those that a change to an automation passes; a bridge passes them only where one was approved.
    package static let ofChange: [CrashPoint] = [
        .beforeChangeBackup, .beforeHouseWrite, .afterHouseWrite, .beforeReload, .beforeReadBack, .beforeWatch,
    ]

    /// Those that a bridge passes only while more waits than one session can write.
    package static let ofFlood: [CrashPoint] = [.copiedAhead]

    /// Those that an import passes, which is a command of its own.
    package static let ofImport: [CrashPoint] = [.insideImport]

    /// Those that a rotation of keys passes; a running bridge passes all that are in none of these lists.
    package static let ofRotation: [CrashPoint] = [
        .afterKeyAdd, .beforeReseal, .afterReseal, .beforeKeyRetire, .beforeKeyRemove, .afterKeyRemove,
    ]

    #if DEBUG
        private struct Trap {
            var point: CrashPoint
            var count: Int
            var signal: Int32
        }

        private static let armed: Trap? = trap("BRIDGE_CRASH_AT", SIGKILL) ?? trap("BRIDGE_FREEZE_AT", SIGSTOP)

        private static func trap(_ variable: String, _ signal: Int32) -> Trap? {
            guard let value = getenv(variable) else { return nil }
            let parts = String(cString: value).split(separator: ":")
            guard let name = parts.first, let point = CrashPoint(rawValue: String(name)) else { return nil }
            return Trap(point: point, count: parts.count > 1 ? Int(parts[1]) ?? 1 : 1, signal: signal)
        }
        private static let passes = LockedBox(0)
    #endif

    /// Ends the process here when the environment says so.
    @inlinable @inline(__always)
    package func reach() {
        #if DEBUG
            reached()
        #endif
    }

    #if DEBUG
        @usableFromInline
        package func reached() {
            guard let armed = Self.armed, armed.point == self else { return }
            let isDue = Self.passes.withLock { passes in
                passes += 1
                return passes == armed.count
            }
            if isDue { kill(getpid(), armed.signal) }
        }
    #endif
}
