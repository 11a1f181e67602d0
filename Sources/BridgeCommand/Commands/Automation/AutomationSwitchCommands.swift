import ArgumentParser
import Automation
import BridgeCore
import Store

/// Which automation is to be switched, and for whom.
struct SwitchSubject: ParsableArguments {
    @Argument(help: "The automation: its name, entity id, id in Home Assistant or id in the database.")
    var name: String

    @Option(help: ArgumentHelp("The connection that it is of, where several have one of the name.", valueName: "name"))
    var connection: String?

    @OptionGroup var options: ProposalOptions
    @OptionGroup var output: OutputOptions

    /// Proposes the operation, which may need nobody's approval.
    func propose(_ operation: ProposedChange.Operation, in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            var scope: ConnectionID?
            if let connection {
                scope = try await GovernedConnection.find(connection, user: options.user, in: pool).id
            }
            let automation = try await AutomationRepository(pool).find(name, connection: scope)
            let home = try await GovernedConnection.find(nil, of: automation.connectionID, in: pool)
            let run = ProposalRun(context: context, options: options, output: output)
            try await run.carryOut(on: home, pool: pool, settings: settings) { desk, terms in
                try await desk.prepare(operation, of: automation, terms: terms)
            }
        }
    }
}

/// `automation pause`.
struct AutomationPauseCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Propose to switch an automation off.",
        discussion:
            "What it is doing at that moment is stopped. It stays in Home Assistant; `automation resume` switches it on."
    )

    @OptionGroup var subject: SwitchSubject

    func run(in context: CommandContext) async throws { try await subject.propose(.pause, in: context) }
}

/// `automation resume`.
struct AutomationResumeCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Propose to switch an automation on.")

    @OptionGroup var subject: SwitchSubject

    func run(in context: CommandContext) async throws { try await subject.propose(.resume, in: context) }
}

/// `automation retire`.
struct AutomationRetireCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Propose to delete an automation from Home Assistant.",
        discussion: "Its versions are kept: `automation rollback` brings it back.")

    @OptionGroup var subject: SwitchSubject

    func run(in context: CommandContext) async throws { try await subject.propose(.retire, in: context) }
}
