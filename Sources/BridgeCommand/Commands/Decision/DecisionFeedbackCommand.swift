import ArgumentParser
import BridgeCore
import Store

/// `decision feedback`.
struct DecisionFeedbackCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback", abstract: "Say what you think of a decision. The newest word counts.")

    /// What a person may say.
    enum Answer: String, CaseIterable, ExpressibleByArgument {
        case approved, rejected, modified

        var feedback: DecisionFeedback {
            switch self {
            case .approved: .approved
            case .rejected: .rejected
            case .modified: .modified
            }
        }
    }

    @Argument(help: "The decision's id, or its first four or more characters.")
    var id: String

    @Argument(help: "approved, rejected, or modified: done, but otherwise.")
    var answer: Answer

    @Option(help: ArgumentHelp("Why, in your own words.", valueName: "text"))
    var comment: String?

    @Option(help: ArgumentHelp("Who says so; else the owner of the connection.", valueName: "name"))
    var user: String?

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let decision = try await context.withPool(settings) { pool in
            let repository = DecisionRepository(pool, keys: context.auditKeys(settings))
            let decision = try await repository.find(id)
            var person: UserID?
            if let user {
                person = try await UserRepository(pool).named(user).id
            } else if let connection = decision.connectionID {
                person = try await ConnectionRepository(pool).find(id: connection)?.userID
            }
            try await repository.answer(decision.id, answer.feedback, comment: comment, by: person)
            return decision
        }
        context.console.note("Noted as \(answer.rawValue): \(decision.description)")
    }
}
