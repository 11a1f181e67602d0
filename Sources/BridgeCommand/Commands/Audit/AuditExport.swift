import ArgumentParser
import BridgeCore
import Glibc
import Store

/// `audit export`.
struct AuditExport: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the audit trail so that anybody can verify it.",
        discussion: """
            JSON, a line for each row, anchor and head. The README shows how to verify it with nothing but OpenSSL and the public \
            keys, which ha-bridge key list --json shows. With --since or --until, rows between the first and the last one of \
            that time are written as well, so that no link of a chain is missing.
            """)

    @OptionGroup var subject: AuditSubject

    @Option(help: ArgumentHelp("Rows from then on, such as 30d or 2026-11-01.", valueName: "time"))
    var since: MomentArgument?

    @Option(help: ArgumentHelp("Rows from before then.", valueName: "time"))
    var until: MomentArgument?

    @Option(
        help: ArgumentHelp(
            "Write to this file, which must not be there yet, instead of standard output.", valueName: "file"))
    var output: String?

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let now = TimeText.now()
        let console = context.console
        var target: UnsafeMutablePointer<FILE>?
        if let output {
            let file = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            target = file < 0 ? nil : fdopen(file, "w")
            if target == nil { throw Self.failure(output) }
        }
        defer { if let target { fclose(target) } }
        var count = 0
        try await context.withPool(settings) { pool in
            try await AuditExporter(pool).export(
                connection: try await subject.id(over: pool), since: since?.resolved(now: now),
                until: until?.resolved(now: now)
            ) { line in
                count += 1
                if let target {
                    guard fputs(line + "\n", target) >= 0 else { throw Self.failure(output ?? "") }
                    if count.isMultiple(of: 1_000) { console.progress("Wrote \(count) lines …") }
                } else {
                    try console.print(line)
                }
            }
        }
        if let target, fflush(target) != 0 || fsync(fileno(target)) != 0 { throw Self.failure(output ?? "") }
        console.note("Wrote \(count) lines\(output.map { " to \($0)" } ?? "").")
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure(.inputOutput, "Cannot write \(path) (\(String(cString: strerror(errno)))).")
    }
}
