import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Logging
import Store

/// Runs jobs of maintenance when they are due: each on one bridge at a time, beside each other, and none for the failure of another.
package final class JobRunner: Sendable {
    /// How it waits.
    package struct Pacing: Sendable {
        /// A job is held for so long, and prolonged three times as often. After a kill the others wait for this.
        package var expiry = Duration.seconds(60)
        /// How often it looks what is due, at most and at least.
        package var look = Duration.seconds(1)...Duration.seconds(15)
        /// After an error: doubled with each one in a row.
        package var retry = Duration.seconds(15)...Duration.seconds(900)

        package init() {}
    }

    /// How a run ended.
    package enum Ending: Sendable, Equatable {
        case done(JobOutcome)
        /// A sentence without secrets.
        case failed(String)
        /// Somebody else holds it, or it is not due.
        case notTaken
        /// The hold was lost in the middle; whoever has it now goes on.
        case lost
    }

    private let jobs: [any MaintenanceJob]
    private let repository: MaintenanceJobRepository
    private let holder = UUID()
    private let holderName: String
    private let metrics: JobMetrics
    private let pacing: Pacing
    private let logger: Logger
    private let running = LockedBox<Set<String>>([])

    /// A runner that has not started.
    ///
    /// - Parameter holderName: What people know the bridge by, such as the name of its machine.
    package init(
        _ jobs: [any MaintenanceJob], repository: MaintenanceJobRepository, holderName: String,
        metrics: MetricsRegistry, pacing: Pacing = Pacing(), logger: Logger
    ) {
        self.jobs = jobs
        self.repository = repository
        self.holderName = holderName
        self.metrics = JobMetrics(metrics, jobs: jobs.map(\.name))
        self.pacing = pacing
        self.logger = logger
    }

    /// The names of the jobs that it can run.
    package var names: [String] { jobs.map(\.name) }

    /// Works until cancelled. An outage of the database only makes it wait.
    package func run() async {
        await withDiscardingTaskGroup { group in
            var isRegistered = false
            var failures = 0
            while !Task.isCancelled {
                var pause = pacing.look.upperBound
                do {
                    if !isRegistered { try await register() }
                    isRegistered = true
                    let stored = try await repository.list()
                    metrics.show(stored)
                    for row in stored where row.isDue && !row.isHeld {
                        guard let job = jobs.first(where: { $0.name == row.name }),
                            running.withLock({ $0.insert(job.name).inserted })
                        else { continue }
                        group.addTask {
                            _ = await self.perform(job, onlyWhenDue: true)
                            self.running.withLock { _ = $0.remove(job.name) }
                        }
                    }
                    let next = stored.filter { !$0.isHeld && !$0.isDue }.map(\.nextRunAt).min()
                    if let next {
                        pause = min(pause, .microseconds(next.microseconds - Timestamp.now.microseconds))
                    }
                    failures = 0
                } catch {
                    if Task.isCancelled { break }
                    failures += 1
                    logger.log(
                        level: failures == 3 ? .warning : .debug, "Cannot look which jobs are due; trying again.",
                        metadata: [LoggingKeys.error: "\(error)"])
                }
                // Bridges that started together do not look together.
                pause = max(pause, pacing.look.lowerBound) * Double.random(in: 0.8...1.2)
                guard (try? await Task.sleep(for: pause)) != nil else { break }
            }
            group.cancelAll()
        }
    }

    /// Makes the jobs known. Throws `PostgresError`.
    package func register() async throws {
        try await repository.register(jobs.map { ($0.name, $0.firstPause) })
    }

    /// Runs the job of that name now, due or not, once nobody else is at it; `onWait` tells once who that is. Throws `StoreError`
    /// (`.notFound`), and what the database says while it waits.
    package func runNow(_ name: String, onWait: @Sendable (String) -> Void) async throws -> Ending {
        guard let job = jobs.first(where: { $0.name == name }) else {
            throw StoreError(
                .notFound, "There is no job “\(name)”. There are: \(names.sorted().joined(separator: ", ")).")
        }
        try await register()
        var hasTold = false
        while true {
            try Task.checkCancellation()
            let ending = await perform(job, onlyWhenDue: false)
            guard ending == .notTaken else { return ending }
            let other = try await repository.list().first { $0.name == name }
            if let other, other.isHeld, !hasTold {
                hasTold = true
                onWait(other.holderName ?? "another bridge")
            }
            try await Task.sleep(for: pacing.look.lowerBound)
        }
    }

    // MARK: One run

    /// Takes the job, runs it, and writes down how that went. Never throws: an error is the row's and the log's.
    private func perform(_ job: any MaintenanceJob, onlyWhenDue: Bool) async -> Ending {
        let taken = ContinuousClock.now
        let hold: MaintenanceJobRepository.Hold
        do {
            guard
                let taken = try await repository.take(
                    job.name, as: holder, name: holderName, for: pacing.expiry, onlyWhenDue: onlyWhenDue)
            else { return .notTaken }
            hold = taken
        } catch {
            return .failed(Self.text(of: error))
        }
        let (ending, thrown) = await runHeld(job, hold, since: taken)
        return await settle(job, hold, ending, thrown, ContinuousClock.now - taken)
    }

    /// What the tasks of a run come back with.
    private enum Part: Sendable {
        case work(JobOutcome)
        case holdLost
    }

    /// Runs the job for as long as the hold lasts.
    private func runHeld(
        _ job: any MaintenanceJob, _ hold: MaintenanceJobRepository.Hold, since taken: ContinuousClock.Instant
    ) async -> (Ending, (any Error)?) {
        do {
            return try await withThrowingTaskGroup(of: Part.self) { group in
                group.addTask { .work(try await job.run()) }
                group.addTask { try await self.keep(hold, since: taken) }
                defer { group.cancelAll() }
                guard let first = try await group.next() else { return (.lost, nil) }
                switch first {
                case .work(let outcome): return (.done(outcome), nil)
                case .holdLost: return (.lost, nil)
                }
            }
        } catch {
            return (.failed(Self.text(of: error)), error)
        }
    }

    /// Prolongs the hold until it is lost or the task is cancelled. It counts as lost once its time is over by this process's own
    /// clock, which began before the database's: another cannot have it by then.
    private func keep(
        _ hold: MaintenanceJobRepository.Hold, since taken: ContinuousClock.Instant
    ) async throws -> Part {
        var proven = taken
        while true {
            try await Task.sleep(for: pacing.expiry / 3)
            let asked = ContinuousClock.now
            guard asked - proven < pacing.expiry else { return .holdLost }
            do {
                guard try await repository.prolong(hold, for: pacing.expiry) else { return .holdLost }
                proven = asked
            } catch {
                try Task.checkCancellation()
                logger.debug(
                    "Cannot prolong the hold on a job.",
                    metadata: [LoggingKeys.job: "\(hold.job)", LoggingKeys.error: "\(error)"])
            }
        }
    }

    /// Writes down how a run ended, also when the process is ending.
    private func settle(
        _ job: any MaintenanceJob, _ hold: MaintenanceJobRepository.Hold, _ ending: Ending, _ thrown: (any Error)?,
        _ duration: Duration
    ) async -> Ending {
        let isCancelled = Task.isCancelled
        let repository = repository
        let pacing = pacing
        let logger = logger
        return await Task {
            do {
                switch ending {
                case .done(let outcome):
                    let pause =
                        outcome.isUnfinished ? Duration.zero : job.interval * Double.random(in: 0.95...1.05)
                    guard
                        try await repository.finish(
                            hold, summary: outcome.summary.map(Redactor.redact), items: outcome.items,
                            duration: duration, pause: pause)
                    else { return .lost }
                    if let summary = outcome.summary {
                        // What happens every minute is in the table.
                        logger.log(
                            level: job.interval < .seconds(600) ? .debug : .notice,
                            "A job of maintenance did its work.",
                            metadata: [
                                LoggingKeys.job: "\(job.name)", LoggingKeys.summary: "\(summary)",
                                LoggingKeys.count: "\(outcome.items)",
                                LoggingKeys.duration: "\(Int(duration / .milliseconds(1)))",
                            ])
                    }
                case .failed where isCancelled || thrown is CancellationError: try await repository.release(hold)
                case .failed(let text):
                    guard
                        let failure = try await repository.fail(
                            hold, error: text, duration: duration, retry: pacing.retry,
                            spread: Double.random(in: 0.8...1.2))
                    else { return .lost }
                    logger.log(
                        level: failure.isNew ? .warning : .debug, "A job of maintenance failed and is tried again.",
                        metadata: [
                            LoggingKeys.job: "\(job.name)", LoggingKeys.error: "\(text)",
                            LoggingKeys.retryAfter: "\(Int(failure.pause / .milliseconds(1)))",
                        ])
                case .lost:
                    logger.warning(
                        "A job of maintenance was stopped, because the database did not answer for too long.",
                        metadata: [LoggingKeys.job: "\(job.name)"])
                case .notTaken: break
                }
            } catch {
                // The hold ends by itself, and the next run begins anew.
                logger.debug(
                    "Cannot write down how a job ended.",
                    metadata: [LoggingKeys.job: "\(job.name)", LoggingKeys.error: "\(error)"])
            }
            return ending
        }.value
    }

    /// What an error says, without secrets.
    private static func text(of error: any Error) -> String { Redactor.redact("\(error)") }
}
