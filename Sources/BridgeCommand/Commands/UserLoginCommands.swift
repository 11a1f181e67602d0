import ArgumentParser
import BridgeCore
import Store

/// `user grant`.
struct UserGrant: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Let a login of the database read the rows of one user, and no others.",
        discussion: """
            An administrator of the database makes the login: CREATE ROLE anna LOGIN PASSWORD '…'; and, after this command, lets \
            it read: GRANT ha_bridge_reader TO anna;
            """)

    @Argument(help: "The user's name.")
    var name: String

    @Option(help: ArgumentHelp("The login, a role of the database.", valueName: "role"))
    var login: String

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let user = try await UserRepository(pool).named(name)
            let standing = try await LoginRepository(pool).grant(login, to: user.id)
            try await AuditTrail(pool, settings, context).record(
                .userGrant, connection: nil, user: user.id,
                details: ["login": .string(login)])
            switch standing {
            case .reads:
                context.console.note("The login “\(login)” reads the rows of “\(user.username)”, and no others.")
            case .needsMembership:
                let quoted = "\"" + login.replacing("\"", with: "\"\"") + "\""
                context.console.note(
                    "The login “\(login)” belongs to “\(user.username)” now. Let an administrator of the database run:"
                        + " GRANT \(DatabaseRole.reader.rawValue) TO \(quoted);")
            }
        }
    }
}

/// `user revoke`.
struct UserRevoke: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Let a login of the database read nothing any more.",
        discussion:
            "Sessions that are open see nothing from their next statement on. DROP ROLE removes the login itself.")

    @Option(help: ArgumentHelp("The login, a role of the database.", valueName: "role"))
    var login: String

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let user = try await LoginRepository(pool).revoke(login)
            if let user {
                try await AuditTrail(pool, settings, context).record(
                    .userRevoke, connection: nil, user: user, details: ["login": .string(login)])
            }
            context.console.note("The login “\(login)” reads nothing any more.")
        }
    }
}
