import ArgumentParser
import BridgeCore
import Ingest

/// `import`: history that other programs have kept.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Bring in history from before the bridge came.",
        discussion: """
            Each state and event is stored once, with its own time, also where the bridge has seen it live. What is interrupted \
            goes on with the same command.
            """,
        subcommands: [ImportRecorder.self, ImportLTSS.self])
}

/// What all imports have in common.
struct ImportOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The connection whose history it is.", valueName: "name"))
    var connection: String

    @Option(help: ArgumentHelp("The connection's owner, where several users have one of the name.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("Leave out what is older.", valueName: "moment"))
    var from: MomentArgument?

    @Option(help: ArgumentHelp("Leave out what is as old, or newer.", valueName: "moment"))
    var to: MomentArgument?

    @Flag(help: "Only say what is there, and store nothing.")
    var dryRun = false

    /// The range that was asked for; `nil` for everything.
    func range(now: Timestamp) throws -> Range<Timestamp>? {
        guard from != nil || to != nil else { return nil }
        // Before anything that Home Assistant could have stored, and behind it.
        let start = from?.resolved(now: now) ?? Timestamp(microseconds: 0)
        let end = to?.resolved(now: now) ?? now.adding(seconds: 366 * 86_400)
        guard start < end else { throw CommandFailure(.usage, "--from must be before --to.") }
        return start..<end
    }
}

/// `import recorder`.
struct ImportRecorder: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "recorder", abstract: "Import Home Assistant's own database.",
        discussion: """
            Reads home-assistant_v2.db, also while Home Assistant writes it, or the PostgreSQL database that the recorder's db_url \
            names. Neither is ever written to. Exits with 64 when it is no database of a recorder, 69 when it does not answer, 75 \
            when another program holds it.
            """)

    @OptionGroup var options: ImportOptions

    @Option(
        help: ArgumentHelp("The file, such as /config/home-assistant_v2.db.", valueName: "file"),
        completion: .file(extensions: ["db"]))
    var sqlite: String?

    @Option(
        help: ArgumentHelp(
            "The database of a recorder on PostgreSQL; - reads it from standard input.", valueName: "url"))
    var postgres: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (sqlite == nil) != (postgres == nil) else {
            throw ValidationError("Name either the file with --sqlite or the server with --postgres.")
        }
    }

    func run(in context: CommandContext) async throws {
        let origin: ImportOrigin =
            if let sqlite { .recorderFile(path: sqlite) } else { .recorderServer(url: try ImportDesk.url(postgres)) }
        try await ImportDesk(context: context, options: options, output: output).run(origin)
    }
}

/// `import ltss`.
struct ImportLTSS: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "ltss", abstract: "Import the database of the integration ltss (long time state storage).",
        discussion: "Reads its table ltss, which is never written to. It keeps states alone.")

    @OptionGroup var options: ImportOptions

    @Option(help: ArgumentHelp("The database; - reads it from standard input.", valueName: "url"))
    var postgres: String

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        try await ImportDesk(context: context, options: options, output: output).run(
            .ltss(url: try ImportDesk.url(postgres)))
    }
}
