import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// `rule`: what must never happen, and what asks first.
struct RuleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule", abstract: "What no change may do, and what asks first.",
        subcommands: [RuleList.self, RuleAdd.self, RuleSet.self, RuleRemove.self])

    /// The language of conditions, for the help of the commands that take one.
    static let language = """
        CONDITION is a JSON object; all that stands in it must hold. {} is every change.

          {"services": ["lock.*"]}         calls a service of one of these names
          {"entities": ["cover.garage*"]}  acts on one of these, also by its area, device or label
          {"domains": ["lock"]}            calls or acts on something of these kinds
          {"operation": ["retire"]}        is one of create, modify, pause, resume, retire, rollback
          {"risk": "HIGH"}                 is of this risk or a higher one: LOW, MEDIUM, HIGH, CRITICAL
          {"risk_score_over": 0.5}         its risk score, 0 to 1, is higher
          {"executions_per_day_over": 50}  would run more often than that, on the stored events
          {"templated": true}              a template, a blueprint or an unreadable script decides what it does
          {"all": [...]}, {"any": [...]}, {"not": {...}}

        * stands for anything, ? for one character. What cannot be known beforehand, as a service that a template names, counts as a \
        match of services, entities and domains. The database itself enforces BLOCK, whoever writes to it.
        """
}

extension SafetyRuleAction: ExpressibleByArgument {
    /// In any case of letters.
    public init?(argument: String) { self.init(rawValue: argument.uppercased().replacing("-", with: "_")) }

    /// In lower case, as a person types them.
    public static var allValueStrings: [String] {
        allCases.map { $0.rawValue.lowercased().replacing("_", with: "-") }
    }
}

extension SafetyRuleType: ExpressibleByArgument {
    /// In any case of letters.
    public init?(argument: String) { self.init(rawValue: argument.uppercased().replacing("-", with: "_")) }

    /// In lower case, as a person types them.
    public static var allValueStrings: [String] {
        allCases.map { $0.rawValue.lowercased().replacing("_", with: "-") }
    }
}

/// Who acts, and for which house.
struct RuleScope: ParsableArguments {
    @Option(help: ArgumentHelp("Only for this Home Assistant; else for all.", valueName: "name"))
    var connection: String?

    @Option(help: ArgumentHelp("Who says so; else the owner of the connection, or the only user.", valueName: "name"))
    var user: String?

    /// The connection that was named.
    func house(in pool: PostgresPool) async throws -> StoredConnection? {
        guard let connection else { return nil }
        return try await GovernedConnection.find(connection, user: user, in: pool)
    }

    /// Who acts. A rule for all houses is an administrator's, or that of the only user there is.
    func person(for house: ConnectionID?, in pool: PostgresPool) async throws -> StoredUser {
        let users = try await UserRepository(pool).list().filter(\.isActive)
        let person: StoredUser
        if let user {
            guard let found = users.first(where: { $0.username.lowercased() == user.lowercased() }) else {
                throw CommandFailure(.usage, "There is no active user named “\(user)”. See: ha-bridge user list")
            }
            person = found
        } else if let house, let owner = try await ConnectionRepository(pool).find(id: house)?.userID,
            let found = users.first(where: { $0.id == owner })
        {
            person = found
        } else {
            guard users.count == 1, let only = users.first else {
                throw CommandFailure(
                    .usage, "Say who you are with --user: \(users.map(\.username).joined(separator: ", ")).")
            }
            person = only
        }
        let isOwner =
            try await house.flatMapAsync { try await ConnectionRepository(pool).find(id: $0)?.userID } == person.id
        guard person.role == .admin || (house == nil ? users.count == 1 : isOwner) else {
            throw CommandFailure(
                .permission,
                house == nil
                    ? "A rule for every house is an administrator's to make. Add --connection NAME for a house of your own."
                    : "Only the owner of the connection and administrators change its rules.")
        }
        return person
    }
}

extension Optional {
    fileprivate func flatMapAsync<Result>(_ body: (Wrapped) async throws -> Result?) async throws -> Result? {
        guard let self else { return nil }
        return try await body(self)
    }
}

/// `rule list`.
struct RuleList: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the rules, in the order in which they are tried.")

    @Option(help: ArgumentHelp("Only what holds for this Home Assistant.", valueName: "name"))
    var connection: String?

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let rules = try await context.withPool(try context.settings()) { pool in
            var house: ConnectionID?
            if let connection { house = try await GovernedConnection.find(connection, in: pool).id }
            return try await SafetyRuleRepository(pool).list(connection: house)
        }
        let columns: [TextTable.Column] = [
            .init("PRIORITY", .right), .init("NAME"), .init("DOES"), .init("FOR"), .init("ACTIVE"),
            .init("CONDITION", isFlexible: true),
        ]
        let rows = rules.map { rule in
            [
                "\(rule.priority)", rule.name, rule.action.rawValue, rule.connectionName ?? "every house",
                rule.isActive ? "yes" : "no", rule.condition,
            ]
        }
        try context.console.show(
            rules.map(\.jsonValue), table: TextTable(columns, rows: rows), empty: "There are no rules.", as: output)
    }
}
