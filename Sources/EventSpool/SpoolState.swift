import BridgeConcurrency
import Logging

/// What all threads that have to do with one spool share.
final class SpoolState: Sendable {
    struct Guarded {
        var table = SegmentTable()
        var statistics = SpoolStatistics()
        /// Replaced when the directory was removed and made anew.
        var directory: SpoolDirectory
    }

    private let guarded: LockedBox<Guarded>
    let logger: Logger

    init(directory: SpoolDirectory, logger: Logger) {
        guarded = LockedBox(Guarded(directory: directory))
        self.logger = logger
    }

    /// Exclusive access; the body neither waits nor touches the disk.
    func withLock<Result>(_ body: (inout Guarded) throws -> Result) rethrows -> Result {
        try guarded.withLock(body)
    }

    /// The directory as it is now.
    var directory: SpoolDirectory { guarded.withLock { $0.directory } }

    /// Counts something that happened.
    func count(_ figure: WritableKeyPath<SpoolStatistics, Int>, _ amount: Int = 1) {
        guarded.withLock { $0.statistics[keyPath: figure] += amount }
    }
}
