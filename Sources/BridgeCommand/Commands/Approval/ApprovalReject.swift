import ArgumentParser
import BridgeCore
import Store

/// `approval reject`.
struct ApprovalReject: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Reject a proposal. One rejection ends it, whatever the others say.")

    @OptionGroup var subject: ApprovalSubject
    @OptionGroup var person: ActingPerson

    @Option(help: ArgumentHelp("Why, for whoever proposed it.", valueName: "text"))
    var reason: String

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let after = try await context.withPool(settings) { pool in
            let approvals = ApprovalRepository(pool, keys: context.auditKeys(settings))
            let shown = try await subject.find(in: approvals)
            return try await approvals.vote(
                ApprovalVote(
                    .reject(reason: reason), by: try await person.find(in: pool, connection: shown.connection),
                    shownDigest: shown.digest), on: shown.id, at: TimeText.now())
        }
        context.console.note("Rejected: “\(after.description)”. Nothing is changed.")
    }
}

/// `approval cancel`.
struct ApprovalCancel: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Withdraw a proposal that is not decided, or approved and not carried out yet.",
        discussion: "Who proposed it may, the owner of the connection, and an administrator.")

    @OptionGroup var subject: ApprovalSubject
    @OptionGroup var person: ActingPerson

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String?

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let after = try await context.withPool(settings) { pool in
            let approvals = ApprovalRepository(pool, keys: context.auditKeys(settings))
            let shown = try await subject.find(in: approvals)
            return try await approvals.cancel(
                shown.id, by: try await person.find(in: pool, connection: shown.connection), reason: reason,
                at: TimeText.now())
        }
        context.console.note("Cancelled: “\(after.description)”. Nothing is changed.")
    }
}
