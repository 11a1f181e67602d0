import BridgeCore
import ArgumentParser
import Store

/// `decision show`.
struct DecisionShow: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show all about one decision: why, from what, and the proposal.")

    @Argument(help: "The decision's id, or its first four or more characters.")
    var id: String

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let decision = try await context.withPool(try context.settings()) { pool in
            try await DecisionRepository(pool).find(id)
        }
        let console = context.console
        if output.json { return try console.show(decision.jsonValue) }
        try console.show(facts: Self.facts(decision))
        var figures = Self.members(decision.output)
        let proposal = figures.removeValue(forKey: "configuration")
        figures["covers"] = nil
        try Self.show("Figures", figures, on: console)
        try Self.show("From", Self.members(decision.input), on: console)
        if let proposal {
            try console.print("")
            try console.print("Proposed automation:")
            // JSON is YAML, too: it can be pasted into Home Assistant's editor as it is.
            try console.print(PrintableText.of(try proposal.text(indented: true), keepsNewlines: true))
        }
        if decision.feedback == .pending {
            console.note("Answer it: ha-bridge decision feedback \(decision.shortID) approved|rejected|modified")
        }
    }

    static func facts(_ decision: StoredDecision) -> [(String, String)] {
        var facts: [(String, String)] = [
            ("What", decision.description),
            ("Why", decision.reason ?? "-"),
            ("Type", decision.type.rawValue),
            ("Sure", decision.confidenceText),
            ("Connection", decision.connectionName ?? "-"),
        ]
        if let automation = decision.automationName { facts.append(("Automation", automation)) }
        facts += [
            ("Id", decision.id.description),
            ("Made", TimeText.table(decision.createdAt)),
            ("Analysis", decision.modelVersion ?? "-"),
            ("Answer", decision.feedback.rawValue),
        ]
        if decision.feedback != .pending {
            facts += [
                ("Answered", TimeText.table(decision.feedbackAt)), ("By", decision.feedbackBy ?? "-"),
                ("Comment", decision.feedbackComment ?? "-"),
            ]
        }
        return facts
    }

    private static func members(_ text: String?) -> [String: JSONValue] {
        guard case .object(let members) = JSONValue.parsed(text) else { return [:] }
        return members
    }

    private static func show(_ title: String, _ members: [String: JSONValue], on console: Console) throws {
        guard !members.isEmpty else { return }
        try console.print("")
        try console.print("\(title):")
        try console.show(
            facts: try members.sorted { $0.key < $1.key }.map { name, value in
                if case .string(let text) = value { return ("  " + name, text) }
                return ("  " + name, try value.text(indented: false))
            })
    }
}
