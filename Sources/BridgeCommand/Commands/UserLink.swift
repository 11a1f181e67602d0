import ArgumentParser
import BridgeCore
import Cryptography
import Store

/// `user link`.
struct UserLink: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Print a link with which a user sets a password for the console.",
        discussion: "It works once, within an hour. The password of before holds until then.")

    @Argument(help: "The user's name.")
    var name: String

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let secret = try RandomSecret.text()
        try await context.withPool(settings) { pool in
            let user = try await UserRepository(pool).named(name)
            guard user.isActive else {
                throw CommandFailure(.usage, "The user “\(user.username)” is not active and cannot sign in.")
            }
            try await SignInLinkRepository(pool).add(user: user.id, digest: try RandomSecret.digest(of: secret))
            try await AuditTrail(pool, settings, context).record(.linkAdd, connection: nil, user: user.id)
        }
        try context.console.print(settings.welcomeLink(secret))
    }
}
