import BridgeConcurrency
import BridgeCore
import Embedding
import Ingest
import PostgresClient
import Store

/// Carries out an import and tells of it.
struct ImportDesk {
    let context: CommandContext
    let options: ImportOptions
    let output: OutputOptions

    /// The URL of an option, or the first line of standard input for `-`, so that a password need not show in the list of processes.
    static func url(_ argument: String?) throws -> String {
        guard argument == "-" else { return argument ?? "" }
        guard let line = readLine(), !line.isEmpty else {
            throw CommandFailure(.usage, "Standard input holds no database URL.")
        }
        return line
    }

    func run(_ origin: ImportOrigin) async throws {
        let settings = try context.settings()
        let range = try options.range(now: TimeText.now())
        try await context.withPool(settings) { pool in
            let connection = try await ConnectionRepository(pool).find(name: options.connection, user: options.user)
            var house: HouseContext?
            if settings.embedder != .off, !options.dryRun {
                house = HouseContext(
                    try await RegistryRepository(pool).registries(of: connection.id), timeZone: connection.timeZone)
            }
            context.console.progress("Opening …")
            defer { context.console.endProgress() }
            let line = ImportLine()
            try await HistoryImporter.with(
                origin, into: connection.id, pool: pool, house: house, logger: CommandSession.silence
            ) { importer in
                if options.dryRun {
                    let surveys = try await importer.survey(range: range) { context.console.progress(line.text($0)) }
                    context.console.endProgress()
                    try show(surveys)
                } else {
                    let done = try await importer.run(range: range) { context.console.progress(line.text($0)) }
                    context.console.endProgress()
                    try show(done, keptDays: settings.retentionDays)
                }
            }
        }
    }

    // MARK: What is shown

    private func show(_ surveys: [ImportSurvey]) throws {
        let columns: [TextTable.Column] = [.init("WHAT"), .init("ROWS", .right), .init("OLDEST"), .init("NEWEST")]
        let rows = surveys.map { survey in
            [
                survey.phase.rawValue.replacing("_", with: " "), String(survey.rows), survey.oldest?.iso8601 ?? "-",
                survey.newest?.iso8601 ?? "-",
            ]
        }
        try context.console.show(
            surveys.map { survey in
                .object([
                    "phase": .string(survey.phase.rawValue), "rows": .integer(Int64(survey.rows)),
                    "unusable": .integer(Int64(survey.unusable)), "oldest": .time(survey.oldest),
                    "newest": .time(survey.newest),
                ])
            }, table: TextTable(columns, rows: rows), empty: "There is nothing to import.", as: output)
    }

    private func show(_ done: StoredImport, keptDays: Int) throws {
        if output.json {
            try context.console.show(
                .object([
                    "id": .string(done.id.description), "kind": .string(done.kind.rawValue),
                    "source": .string(done.source),
                    "rows_read": .integer(Int64(done.rowsRead)), "rows_added": .integer(Int64(done.rowsAdded)),
                    "rows_unusable": .integer(Int64(done.rowsUnusable)), "oldest": .time(done.oldest),
                    "newest": .time(done.newest), "started_at": .time(done.startedAt),
                    "finished_at": .time(done.finishedAt),
                ]))
        } else {
            var facts = [("source", done.source), ("read", "\(done.rowsRead) rows"), ("new", "\(done.rowsAdded) rows")]
            if let oldest = done.oldest, let newest = done.newest {
                facts.append(("from", oldest.iso8601))
                facts.append(("to", newest.iso8601))
            }
            if done.rowsUnusable > 0 {
                facts.append(("left out", "\(done.rowsUnusable) rows without a name or a time, or in a foreign unit"))
            }
            try context.console.show(facts: facts)
        }
        if let oldest = done.oldest, oldest < TimeText.now().adding(seconds: -Int64(keptDays) * 86_400) {
            context.console.note(
                "Some of it is older than the \(keptDays) days for which events are kept, and goes with the next clean-up once it"
                    + " is rolled up. To keep it, set HA_BRIDGE_RETENTION_DAYS higher before the bridge runs.")
        }
    }
}

/// The line of progress: how far, how fast, how long still.
final class ImportLine: Sendable {
    /// Where this run stood when it began with a phase.
    private struct Beginning {
        var phase: ImportPhase
        var fraction: Double
        var seconds: Double
    }

    private let began = ContinuousClock.now
    private let beginning = LockedBox<Beginning?>(nil)

    func text(_ progress: ImportProgress) -> String { text(progress, elapsed: (ContinuousClock.now - began).inSeconds) }

    /// The line after `elapsed` seconds of this run.
    func text(_ progress: ImportProgress, elapsed: Double) -> String {
        let start = beginning.withLock { start in
            if start?.phase != progress.phase {
                start = Beginning(phase: progress.phase, fraction: progress.fraction, seconds: elapsed)
            }
            return start
        }
        let name = progress.phase.rawValue.replacing("_", with: " ")
        var line = "Importing \(name): \(Int(progress.fraction * 100)) %, \(progress.read) read, \(progress.added) new"
        if elapsed > 0 { line += ", \(Int(Double(progress.readNow) / elapsed)) rows/s" }
        if let start, progress.fraction > start.fraction {
            let left = (1 - progress.fraction) / (progress.fraction - start.fraction) * (elapsed - start.seconds)
            line += ", \(TimeText.rough(.seconds(min(max(left, 0), 1e9)))) left"
        }
        return line
    }
}
