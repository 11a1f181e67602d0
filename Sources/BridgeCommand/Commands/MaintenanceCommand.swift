import ArgumentParser
import BridgeConcurrency
import BridgeCore
import Maintenance
import PostgresClient
import Store

/// `maintenance`: the jobs that keep the database small, quick and right.
struct MaintenanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance", abstract: "The jobs that keep the database small, quick and right.",
        subcommands: [MaintenanceList.self, MaintenanceRun.self])
}

/// `maintenance list`.
struct MaintenanceList: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the jobs: when each ran last, what it did, and what went wrong.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let jobs = try await context.withPool(try context.settings()) { try await MaintenanceJobRepository($0).list() }
        let columns: [TextTable.Column] = [
            .init("JOB"), .init("LAST RUN"), .init("TOOK", .right), .init("NEXT RUN"), .init("ERRORS", .right),
            .init("NOW", isFlexible: true), .init("DID", isFlexible: true),
        ]
        func moment(_ time: Timestamp?) -> String { time.map { String($0.iso8601.prefix(19)) } ?? "never" }
        let rows = jobs.map { job -> [String] in
            let took = job.lastDurationMS.map { "\($0) ms" } ?? "-"
            let now = job.isHeld ? "runs on \(job.holderName ?? "a bridge")" : "-"
            let failure = "failed: \(job.lastError ?? "no reason known")"
            let did = job.failuresInARow > 0 ? failure : job.lastSummary ?? "nothing was due"
            return [
                job.name, moment(job.lastFinishedAt), took, moment(job.nextRunAt), "\(job.errorCount)", now, did,
            ]
        }
        try context.console.show(
            jobs.map(\.jsonValue), table: TextTable(columns, rows: rows),
            empty: "No job has run yet. They run with: ha-bridge run", as: output)
    }
}

/// `maintenance run`.
struct MaintenanceRun: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a job now, as the bridge would.",
        discussion: "Where a bridge is at it, this waits until that has ended.")

    @Argument(help: "The job, as `ha-bridge maintenance list` shows it.")
    var name: String

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let console = context.console
        try await context.withPool(settings) { pool in
            var jobs = MaintenanceJobs(settings: settings, pool: pool, auditKeys: context.auditKeys(settings))
            jobs.askedBy = ["by": .string("command")]
            jobs.progress = { console.progress("Deleted \($0.rows) rows, now in \($0.partition) …") }
            let outcome = try await JobDesk.run(name, of: jobs, in: pool, console: console)
            if output.json { return try console.show(outcome.jsonValue(of: name)) }
            console.note(outcome.summary ?? "Nothing was due.")
        }
    }
}

/// Runs a job for a command, by the way that the bridge takes.
enum JobDesk {
    /// Waits for whoever is at it, runs it until nothing is left, and returns what that did. Throws a `CommandFailure` that says
    /// what went wrong.
    static func run(
        _ name: String, of jobs: MaintenanceJobs, in pool: PostgresPool, console: Console
    ) async throws -> JobOutcome {
        let runner = JobRunner(
            jobs.all(), repository: MaintenanceJobRepository(pool),
            holderName: "\(MaintenanceJobs.bridgeName) (command)", metrics: MetricsRegistry(),
            logger: CommandSession.silence)
        var total = JobOutcome()
        while true {
            let ending = try await runner.runNow(name) { other in
                console.note("The job \(name) is being run by \(other). Waiting for its end …")
            }
            console.endProgress()
            switch ending {
            case .done(let outcome):
                total.items += outcome.items
                total.summary = outcome.summary ?? total.summary
                if !outcome.isUnfinished { return total }
            case .failed(let text): throw CommandFailure(.tryAgain, "The job \(name) failed: \(text)")
            case .lost, .notTaken:
                throw CommandFailure(
                    .tryAgain, "The job \(name) was stopped, because the database did not answer for too long.")
            }
        }
    }
}

extension JobOutcome {
    func jsonValue(of job: String) -> JSONValue {
        .object(["job": .string(job), "items": .integer(Int64(items)), "summary": .optional(summary)])
    }
}

extension StoredMaintenanceJob {
    fileprivate var jsonValue: JSONValue {
        func number(_ value: Int64?) -> JSONValue { value.map { .integer($0) } ?? .null }
        return .object([
            "job": .string(name), "last_started_at": .time(lastStartedAt), "last_finished_at": .time(lastFinishedAt),
            "last_duration_ms": number(lastDurationMS), "last_summary": .optional(lastSummary),
            "last_items": number(lastItems), "last_error": .optional(lastError), "last_error_at": .time(lastErrorAt),
            "error_count": .integer(errorCount), "run_count": .integer(runCount), "item_count": .integer(itemCount),
            "next_run_at": .time(nextRunAt), "holder": .optional(holderName),
        ])
    }
}
