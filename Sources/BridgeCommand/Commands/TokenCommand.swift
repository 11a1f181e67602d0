import ArgumentParser
import BridgeCore
import Console
import Cryptography
import Store

/// `token`: what scripts use the API with.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Tokens with which scripts use the API as a user.",
        subcommands: [TokenAdd.self, TokenList.self, TokenRevoke.self])
}

/// `token add`.
struct TokenAdd: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make a token. It is shown once, on standard output.")

    @Argument(help: "What the token is for.")
    var name: String

    @Option(help: ArgumentHelp("Whose rights it has.", valueName: "name"))
    var user: String

    @Option(help: "What it may do: read, govern. Give the option twice for both.")
    var scope: [AccessScope] = [.read]

    @Option(help: ArgumentHelp("How long it works: 1 to 366 days.", valueName: "days"))
    var days = 90

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let secret = try TokenText.make()
        let token = try await context.withPool(settings) { pool in
            let owner = try await UserRepository(pool).named(user)
            guard owner.isActive else {
                throw CommandFailure(.usage, "The user “\(owner.username)” is not active: a token would open nothing.")
            }
            guard Set(scope).isSubset(of: AccessScope.all(of: owner.role)) else {
                throw CommandFailure(
                    .usage, "“\(owner.username)” is an \(owner.role.rawValue): a token can do no more than its user.")
            }
            let token = try await APITokenRepository(pool).add(
                user: owner.id, name: name, scopes: Set(scope.map(\.rawValue)), days: days,
                digest: try RandomSecret.digest(of: secret))
            try await AuditTrail(pool, settings, context).record(
                .tokenAdd, connection: nil, user: owner.id, details: token.auditDetails)
            return token
        }
        context.console.note(
            "Made the token “\(token.name)”. It works until \(TimeText.table(token.expiresAt)) and is not shown again.")
        guard output.json else { return try context.console.print(secret) }
        try context.console.show(.object(token.jsonMembers.merging(["secret": .string(secret)]) { own, _ in own }))
    }
}

extension AccessScope: ExpressibleByArgument {
    package init?(argument: String) {
        guard let scope = AccessScope(rawValue: argument), scope != .account else { return nil }
        self = scope
    }

    package static var allValueStrings: [String] { ["read", "govern"] }
}

/// `token list`.
struct TokenList: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the tokens that work.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let (tokens, users) = try await context.withPool(try context.settings()) { pool in
            (try await APITokenRepository(pool).list(user: nil), try await UserRepository(pool).list())
        }
        let names = Dictionary(uniqueKeysWithValues: users.map { ($0.id, $0.username) })
        let columns: [TextTable.Column] = [
            .init("ID"), .init("NAME"), .init("USER"), .init("SCOPES"), .init("EXPIRES"), .init("LAST USED"),
        ]
        let rows = tokens.map { token in
            [
                String(token.id.uuidString.lowercased().prefix(8)), token.name, names[token.userID] ?? "-",
                token.scopes.joined(separator: ", "), TimeText.table(token.expiresAt), TimeText.table(token.lastUsedAt),
            ]
        }
        try context.console.show(
            tokens.map { token in
                .object(
                    token.jsonMembers.merging(["username": .optional(names[token.userID])]) { own, _ in own })
            }, table: TextTable(columns, rows: rows),
            empty: "There are no tokens. Make one: ha-bridge token add NAME --user NAME", as: output)
    }
}

/// `token revoke`.
struct TokenRevoke: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a token at once.")

    @Argument(help: "The beginning of its id, as token list shows it.")
    var id: String

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let tokens = APITokenRepository(pool)
            guard let token = try await tokens.end(try await tokens.find(prefix: id).id, of: nil) else { return }
            try await AuditTrail(pool, settings, context).record(
                .tokenEnd, connection: nil, user: token.userID, details: token.auditDetails)
            context.console.note("The token “\(token.name)” opens nothing any more.")
        }
    }
}
