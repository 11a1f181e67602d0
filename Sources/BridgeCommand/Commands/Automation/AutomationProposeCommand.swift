import ArgumentParser
import Automation
import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import PostgresClient
import Store

/// `automation propose`.
struct AutomationProposeCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "propose", abstract: "Propose a new automation, or another configuration of one that is there.",
        discussion: """
            Takes one automation as Home Assistant's files and its editor have it, in YAML or JSON. One with an id, or an alias, that is \
            there is changed; else it is new. Home Assistant validates it, its risk is judged with reasons, its triggers are replayed on \
            the stored events, and it waits for approval. Nothing is written to Home Assistant by this command.
            """)

    @Option(help: ArgumentHelp("The file; - for standard input.", valueName: "path"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "Propose what this decision suggests: its id, or the first four or more characters.", valueName: "id"))
    var decision: String?

    @Option(help: ArgumentHelp("For which Home Assistant; not needed where there is one alone.", valueName: "name"))
    var connection: String?

    @OptionGroup var options: ProposalOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (file == nil) != (decision == nil) else { throw ValidationError("Give either --file or --decision.") }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let given = try file.map {
            try AutomationDocument.configuration(try Self.read($0), path: $0 == "-" ? "The input" : $0)
        }
        try await context.withPool(settings) { pool in
            var source: StoredDecision?
            var suggested: ConfigurationValue?
            if let decision {
                let found = try await DecisionRepository(pool).find(decision)
                suggested = try Self.configuration(of: found)
                source = found
            }
            guard let configuration = given ?? suggested else { return }
            let home = try await GovernedConnection.find(
                connection, of: source?.connectionID, user: options.user, in: pool)
            let run = ProposalRun(context: context, options: options, output: output)
            try await run.carryOut(on: home, pool: pool, settings: settings, decision: source) { desk, terms in
                try await desk.prepare(configuration, terms: terms)
            }
        }
    }

    /// What a decision suggests. Throws a `CommandFailure` for one that suggests no configuration.
    static func configuration(of decision: StoredDecision) throws -> ConfigurationValue {
        guard let output = decision.output.flatMap({ ConfigurationValue(json: $0) }),
            let configuration = output["configuration"], case .object = configuration
        else {
            throw CommandFailure(
                .usage,
                "The decision \(decision.shortID) holds no ready configuration. See: ha-bridge decision show \(decision.shortID)"
            )
        }
        return configuration
    }

    private static func read(_ path: String) throws -> String {
        do {
            let data =
                path == "-"
                ? try FileHandleInput.read(limit: AutomationDocument.sizeLimit + 1)
                : Array(try Data(contentsOf: URL(filePath: path)).prefix(AutomationDocument.sizeLimit + 1))
            guard let text = String(validating: data, as: UTF8.self) else {
                throw CommandFailure(.usage, "\(path) is not UTF-8 text.")
            }
            return text
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.usage, "\(path) cannot be read. Give the path of a file with the automation.")
        }
    }
}
