import ArgumentParser
import BridgeCore
import Cryptography
import Store

/// `user erase`.
struct UserErase: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Erase a user with everything that is stored about them.",
        discussion: """
            Connections, events, automations and the rows of the audit trail about them are deleted for good; signed anchors keep \
            the trail verifiable. It asks for confirmation on a terminal unless --yes is given. Interrupted, the same command goes \
            on where it stopped. Backups of the database are yours to look after; what was already exported stays where it is. \
            The login of DATABASE_URL must be able to act as the owner of the tables.
            """)

    @Argument(help: "The user's name.")
    var name: String

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let console = context.console
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let user = try await UserRepository(pool).named(name)
            let eraser = UserEraser(pool, keys: try context.requireAuditKeys(settings))
            try await eraser.requireOwner()
            let connections = try await ConnectionRepository(pool).list(user: user.id)
            try Confirmation(console: console).require(
                "Erase the user “\(user.username)” with \(connections.count) connections, all their events, and what the audit "
                    + "trail says about them? There is no way back.", isGiven: yes)
            let outcome = try await eraser.erase(user) { console.progress("Deleted \($0) events …") }
            try await AuditTrail(pool, settings, context).record(
                .userErase, connection: nil, user: user.id,
                details: [
                    "connections": .integer(Int64(outcome.connections)), "audit_rows": .integer(outcome.auditRows),
                ])
            console.note(
                "Erased the user “\(user.username)”: \(outcome.connections) connections, \(outcome.events) events, "
                    + "\(outcome.auditRows) rows of the audit trail.")
            if output.json {
                try console.show(
                    .object([
                        "user_id": .string(user.id.description), "connections": .integer(Int64(outcome.connections)),
                        "events": .integer(Int64(outcome.events)), "audit_rows": .integer(outcome.auditRows),
                    ]))
            }
        }
    }
}
