import ArgumentParser

/// `decision`: what the bridge concludes from what it sees, and what people say to it.
struct DecisionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decision",
        abstract: "Show what the bridge would change in your house, and say what you think of it.",
        discussion: """
            A running bridge looks once a day: for automations that are of no use any more (RETIREMENT) or could be better \
            (OPTIMIZATION), and for what people do by hand again and again (CREATION: ready to be created, SUGGESTION: worth \
            a look). Nothing is changed by it. What was suggested once is not suggested again.
            """,
        subcommands: [DecisionList.self, DecisionShow.self, DecisionFeedbackCommand.self, DecisionAnalyze.self])
}
