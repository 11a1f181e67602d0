import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Logging
import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

/// A job that does what a test says.
private final class ScriptedJob: MaintenanceJob {
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    let name: String
    let interval: Duration
    private let body: @Sendable (Int) async throws -> JobOutcome
    private let state = LockedBox((runs: 0, now: 0, most: 0))

    init(
        _ name: String, every interval: Duration = .seconds(3_600),
        _ body: @escaping @Sendable (Int) async throws -> JobOutcome
    ) {
        self.name = name
        self.interval = interval
        self.body = body
    }

    var runs: Int { state.withLock { $0.runs } }
    /// The most runs that there were at the same time.
    var most: Int { state.withLock { $0.most } }

    func run() async throws -> JobOutcome {
        let number = state.withLock { state in
            state.runs += 1
            state.now += 1
            state.most = max(state.most, state.now)
            return state.runs
        }
        defer { state.withLock { $0.now -= 1 } }
        return try await body(number)
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable)) struct JobRunnerTests {
    /// A migrated database and a maker of runners, each as a bridge of its own would have it.
    private struct Rig {
        let pool: PostgresPool
        let session: PostgresConnection
        let metrics = MetricsRegistry()

        var repository: MaintenanceJobRepository { MaintenanceJobRepository(pool) }

        func runner(_ jobs: [any MaintenanceJob], name: String = "here", expiry: Duration = .seconds(60)) -> JobRunner {
            var pacing = JobRunner.Pacing()
            pacing.look = .milliseconds(10)...Duration.milliseconds(40)
            pacing.expiry = expiry
            pacing.retry = .milliseconds(20)...Duration.milliseconds(200)
            return JobRunner(
                jobs, repository: repository, holderName: name, metrics: metrics, pacing: pacing,
                logger: TestDatabase.quietLogger)
        }

        func row(_ name: String) async throws -> StoredMaintenanceJob {
            try #require(try await repository.list().first { $0.name == name })
        }

        /// Waits until `condition` holds, for as long as a slow machine may take.
        func reaches(_ condition: () async throws -> Bool) async throws -> Bool {
            for _ in 0..<3_000 {
                if try await condition() { return true }
                try await Task.sleep(for: .milliseconds(10))
            }
            return false
        }
    }

    private static func with(_ body: (Rig) async throws -> Void) async throws {
        try await TestDatabase.withSchema { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration.taking(.writer), size: 4, logger: TestDatabase.quietLogger)
            do {
                try await body(Rig(pool: pool, session: session))
            } catch {
                await pool.close()
                await session.close()
                throw error
            }
            await pool.close()
            await session.close()
        }
    }

    @Test func tellsOfEachRunInTheTableAndInTheMetrics() async throws {
        try await Self.with { rig in
            let good = ScriptedJob("good") { _ in JobOutcome(summary: "Did three things.", items: 3) }
            let bad = ScriptedJob("bad") { number in
                if number == 1 { throw ScriptedJob.Refusal(description: "postgresql://u:geheim@h/d is away") }
                return .nothing
            }
            let task = Task { await rig.runner([bad, good]).run() }
            #expect(try await rig.reaches { bad.runs == 2 && good.runs == 1 })
            // The failure of one is not that of the other, and it is tried again.
            #expect(try await rig.reaches { try await rig.row("bad").failuresInARow == 0 })
            let row = try await rig.row("good")
            #expect(row.lastSummary == "Did three things." && row.lastItems == 3 && row.runCount == 1)
            #expect(row.lastError == nil && !row.isHeld && !row.isDue && row.lastFinishedAt != nil)
            let failed = try await rig.row("bad")
            #expect(failed.errorCount == 1 && failed.runCount == 2 && failed.lastErrorAt != nil)
            #expect(failed.lastError?.contains("is away") == true && failed.lastError?.contains("geheim") == false)
            func shows(_ name: String, _ job: String, _ value: Double) -> Bool {
                let family = rig.metrics.families().first { $0.name == "ha_bridge_job_\(name)" }
                return family?.series.contains {
                    $0.labels == [MetricLabelPair(name: "job", value: job)] && $0.value == .number(value)
                } == true
            }
            #expect(try await rig.reaches { shows("items_total", "good", 3) && shows("errors_total", "bad", 1) })
            #expect(rig.metrics.families().map(\.name).contains("ha_bridge_job_last_run_timestamp_seconds"))
            #expect(rig.metrics.problems == [])
            task.cancel()
            await task.value
        }
    }

    @Test func runsAgainAtOnceWhileWorkIsLeft() async throws {
        try await Self.with { rig in
            let job = ScriptedJob("steps") { JobOutcome(items: 1, isUnfinished: $0 < 4) }
            let task = Task { await rig.runner([job]).run() }
            let isDone = try await rig.reaches { try await rig.repository.list().first?.itemCount == 4 }
            #expect(isDone)
            task.cancel()
            await task.value
            #expect(job.runs == 4)
        }
    }

    @Test func twoBridgesNeverRunOneJobAtOnce() async throws {
        try await Self.with { rig in
            let job = ScriptedJob("steps", every: .milliseconds(1)) { _ in
                try await Task.sleep(for: .milliseconds(5))
                return JobOutcome(items: 1)
            }
            let bridges = ["one", "two", "three"].map { name in Task { await rig.runner([job], name: name).run() } }
            let isDone = try await rig.reaches { job.runs >= 12 }
            #expect(isDone)
            for bridge in bridges { bridge.cancel() }
            for bridge in bridges { await bridge.value }
            #expect(job.most == 1)
            // What was given back in the middle of a run is nobody's.
            #expect(try await rig.row("steps").isHeld == false)
        }
    }

    @Test func takesOverFromAHolderThatIsGone() async throws {
        try await Self.with { rig in
            let job = ScriptedJob("work") { _ in JobOutcome(items: 1) }
            let runner = rig.runner([job])
            try await runner.register()
            // A process that took the job and was killed.
            let gone = try #require(
                try await rig.repository.take(
                    "work", as: UUID(), name: "elsewhere", for: .seconds(600), onlyWhenDue: true))
            let waiting = LockedBox<[String]>([])
            let task = Task { try await runner.runNow("work") { name in waiting.withLock { $0.append(name) } } }
            #expect(try await rig.reaches { waiting.withLock { $0 } == ["elsewhere"] })
            #expect(job.runs == 0)
            // Its time passes.
            try await rig.session.execute("UPDATE maintenance_job SET holder_expires_at = clock_timestamp()")
            #expect(try await task.value == .done(JobOutcome(items: 1)))
            // Should it come back, it changes nothing.
            #expect(try await rig.repository.prolong(gone, for: .seconds(60)) == false)
            #expect(
                try await rig.repository.finish(gone, summary: nil, items: 9, duration: .zero, pause: .zero) == false)
            try await rig.repository.release(gone)
            let row = try await rig.row("work")
            #expect(row.itemCount == 1 && row.isDue == false)
        }
    }

    @Test func stopsItsRunWhenTheHoldIsLost() async throws {
        try await Self.with { rig in
            let ended = LockedBox(false)
            let job = ScriptedJob("work") { _ in
                do { try await Task.sleep(for: .seconds(600)) } catch { ended.withLock { $0 = true } }
                return JobOutcome(items: 7)
            }
            let runner = rig.runner([job], expiry: .milliseconds(300))
            let task = Task { try await runner.runNow("work") { _ in } }
            #expect(try await rig.reaches { job.runs == 1 })
            // Somebody else took it, as after this process was frozen for long.
            try await rig.session.execute(
                """
                UPDATE maintenance_job SET holder = gen_random_uuid(), epoch = epoch + 1,
                    holder_expires_at = clock_timestamp() + interval '1 hour'
                """)
            #expect(try await task.value == .lost)
            #expect(ended.withLock { $0 })
            let row = try await rig.row("work")
            #expect(row.isHeld && row.itemCount == 0 && row.runCount == 0)
        }
    }

    @Test func keepsAHoldForAsLongAsARunTakes() async throws {
        try await Self.with { rig in
            let mayEnd = LockedBox(false)
            let job = ScriptedJob("long") { _ in
                while !mayEnd.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
                return .nothing
            }
            let runner = rig.runner([job], expiry: .milliseconds(600))
            let task = Task { try await runner.runNow("long") { _ in } }
            #expect(try await rig.reaches { job.runs == 1 })
            let first = try await rig.session.query("SELECT holder_expires_at AS at FROM maintenance_job").first
            let start = try #require(first).timestamp("at")
            #expect(
                try await rig.reaches {
                    let row = try await rig.session.query("SELECT holder_expires_at AS at FROM maintenance_job").first
                    return try row?.timestamp("at") ?? start > start.adding(.milliseconds(600))
                })
            mayEnd.withLock { $0 = true }
            #expect(try await task.value == .done(.nothing))
        }
    }

    @Test func givesAJobBackWhenTheProcessEnds() async throws {
        try await Self.with { rig in
            let job = ScriptedJob("long") { _ in
                try await Task.sleep(for: .seconds(600))
                return .nothing
            }
            let task = Task { await rig.runner([job]).run() }
            #expect(try await rig.reaches { job.runs == 1 })
            task.cancel()
            await task.value
            let row = try await rig.row("long")
            #expect(!row.isHeld && row.isDue && row.errorCount == 0 && row.runCount == 0)
        }
    }

    @Test func saysWhichJobsThereAre() async throws {
        try await Self.with { rig in
            let error = await #expect(throws: StoreError.self) {
                try await rig.runner([ScriptedJob("a") { _ in .nothing }]).runNow("b") { _ in }
            }
            #expect(error?.code == .notFound)
        }
    }
}
