import ArgumentParser
import BridgeCore
import Store

/// `user`: the people who own connections.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "The people who own connections and approve changes.",
        subcommands: [
            UserAdd.self, UserList.self, UserLink.self, UserDeactivate.self, UserGrant.self, UserRevoke.self,
            UserErase.self,
        ])
}

extension UserRole: ExpressibleByArgument {}

/// `user add`.
struct UserAdd: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Add a user.")

    @Argument(help: "The user's name.")
    var name: String

    @Option(help: ArgumentHelp("The user's e-mail address.", valueName: "address"))
    var email: String

    @Option(help: "What the user may do: admin everything, user own connections, observer read only.")
    var role = UserRole.user

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        try NameRule.check(name, of: "user")
        let settings = try context.settings()
        let user = try await context.withPool(settings) { pool in
            let user = try await UserRepository(pool).add(username: name, email: email, role: role)
            try await AuditTrail(pool, settings, context).record(
                .userAdd, connection: nil, user: user.id,
                details: ["role": .string(user.role.rawValue)])
            return user
        }
        context.console.note("Added the user “\(user.username)” (\(user.role.rawValue)).")
        if output.json { try context.console.show(user.jsonValue) }
    }
}

/// `user list`.
struct UserList: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the users.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let (users, known) = try await context.withPool(try context.settings()) { pool in
            (try await UserRepository(pool).list(), try await AccountRepository(pool).withPassword())
        }
        func canSignIn(_ user: StoredUser) -> Bool { user.isActive && known.contains(user.id) }
        let columns: [TextTable.Column] = [
            .init("NAME"), .init("E-MAIL"), .init("ROLE"), .init("STATUS"), .init("SIGNS IN"), .init("ADDED"),
        ]
        let rows = users.map { user in
            [
                user.username, user.email, user.role.rawValue, user.status.rawValue, canSignIn(user) ? "yes" : "no",
                TimeText.table(user.createdAt),
            ]
        }
        try context.console.show(
            users.map { .object($0.jsonMembers.merging(["can_sign_in": .bool(canSignIn($0))]) { own, _ in own }) },
            table: TextTable(columns, rows: rows),
            empty: "There are no users. Add one: ha-bridge user add NAME --email ADDRESS", as: output)
    }
}

/// `user deactivate`.
struct UserDeactivate: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate", abstract: "Make a user inactive. The user's connections stay as they are.")

    @Argument(help: "The user's name.")
    var name: String

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let users = UserRepository(pool)
            try await users.deactivate(name)
            guard let user = try await users.find(name) else { return }
            try await AuditTrail(pool, settings, context).record(
                .userDeactivate, connection: nil, user: user.id)
            context.console.note("The user “\(user.username)” is inactive now.")
        }
    }
}

extension StoredUser {
    var jsonValue: JSONValue { .object(jsonMembers) }

    var jsonMembers: [String: JSONValue] {
        [
            "id": .string(id.description),
            "username": .string(username),
            "email": .string(email),
            "role": .string(role.rawValue),
            "status": .string(status.rawValue),
            "is_active": .bool(isActive),
            "created_at": .time(createdAt),
        ]
    }
}
