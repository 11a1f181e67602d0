import ArgumentParser
import BridgeCore
import Store

/// `retention rule`: what is kept for longer or shorter.
struct RetentionRuleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule", abstract: "What is kept for longer or shorter than the rest.",
        subcommands: [RetentionRuleList.self, RetentionRuleAdd.self, RetentionRuleRemove.self])
}

/// `retention rule list`.
struct RetentionRuleList: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the rules, in the order in which they count.")

    @Option(help: ArgumentHelp("Only what holds for this Home Assistant.", valueName: "name"))
    var connection: String?

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let rules = try await context.withPool(settings) { pool in
            var house: ConnectionID?
            if let connection { house = try await GovernedConnection.find(connection, in: pool).id }
            return try await RetentionRuleRepository(pool).list(connection: house)
        }
        let columns: [TextTable.Column] = [
            .init("ID"), .init("KEEPS"), .init("OF"), .init("TYPE"), .init("ENTITIES", isFlexible: true), .init("FOR"),
            .init("PRIORITY", .right), .init("ACTIVE"),
        ]
        let rows = rules.map { rule -> [String] in
            let keeps = rule.draft.keepDays.map { "\($0) days" } ?? "for ever"
            let domain = rule.draft.domain.map { "\($0).*" } ?? "all"
            return [
                String(rule.id.description.prefix(8)), keeps, rule.draft.data.argument, rule.draft.eventType ?? "all",
                rule.draft.entityGlob ?? domain, rule.connectionName ?? "every house", "\(rule.draft.priority)",
                rule.isActive ? "yes" : "no",
            ]
        }
        try context.console.show(
            rules.map(\.jsonValue), table: TextTable(columns, rows: rows),
            empty: "There are no rules: events are kept for \(settings.retentionDays) days.", as: output)
    }
}

/// `retention rule add`.
struct RetentionRuleAdd: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Keep some things for longer or shorter than the rest.",
        discussion: """
            Of the rules that fit, that of the highest priority counts; among equals the most specific: an entity before a glob before a \
            domain, then an event type before a pattern, then one house before every house; then the one that keeps longest.
            """)

    @Option(help: ArgumentHelp("Keep them for so long.", valueName: "days"))
    var keepDays: Int?

    @Flag(help: "Keep them for ever.")
    var forEver = false

    @Option(help: "events, or the roll-ups: states-5-minutes, states-hourly, states-daily.")
    var of: RetentionData = .events

    @Option(help: ArgumentHelp("Only events of this type, with * and ?.", valueName: "type"))
    var type: String?

    @Option(help: ArgumentHelp("Only entities of this domain, such as sensor.", valueName: "domain"))
    var domain: String?

    @Option(help: ArgumentHelp("Only entities that match, such as 'sensor.*_power'.", valueName: "glob"))
    var entity: String?

    @Option(help: "Higher ones count before lower ones.")
    var priority = 0

    @OptionGroup var scope: RuleScope
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (keepDays != nil) != forEver else {
            throw ValidationError("Say how long: --keep-days DAYS or --for-ever.")
        }
        if let keepDays, !(1...36_500).contains(keepDays) {
            throw ValidationError("--keep-days takes a number from 1 to 36500.")
        }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let rule = try await context.withPool(settings) { pool in
            let house = try await scope.house(in: pool)
            let person = try await scope.person(for: house?.id, in: pool)
            let draft = RetentionRuleDraft(
                connection: house?.id, data: of, eventType: type, domain: domain, entityGlob: entity,
                keepDays: keepDays, priority: priority)
            let rule = try await RetentionRuleRepository(pool).add(draft, by: person.id)
            try await AuditTrail(pool, settings, context).record(
                .retentionRuleAdd, connection: house?.id, user: person.id, details: ["rule": rule.jsonValue])
            return rule
        }
        if output.json { return try context.console.show(rule.jsonValue) }
        context.console.note(
            "Added the rule \(rule.id.description.prefix(8)). What it means: ha-bridge retention run --dry-run")
    }
}

/// `retention rule remove`.
struct RetentionRuleRemove: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a rule.")

    @Argument(help: "The rule: the first four or more characters of its id.")
    var id: String

    @OptionGroup var scope: RuleScope

    @Flag(help: "Do not ask.")
    var yes = false

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let rule = try await context.withPool(settings) { pool in
            let rules = RetentionRuleRepository(pool)
            let rule = try await rules.find(id)
            let person = try await scope.person(for: rule.draft.connection, in: pool)
            try Confirmation(console: context.console).require(
                "Remove the rule \(rule.id.description.prefix(8)), which keeps \(rule.draft.keepDays.map { "\($0) days" } ?? "for ever")?",
                isGiven: yes)
            try await rules.remove(rule.id)
            try await AuditTrail(pool, settings, context).record(
                .retentionRuleRemove, connection: rule.draft.connection, user: person.id,
                details: ["rule": rule.jsonValue])
            return rule
        }
        context.console.note("Removed the rule \(rule.id.description.prefix(8)).")
    }
}

extension RetentionData: ExpressibleByArgument {
    /// With hyphens, as a person types them.
    public init?(argument: String) { self.init(rawValue: argument.lowercased().replacing("-", with: "_")) }

    /// As a person types it.
    var argument: String { rawValue.replacing("_", with: "-") }

    /// As a person types them.
    public static var allValueStrings: [String] { allCases.map(\.argument) }
}

extension StoredRetentionRule {
    fileprivate var jsonValue: JSONValue {
        .object([
            "id": .string(id.description), "connection": .optional(connectionName),
            "data": .string(draft.data.rawValue),
            "event_type": .optional(draft.eventType), "domain": .optional(draft.domain),
            "entity_glob": .optional(draft.entityGlob),
            "keep_days": draft.keepDays.map { .integer(Int64($0)) } ?? .null,
            "priority": .integer(Int64(draft.priority)), "active": .bool(isActive),
            "created_by": .optional(createdBy), "created_at": .time(createdAt),
        ])
    }
}
