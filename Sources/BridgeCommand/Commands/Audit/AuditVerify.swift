import ArgumentParser
import BridgeCore
import Cryptography
import Store

/// `audit verify`.
struct AuditVerify: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify every chain of the audit trail.",
        discussion: """
            Ends with 0 when everything is as it was signed, and with 1 when something is not: the first bad row of each chain is \
            named, and what happened to it. Rows from before there was a signing key are no fault. Checkpoints of the running \
            bridge are used where they are found; they show what the database alone cannot: that everything at the end is \
            gone, or was written anew with the key. Keep copies of them elsewhere.
            """)

    @OptionGroup var subject: AuditSubject

    @Option(
        help: ArgumentHelp(
            "Checkpoints to hold against the chains, with those of the file's predecessor FILE.1; else those in HA_BRIDGE_STATE_DIR.",
            valueName: "file"))
    var checkpoints: String?

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let verifier = try Keyring.load(path: settings.keyFile).verifier
        let file = AuditCheckpointFile(path: checkpoints ?? settings.checkpointFile)
        let (known, otherLines) = try file.read(mustExist: checkpoints != nil)
        let console = context.console
        let report = try await context.withPool(settings) { pool in
            try await AuditVerifier(pool, keys: { verifier }).verify(
                connection: try await subject.id(over: pool), against: known
            ) { done, total in
                console.progress("Verified \(done) of \(total) rows …")
            }
        }
        console.endProgress()
        if output.json {
            try console.show(report.jsonValue)
        } else {
            let table = Self.table(report)
            for line in table.lines(terminal: console.terminal) where !table.rows.isEmpty { try console.print(line) }
            for finding in report.findings { try console.print("\(finding.kind.rawValue): \(finding.message)") }
        }
        if otherLines > 0 {
            console.note(
                "\(otherLines) lines of \(file.path) are no checkpoints, as after a crash; they were left out.")
        }
        let unsigned = report.chains.reduce(0) { $0 + $1.unsignedRows }
        if unsigned > 0, report.isSound {
            console.note("\(unsigned) rows are from before the chains were signed; nothing can be said of them.")
        }
        guard report.isSound else {
            throw CommandFailure(.unsound, "The audit trail is not as the bridge wrote it.")
        }
        let rows = report.chains.reduce(0) { $0 + $1.signedRows }
        console.note(
            "The audit trail is as it was signed: \(rows) rows in \(report.chains.count) chains, \(report.checkpoints) checkpoints."
        )
    }

    private static func table(_ report: AuditReport) -> TextTable {
        TextTable(
            [
                .init("TABLE"), .init("CONNECTION"), .init("SIGNED", .right), .init("UNSIGNED", .right),
                .init("REMOVED", .right), .init("PROVEN TO", .right), .init("RESULT"),
            ],
            rows: report.chains.map { chain in
                [
                    chain.chain.table.rawValue, chain.chain.connection.map { "\($0)" } ?? "none",
                    String(chain.signedRows),
                    String(chain.unsignedRows), String(chain.removedRows), String(chain.verifiedThrough),
                    chain.findings.isEmpty ? "ok" : chain.findings.map(\.kind.rawValue).joined(separator: ", "),
                ]
            })
    }
}
