import BridgeCore
import FoundationEssentials
import Logging
import PostgresClient
import Store

/// Deletes events that are past their time: whole months where nearly nothing of them stays, else row by row in small steps with
/// pauses. It may end anywhere; the next run finds what is left.
package struct RetentionJob: MaintenanceJob {
    package let name = "retention"
    package let interval = Duration.seconds(86_400)
    /// A person who has just installed or updated the bridge can add rules first.
    package let firstPause = Duration.seconds(3_600)

    /// How it goes about it.
    package struct Pacing: Sendable {
        /// The most rows in one transaction, and the most with a vector, whose heirs are found one by one.
        package var rows = 2_000
        package var vectors = 200
        /// After each transaction it rests as long as that took, and for this at least.
        package var rest = Duration.milliseconds(20)
        /// How often it tries to get a lock, with seconds between.
        package var attempts = 15
        package var retry = Duration.milliseconds(500)...Duration.milliseconds(2_000)

        package init() {}

        fileprivate var lock: LockPatience { LockPatience(attempts: attempts, pause: retry) }
    }

    /// What has gone so far, for a person who waits.
    package struct Progress: Sendable, Equatable {
        package let partition: String
        package let rows: Int
    }

    private let partitions: PartitionRepository
    private let retention: RetentionRepository
    private let rollups: RollupRetentionRepository
    private let audit: @Sendable ([RetentionRecord]) async throws -> Void
    private let pacing: Pacing
    private let progress: @Sendable (Progress) -> Void
    private let clock: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - audit: Writes down what was deleted, after each partition.
    ///   - progress: Told after each step.
    ///   - clock: What time it is; tests give their own.
    package init(
        partitions: PartitionRepository, retention: RetentionRepository, rollups: RollupRetentionRepository,
        pacing: Pacing = Pacing(), clock: @escaping @Sendable () -> Timestamp = { .now },
        progress: @escaping @Sendable (Progress) -> Void = { _ in },
        audit: @escaping @Sendable ([RetentionRecord]) async throws -> Void
    ) {
        self.partitions = partitions
        self.retention = retention
        self.rollups = rollups
        self.audit = audit
        self.pacing = pacing
        self.progress = progress
        self.clock = clock
    }

    package func run() async throws -> JobOutcome {
        let now = clock()
        var deleted = 0
        var dropped = 0
        var waiting: Set<ConnectionID> = []
        var isUnfinished = false
        // Who waits once for the lock of a month in vain leaves the others for the next run.
        var mayDrop = true
        for partition in try await partitions.list() where (partition.from ?? now) <= now {
            try Task.checkCancellation()
            let month = try await retention.look(at: partition, now: now)
            waiting.formUnion(month.waiting)
            let work = try await clear(month, now: now, total: deleted, mayDrop: mayDrop)
            mayDrop = mayDrop && !work.isUnfinished
            deleted += work.rows.values.reduce(0, +)
            dropped += work.isDropped ? 1 : 0
            isUnfinished = isUnfinished || work.isUnfinished
            try await audit(
                work.rows.filter { $0.value > 0 }.map {
                    RetentionRecord(
                        connection: $0.key, table: partition.name, rows: $0.value, isDropped: work.isDropped)
                })
        }
        let old = try await rollups.deleteOld(now: now) { progress(Progress(partition: $0, rows: $1)) }
        try await audit(old)
        deleted += old.reduce(0) { $0 + $1.rows }
        return JobOutcome(
            summary: Self.summary(rows: deleted, months: dropped, waiting: waiting.count, isUnfinished: isUnfinished),
            items: deleted)
    }

    private static func summary(rows: Int, months: Int, waiting: Int, isUnfinished: Bool) -> String? {
        var sentences: [String] = []
        if rows > 0 || months > 0 {
            let whole = months == 0 ? "" : ", with \(months) \(months == 1 ? "month" : "months") as a whole"
            sentences.append("Deleted \(rows) old \(rows == 1 ? "row" : "rows")\(whole).")
        }
        if waiting > 0 {
            sentences.append("Events of \(waiting) \(waiting == 1 ? "house" : "houses") wait for their roll-ups.")
        }
        if isUnfinished { sentences.append("Some were in use and go with the next run.") }
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }

    // MARK: One partition

    private struct Work {
        var rows: [ConnectionID: Int] = [:]
        var isDropped = false
        /// Something could not be had.
        var isUnfinished = false
    }

    private func clear(_ month: RetentionMonth, now: Timestamp, total: Int, mayDrop: Bool) async throws -> Work {
        if let work = try await drop(month, now: now, mayTry: mayDrop) { return work }
        var work = Work()
        for group in month.groups {
            // Those without a vector first: what inherits one is then a row that stays.
            for vectors in [false, true] {
                let limit = vectors ? pacing.vectors : pacing.rows
                var last = limit
                while last >= limit {
                    try Task.checkCancellation()
                    let began = ContinuousClock.now
                    guard let counts = try await delete(group, month, vectors, limit) else {
                        work.isUnfinished = true
                        break
                    }
                    last = counts.values.reduce(0, +)
                    work.rows.merge(counts, uniquingKeysWith: +)
                    progress(
                        Progress(partition: month.partition.name, rows: total + work.rows.values.reduce(0, +)))
                    if last > 0 { try await Task.sleep(for: max(pacing.rest, ContinuousClock.now - began)) }
                }
            }
        }
        return work
    }

    /// One step; `nil` where what it needs was in use again and again.
    private func delete(
        _ group: [RetentionSeries], _ month: RetentionMonth, _ vectors: Bool, _ limit: Int
    ) async throws -> [ConnectionID: Int]? {
        do {
            return try await pacing.lock {
                try await retention.delete(group, of: month, vectors: vectors, limit: limit)
            }
        } catch let error as PostgresError where LockPatience.isHeldUp(error) {
            return nil
        } catch let error as PostgresError where error.sqlState == "42P01" {
            // Somebody dropped the month meanwhile.
            return [:]
        }
    }

    /// Drops the month where that is worth it; `nil` where its rows are to go one by one.
    private func drop(_ month: RetentionMonth, now: Timestamp, mayTry: Bool) async throws -> Work? {
        let partition = month.partition
        guard let to = partition.to, to <= now, month.waiting.isEmpty else { return nil }
        let isOld = to < now.adding(seconds: -RetentionRepository.youngest)
        guard isOld || partition.bytes >= RetentionRepository.worthwhileBytes,
            let kept = try await retention.kept(of: month),
            isOld && kept == 0 || partition.bytes >= RetentionRepository.worthwhileBytes
        else { return nil }
        let rows = try await retention.rows(of: partition)
        let count = rows.values.reduce(0, +)
        // A small month that stays is not made anew for a few rows.
        guard count > 0 ? kept * 2 <= count : isOld else { return nil }
        guard mayTry else { return Work(isUnfinished: true) }
        let outcome = try await pacing.lock(isBusy: { $0 == .busy }) {
            try await retention.replace(month, recreating: !isOld)
        }
        switch outcome {
        case .dropped(let kept):
            let gone = rows.merging(kept.mapValues { -$0 }, uniquingKeysWith: +)
            return Work(rows: gone.mapValues { max(0, $0) }, isDropped: true)
        case .keepsTooMuch, .isNotRolledUp: return nil
        case .busy: return Work(isUnfinished: true)
        }
    }
}
