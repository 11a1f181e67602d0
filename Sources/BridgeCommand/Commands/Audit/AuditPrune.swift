import ArgumentParser
import BridgeCore
import Cryptography
import Store

/// `audit prune`.
struct AuditPrune: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Delete old audit rows and leave signed anchors.",
        discussion: """
            Each chain loses its beginning, up to the first row that is not older. An anchor says, signed, which rows are gone and \
            why, and verification goes on from it. A chain that does not verify is left as it is, unless --accept-findings: its \
            anchor then tells what was found. DATABASE_URL must name a login that may act as the owner of the tables. It asks \
            for confirmation on a terminal unless --yes is given.
            """)

    @Option(help: ArgumentHelp("Rows from before then, such as 365d or 2026-01-01.", valueName: "time"))
    var before: MomentArgument

    @Option(help: ArgumentHelp("Why, in your own words.", valueName: "text"))
    var reason = "retention"

    @OptionGroup var subject: AuditSubject

    @Flag(help: "Also prune chains that do not verify.")
    var acceptFindings = false

    @Flag(help: "Do not ask.")
    var yes = false

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let keys = try context.requireAuditKeys(settings)
        let moment = before.resolved(now: TimeText.now())
        let console = context.console
        try await context.withPool(settings) { pool in
            let pruner = AuditPruner(pool, keys: keys)
            let plans = try await pruner.plans(before: moment, connection: try await subject.id(over: pool))
            let count = plans.reduce(0) { $0 + $1.signedRows + $1.unsignedRows }
            guard count > 0 else {
                console.note("No audit row is from before \(moment.iso8601).")
                return
            }
            try Confirmation(console: console).require(
                "Delete \(count) audit rows of \(plans.count) chains from before \(moment.iso8601) for good?",
                isGiven: yes)
            var total: Int64 = 0
            var failures: [CommandFailure] = []
            for plan in plans {
                do {
                    let before = total
                    total += try await pruner.prune(
                        plan.chain, through: plan.through, unsignedBefore: moment, reason: reason,
                        acceptsFindings: acceptFindings
                    ) { console.progress("Deleted \(before + $0) of \(count) rows …") }
                } catch let error as StoreError where error.code == .auditUnsound {
                    failures.append(CommandFailure(.unsound, error.message))
                }
            }
            console.endProgress()
            console.note("Deleted \(total) audit rows.")
            for failure in failures.dropLast() { console.note(failure.message) }
            if let last = failures.last { throw last }
        }
    }
}
