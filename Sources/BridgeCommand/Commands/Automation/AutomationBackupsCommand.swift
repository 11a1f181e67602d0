import BridgeCore
import ArgumentParser
import Store

/// `automation backups`.
struct AutomationBackupsCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "backups", abstract: "Show the stored versions of an automation's configuration.",
        discussion: """
            Newest first. AUTOMATIC: the configuration was found to differ; MANUAL: a person asked; BEFORE_CHANGE: the bridge \
            was about to change it. SEALED says whether the version holds values that are stored encrypted.
            """)

    @OptionGroup var subject: AutomationSubject

    @Option(help: ArgumentHelp("How many versions at most.", valueName: "n"))
    var limit = 50

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 10000.") }
    }

    func run(in context: CommandContext) async throws {
        let (automation, versions) = try await context.withPool(try context.settings()) { pool in
            let automation = try await subject.find(in: pool)
            return (automation, try await BackupRepository(pool).list(of: automation.id, limit: limit))
        }
        let columns: [TextTable.Column] = [
            .init("VERSION", .right), .init("TIME"), .init("TYPE"), .init("SEALED"), .init("BY"),
            .init("NAME", isFlexible: true),
        ]
        let rows = versions.map { version in
            [
                String(version.version), TimeText.table(version.createdAt), version.type.rawValue,
                version.sealedSecrets == nil ? "no" : "yes", version.createdBy ?? "-", version.name,
            ]
        }
        try context.console.show(
            versions.map(\.jsonValue), table: TextTable(columns, rows: rows),
            empty: "There are no versions of “\(automation.name)” yet.", as: output)
    }
}
