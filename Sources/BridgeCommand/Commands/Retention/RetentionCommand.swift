import ArgumentParser
import BridgeCore
import Maintenance
import PostgresClient
import Store

/// `retention`: how long things are kept.
struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention", abstract: "How long events are kept, and what goes.",
        subcommands: [RetentionRun.self, RetentionRuleCommand.self])
}

/// `retention run`.
struct RetentionRun: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Delete what is past its time, or show what that would be.",
        discussion: """
            The bridge does this once a day by itself. Events are kept for HA_BRIDGE_RETENTION_DAYS, unless a rule says otherwise; see \
            ha-bridge retention rule add --help. The newest state of each entity always stays, and so do events that the roll-ups \
            do not hold yet.
            """)

    @Flag(help: "Delete nothing, and show what would go.")
    var dryRun = false

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let console = context.console
        try await context.withPool(settings) { pool in
            guard !dryRun else { return try await show(pool, settings, console) }
            var jobs = MaintenanceJobs(settings: settings, pool: pool, auditKeys: context.auditKeys(settings))
            jobs.askedBy = ["by": .string("command")]
            jobs.progress = { console.progress("Deleted \($0.rows) rows, now in \($0.partition) …") }
            let outcome = try await JobDesk.run("retention", of: jobs, in: pool, console: console)
            if output.json { return try console.show(outcome.jsonValue(of: "retention")) }
            console.note(outcome.summary ?? "Nothing is past its time.")
        }
    }

    /// A line for each partition, house and rule.
    private struct Line {
        let partition: EventPartition
        let house: String
        let rule: String
        let rows: Int
        let bytes: Int
        let isWaiting: Bool
    }

    private func show(_ pool: PostgresPool, _ settings: BridgeSettings, _ console: Console) async throws {
        let retention = RetentionRepository(pool, days: settings.retentionDays)
        let houses = try await ConnectionRepository(pool).list()
        func name(_ id: ConnectionID) -> String { houses.first { $0.id == id }?.name ?? id.description }
        let now = TimeText.now()
        var lines: [Line] = []
        for partition in try await PartitionRepository(pool).list() where (partition.from ?? now) <= now {
            console.progress("Looking at \(partition.name) …")
            let month = try await retention.look(at: partition, now: now)
            for share in try await retention.shares(of: month) {
                let total = max(partition.estimatedRows, share.rows, 1)
                lines.append(
                    Line(
                        partition: partition, house: name(share.connection),
                        rule: share.rule.map { String($0.description.prefix(8)) }
                            ?? "\(settings.retentionDays) days", rows: share.rows,
                        bytes: Int(Double(partition.bytes) * Double(share.rows) / Double(total)), isWaiting: false))
            }
            for house in month.waiting {
                lines.append(
                    Line(partition: partition, house: name(house), rule: "-", rows: 0, bytes: 0, isWaiting: true))
            }
        }
        console.endProgress()
        let columns: [TextTable.Column] = [
            .init("PARTITION"), .init("CONNECTION"), .init("RULE"), .init("ROWS", .right), .init("ABOUT", .right),
            .init(""),
        ]
        let rows = lines.map { line in
            [
                line.partition.name, line.house, line.rule, "\(line.rows)", ByteText.of(line.bytes),
                line.isWaiting ? "waits for its roll-ups" : "",
            ]
        }
        let values = lines.map { line in
            JSONValue.object([
                "partition": .string(line.partition.name), "connection": .string(line.house),
                "rule": .string(line.rule), "rows": .integer(Int64(line.rows)),
                "estimated_bytes": .integer(Int64(line.bytes)), "waits_for_rollups": .bool(line.isWaiting),
            ])
        }
        try console.show(
            values, table: TextTable(columns, rows: rows), empty: "Nothing is past its time.", as: output)
    }
}
