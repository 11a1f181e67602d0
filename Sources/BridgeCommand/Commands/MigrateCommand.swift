import ArgumentParser
import BridgeCore
import Store

/// `migrate`: the schema of the database.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to date, check it, or take it back.",
        subcommands: [MigrateUp.self, MigrateStatus.self, MigrateVerify.self, MigrateDown.self])
}

/// `migrate up`.
struct MigrateUp: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Apply what is missing, one transaction each.")

    @Flag(help: "Print the SQL instead of running it.")
    var dryRun = false

    func run(in context: CommandContext) async throws {
        let console = context.console
        try await context.withSession(try context.settings()) { session in
            let migrator = Migrator()
            if dryRun {
                let sql = try await migrator.plan(on: session)
                guard !sql.isEmpty else { return console.note("The schema is current; there is nothing to run.") }
                return try console.print(sql)
            }
            let applied = try await migrator.up(on: session) { console.note($0.description) }
            console.note(applied.isEmpty ? "The schema is current already." : "The schema is current.")
        }
    }
}

/// `migrate status`.
struct MigrateStatus: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Show what is applied.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let status = try await context.withSession(try context.settings()) { try await Migrator().status(on: $0) }
        try context.console.show(
            status.entries.map(\.jsonValue), table: Self.table(status), empty: "This program has no migrations.",
            as: output)
        if !output.json {
            for problem in status.entries.compactMap(\.problem) { context.console.note(problem) }
        }
    }

    static func table(_ status: MigrationStatus) -> TextTable {
        let columns: [TextTable.Column] = [
            .init("VERSION", .right), .init("DESCRIPTION", isFlexible: true), .init("STATE"), .init("APPLIED"),
            .init("CHECKSUM"),
        ]
        let rows = status.entries.map { entry in
            [
                String(entry.version), entry.description, entry.stateText, TimeText.table(entry.appliedAt),
                String(entry.checksum.prefix(12)),
            ]
        }
        return TextTable(columns, rows: rows)
    }
}

/// `migrate verify`.
struct MigrateVerify: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Exit with 78 unless the schema is exactly that of this program.")

    func run(in context: CommandContext) async throws {
        try await context.withSession(try context.settings()) { try await Migrator().verify(on: $0) }
        context.console.note("The schema is exactly that of ha-bridge \(BridgeVersion.string).")
    }
}

/// `migrate down`.
struct MigrateDown: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Undo migrations, newest first, with the data that they hold.",
        discussion: "It asks for confirmation on a terminal unless --yes is given.")

    @Option(help: ArgumentHelp("The version to keep as the newest one; 0 undoes all.", valueName: "version"))
    var to: Int

    @Flag(help: "Print the SQL instead of running it.")
    var dryRun = false

    @Flag(help: "Do not ask.")
    var yes = false

    func run(in context: CommandContext) async throws {
        let console = context.console
        try await context.withSession(try context.settings()) { session in
            let migrator = Migrator()
            let sql = try await migrator.planDown(to: to, on: session)
            guard !sql.isEmpty else { return console.note("Nothing above version \(to) is applied.") }
            if dryRun { return try console.print(sql) }
            try Confirmation(console: console).require(
                "Undo every migration above version \(to), with the data in its tables?", isGiven: yes)
            let undone = try await migrator.down(to: to, on: session) { console.note($0.description) }
            console.note("Undone: \(undone.map(String.init).joined(separator: ", ")).")
        }
    }
}

extension MigrationStatus.Entry {
    fileprivate var appliedAt: Timestamp? {
        if case .applied(let time) = state { time } else { nil }
    }

    fileprivate var stateText: String {
        guard problem == nil else { return "problem" }
        return appliedAt == nil ? "pending" : "applied"
    }

    fileprivate var jsonValue: JSONValue {
        .object([
            "version": .integer(Int64(version)),
            "description": .string(description),
            "state": .string(appliedAt == nil ? "pending" : "applied"),
            "applied_at": .time(appliedAt),
            "checksum": .string(checksum),
            "problem": .optional(problem),
        ])
    }
}
