/// Work that keeps the database small, quick and right, done again and again by one bridge at a time.
package protocol MaintenanceJob: Sendable {
    /// The name in `maintenance_job`, in `/metrics` and in the log: lower case, with underscores.
    var name: String { get }
    /// From the end of one run to the beginning of the next.
    var interval: Duration { get }
    /// How long after it first became known its first run is due, so that a person has time to say otherwise.
    var firstPause: Duration { get }

    /// Does what is due now, in transactions of its own, and says what that was. Throws what keeps it from going on; the
    /// next run begins anew, so that each step has to be whole in itself.
    func run() async throws -> JobOutcome
}

extension MaintenanceJob {
    package var firstPause: Duration { .zero }
}

/// What one run of a job has done.
package struct JobOutcome: Sendable, Equatable {
    /// What was done, as a sentence for a person; `nil` where nothing was due.
    package var summary: String?
    /// How many things were done: partitions made, rows deleted, buckets computed.
    package var items: Int
    /// Whether work is left, so that the next run should begin at once.
    package var isUnfinished: Bool

    package init(summary: String? = nil, items: Int = 0, isUnfinished: Bool = false) {
        self.summary = summary
        self.items = items
        self.isUnfinished = isUnfinished
    }

    /// Nothing was due.
    package static let nothing = JobOutcome()
}
