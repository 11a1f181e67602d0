import ArgumentParser
import Automation
import BridgeCore
import PostgresClient
import Store

/// `approval approve`.
struct ApprovalApprove: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve a proposal, and wait until the running bridge has carried it out.",
        discussion: """
            A vote is final. Where more approvals are needed, the proposal waits for them. The bridge that speaks for the house does \
            the change: where none runs, it is done as soon as one does, and the exit code is 75.
            """)

    @OptionGroup var subject: ApprovalSubject
    @OptionGroup var person: ActingPerson

    @Option(help: ArgumentHelp("A word for the others.", valueName: "text"))
    var comment: String?

    @Option(
        help: ArgumentHelp(
            "Twelve or more digits of the digest that approval show prints: approves that proposal and no other.",
            valueName: "digits"))
    var digest: String?

    @Flag(name: .customLong("no-wait"), help: "Return at once, and do not wait for the change.")
    var noWait = false

    func validate() throws {
        guard let digest else { return }
        guard (12...64).contains(digest.utf8.count), digest.allSatisfy(\.isHexDigit) else {
            throw ValidationError("--digest takes 12 to 64 hexadecimal digits.")
        }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let approvals = ApprovalRepository(pool, keys: context.auditKeys(settings))
            let shown = try await subject.find(in: approvals)
            let user = try await person.find(in: pool, connection: shown.connection)
            if let digest, !shown.digestText.hasPrefix(digest.lowercased()) {
                throw ApprovalRefusal(
                    .otherProposal,
                    "The proposal is not the one of this digest. Look at it again: ha-bridge approval show \(shown.id.short)"
                )
            }
            let after = try await approvals.vote(
                ApprovalVote(.approve(comment: comment), by: user, shownDigest: shown.digest), on: shown.id,
                at: TimeText.now())
            context.console.note(
                "Noted: “\(after.description)” is approved by you (digest \(after.digestText.prefix(12))).")
            guard after.status == .approved else {
                let portrait = try await ApprovalPortrait(of: after, in: pool)
                return context.console.note("It is carried out once all have agreed. Needed: \(portrait.needsText).")
            }
            try await WorkflowWait(approvals: approvals, workflow: after, console: context.console)
                .run(waits: !noWait)
        }
    }
}
