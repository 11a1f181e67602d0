import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// `rule add`.
struct RuleAdd: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a rule.", discussion: RuleCommand.language)

    @Argument(help: "A name for it.")
    var name: String

    @Option(name: .customLong("when"), help: ArgumentHelp("What it looks for.", valueName: "condition"))
    var condition: String

    @Option(help: "block, warn, or require-approval.")
    var action: SafetyRuleAction

    @Option(help: ArgumentHelp("Why, in your own words.", valueName: "text"))
    var description: String?

    @Option(help: "automation-limit, risk-threshold or approval-required; found out where it is left out.")
    var type: SafetyRuleType?

    @Option(help: "Rules are tried in this order, 1 first.")
    var priority = 100

    @OptionGroup var scope: RuleScope
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try NameRule.check(name, of: "rule")
        guard (1...1_000_000).contains(priority) else { throw ValidationError("--priority takes a number from 1.") }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let rule = try await context.withPool(settings) { pool in
            let house = try await scope.house(in: pool)
            let person = try await scope.person(for: house?.id, in: pool)
            let draft = SafetyRuleDraft(
                connection: house?.id, name: name, type: type ?? SafetyRuleType(condition: condition),
                description: description,
                condition: condition, action: action, priority: priority)
            return try await SafetyRuleRepository(pool, keys: context.auditKeys(settings))
                .add(draft, by: person.id, at: TimeText.now())
        }
        if output.json { return try context.console.show(rule.jsonValue) }
        context.console.note("Added the rule “\(rule.name)” (\(rule.action.rawValue)).")
    }
}

/// `rule set`.
struct RuleSet: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change a rule, or switch it off and on.", discussion: RuleCommand.language)

    @Argument(help: "The rule: its name, or the first four or more characters of its id.")
    var name: String

    @Option(name: .customLong("when"), help: ArgumentHelp("What it looks for.", valueName: "condition"))
    var condition: String?

    @Option(help: "block, warn, or require-approval.")
    var action: SafetyRuleAction?

    @Option(help: ArgumentHelp("Why, in your own words.", valueName: "text"))
    var description: String?

    @Option(help: "Rules are tried in this order, 1 first.")
    var priority: Int?

    @Flag(inversion: .prefixedNo, help: "Whether it speaks.")
    var active: Bool?

    @OptionGroup var scope: RuleScope
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard condition != nil || action != nil || description != nil || priority != nil || active != nil else {
            throw ValidationError(
                "Say what to change: --when, --action, --description, --priority, --active, --no-active.")
        }
        if let priority, !(1...1_000_000).contains(priority) {
            throw ValidationError("--priority takes a number from 1.")
        }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let rule = try await context.withPool(settings) { pool in
            let rules = SafetyRuleRepository(pool, keys: context.auditKeys(settings))
            let old = try await rules.find(name, connection: try await scope.house(in: pool)?.id)
            let person = try await scope.person(for: old.connection, in: pool)
            var draft = SafetyRuleDraft(old)
            draft.condition = condition ?? draft.condition
            draft.action = action ?? draft.action
            draft.description = description ?? draft.description
            draft.priority = priority ?? draft.priority
            draft.isActive = active ?? draft.isActive
            return try await rules.set(old, to: draft, by: person.id, at: TimeText.now())
        }
        if output.json { return try context.console.show(rule.jsonValue) }
        context.console.note(
            "The rule “\(rule.name)” is \(rule.isActive ? "active" : "switched off") (\(rule.action.rawValue)).")
    }
}

/// `rule remove`.
struct RuleRemove: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a rule.")

    @Argument(help: "The rule: its name, or the first four or more characters of its id.")
    var name: String

    @OptionGroup var scope: RuleScope

    @Flag(help: "Do not ask.")
    var yes = false

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let rule = try await context.withPool(settings) { pool in
            let rules = SafetyRuleRepository(pool, keys: context.auditKeys(settings))
            let rule = try await rules.find(name, connection: try await scope.house(in: pool)?.id)
            let person = try await scope.person(for: rule.connection, in: pool)
            try Confirmation(console: context.console).require("Remove the rule “\(rule.name)”?", isGiven: yes)
            try await rules.remove(rule, by: person.id, at: TimeText.now())
            return rule
        }
        context.console.note("Removed the rule “\(rule.name)”.")
    }
}
