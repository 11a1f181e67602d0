import ArgumentParser
import Automation
import BridgeCore
import Cryptography
import HomeAssistantClient
import PostgresClient
import Store

/// Under which terms something is proposed: shared by the commands that propose.
struct ProposalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Who proposes; else the owner of the connection.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("Why, in your own words.", valueName: "text"))
    var reason: String?

    @Option(
        help: ArgumentHelp(
            "Who is asked, on which level from 1; may be repeated. Else the owner and the administrators.",
            valueName: "name[:level]"))
    var approver: [String] = []

    @Option(help: ArgumentHelp("How many approvals each level needs, level 1 first.", valueName: "n[,n]"))
    var approvals: String?

    @Option(help: ArgumentHelp("After how long it expires undecided.", valueName: "duration"))
    var expires = MomentArgument.ago(seconds: 7 * 86_400)

    @Flag(help: "Check and judge it, and store nothing.")
    var dryRun = false

    @Flag(inversion: .prefixedNo, help: "Where nobody must approve, wait until the bridge has carried it out.")
    var wait = true

    func validate() throws {
        for name in approver { _ = try Self.parsed(name) }
        _ = try required()
        if case .ago(let seconds) = expires, !(60...366 * 86_400).contains(seconds) {
            throw ValidationError("--expires takes from a minute (1m) to a year (366d).")
        }
    }

    static func parsed(_ text: String) throws -> (name: String, level: Int) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2 else {
            throw ValidationError("--approver takes NAME or NAME:LEVEL.")
        }
        guard parts.count == 2 else { return (String(name), 1) }
        guard let level = Int(parts[1]), (1...9).contains(level) else {
            throw ValidationError("The level of an approver is a number from 1 to 9.")
        }
        return (String(name), level)
    }

    func required() throws -> [Int]? {
        guard let approvals else { return nil }
        let numbers = approvals.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...9).contains(numbers.count), numbers.allSatisfy({ $0.map { (0...100).contains($0) } ?? false }) else {
            throw ValidationError("--approvals takes a number for each level, such as 1 or 1,2.")
        }
        return numbers.compactMap { $0 }
    }

    /// The terms, with the users that are named. Throws a `CommandFailure` for one that is not there.
    func terms(
        for connection: StoredConnection, in pool: PostgresPool, decision: StoredDecision? = nil
    ) async throws -> ProposalTerms {
        let users = UserRepository(pool)
        let owner = try await users.list().first { $0.id == connection.userID }
        let named = if let user { try await users.named(user) } else { owner }
        guard let proposer = named else {
            throw CommandFailure(.usage, "The connection has no owner any more. See: ha-bridge user list")
        }
        guard proposer.isActive, proposer.role != .observer else {
            throw CommandFailure(
                .permission, "“\(proposer.username)” cannot propose: only an active user who is no observer may.")
        }
        let now = TimeText.now()
        let expiry: Timestamp =
            switch expires {
            case .ago(let seconds): now.adding(seconds: seconds)
            case .at(let time): time
            }
        guard expiry > now else { throw CommandFailure(.usage, "--expires lies in the past.") }
        var terms = ProposalTerms(proposer: proposer, expiresAt: expiry, now: now)
        terms.reason = reason
        for text in approver {
            let (name, level) = try Self.parsed(text)
            terms.approvers.append((try await users.named(name), level))
        }
        terms.requiredApprovals = try required()
        terms.decision = decision
        terms.userAgent = BridgeVersion.userAgent
        return terms
    }
}

/// What the commands that propose share.
struct ProposalRun {
    let context: CommandContext
    let options: ProposalOptions
    let output: OutputOptions

    /// Checks, judges, shows and stores what `prepare` makes at the desk of a connection.
    func carryOut(
        on connection: StoredConnection, pool: PostgresPool, settings: BridgeSettings, decision: StoredDecision? = nil,
        _ prepare: (ProposalDesk, ProposalTerms) async throws -> PreparedProposal
    ) async throws {
        let terms = try await options.terms(for: connection, in: pool, decision: decision)
        let desk = ConnectionDesk(pool, settings, context)
        let url = try HomeAssistantURL(connection.url)
        let token = try desk.token(of: connection, url: url)
        let sealer = ConfigurationSealer(try desk.sealer())
        let keys = context.auditKeys(settings)
        context.console.progress("Checking with Home Assistant …")
        defer { context.console.endProgress() }
        let (prepared, stored) = try await CommandSession.with(try desk.place(url, connection.trust), token: token) {
            ports in
            let house = ProposalHouse(ports)
            let desk = ProposalDesk(pool, connection: connection, house: house, sealer: sealer, keys: keys)
            let prepared = try await prepare(desk, terms)
            let stored = options.dryRun || prepared.refusal != nil ? nil : try await desk.store(prepared)
            return (prepared, stored)
        }
        context.console.endProgress()
        let text = ProposalText(prepared, stored, connection: connection)
        if output.json {
            try context.console.show(text.jsonValue)
        } else {
            for line in text.lines(hasColour: context.console.terminal.hasColour) { try context.console.print(line) }
        }
        if let refusal = prepared.refusal { throw CommandFailure(refusal) }
        guard let stored else { return context.console.note("Nothing was stored (--dry-run).") }
        for sentence in text.next { context.console.note(sentence) }
        if stored.status == .approved, options.wait {
            let approvals = ApprovalRepository(pool, keys: keys)
            try await WorkflowWait(approvals: approvals, workflow: stored, console: context.console).run(waits: true)
        }
    }
}
