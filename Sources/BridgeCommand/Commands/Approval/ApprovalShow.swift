import ArgumentParser
import Automation
import BridgeCore
import PostgresClient
import Store

/// `approval show`.
struct ApprovalShow: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all about one proposal: what it would change, its risk and why, who decides, how far it is.")

    @OptionGroup var subject: ApprovalSubject
    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let portrait = try await context.withPool(try context.settings()) { pool in
            try await ApprovalPortrait(of: try await subject.find(in: ApprovalRepository(pool)), in: pool)
        }
        let console = context.console
        if output.json { return try console.show(portrait.jsonValue) }
        try console.show(facts: portrait.facts(now: TimeText.now()))
        try Self.print(portrait.assessment, to: console)
        if !portrait.votes.isEmpty {
            try console.print("\nWho decides")
            for line in portrait.voteTable.lines(terminal: console.terminal) { try console.print("  " + line) }
        }
        if !portrait.operations.isEmpty {
            try console.print("\nCarried out")
            for line in portrait.operationTable.lines(terminal: console.terminal) { try console.print("  " + line) }
        }
        try console.print("")
        for line in portrait.changeLines(hasColour: console.terminal.hasColour) { try console.print(line) }
        if portrait.workflow.status == .pending {
            let id = portrait.workflow.id.short
            console.note(
                """

                Decide it: ha-bridge approval approve \(id) --digest \(portrait.workflow.digestText.prefix(12))
                       or: ha-bridge approval reject \(id) --reason TEXT
                """)
        }
    }

    /// The parts of the assessment that a person reads: sentences as a list, the rest as names and values.
    private static func print(_ assessment: ApprovalAssessment, to console: Console) throws {
        for section in assessment.sections {
            try console.print("\n\(section.title)")
            for line in section.lines { try console.print("  " + PrintableText.of(line)) }
        }
    }
}
