import ArgumentParser
import Automation
import BridgeCore
import FoundationEssentials
import PostgresClient
import Store

/// `automation rollback`.
struct AutomationRollbackCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Return an automation to an earlier version.",
        discussion: """
            What is in place now is stored as a version first, so that this can be undone, too. An automation that was deleted in \
            Home Assistant is created again. The running bridge writes to Home Assistant; the command waits until it has. See the \
            versions with: ha-bridge automation backups NAME
            """)

    @Argument(help: "The automation: its name, entity id, id in Home Assistant or id in the database.")
    var name: String

    @Option(help: ArgumentHelp("The version to return to.", valueName: "version"))
    var to: Int

    @Option(help: ArgumentHelp("Why, in your own words.", valueName: "text"))
    var reason: String

    @Flag(help: "Do not wait for a change that is under way: end it. What somebody changed meanwhile is replaced, too.")
    var emergency = false

    @Option(help: ArgumentHelp("Only automations of this connection.", valueName: "name"))
    var connection: String?

    @Option(help: ArgumentHelp("Who asks; else the owner of the connection.", valueName: "name"))
    var user: String?

    @Flag(name: .customLong("no-wait"), help: "Return as soon as it is asked for.")
    var isNotWaiting = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard to >= 1 else { throw ValidationError("--to takes the number of a version, from 1.") }
        guard reason.contains(where: { !$0.isWhitespace }) else { throw ValidationError("--reason takes a text.") }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        try await context.withPool(settings) { pool in
            let automation = try await find(in: pool)
            let target = try await BackupRepository(pool).find(to, of: automation.id)
            try await refuseWhatCannotBe(automation, target, pool)
            let operations = OperationRepository(pool, keys: context.auditKeys(settings))
            let person = try await person(for: automation, in: pool)
            let asked = try await ask(operations, automation, target, person)
            if isNotWaiting {
                return try show(asked, context, "Asked for. The running bridge will carry it out.")
            }
            let ended = try await OperationWait(operations, context.console).end(of: asked)
            if ended.status == .failed {
                if output.json { try context.console.show(ended.jsonValue) }
                throw CommandFailure(
                    .unavailable,
                    "“\(automation.name)” was not rolled back. \(ended.errorMessage ?? "No reason is stored.")")
            }
            try show(ended, context, "“\(automation.name)” is back at version \(to).")
        }
    }

    private func find(in pool: PostgresPool) async throws -> StoredAutomation {
        var scope: ConnectionID?
        if let connection {
            do {
                scope = try await ConnectionRepository(pool).find(name: connection, user: nil).id
            } catch let error as StoreError where error.code == .ambiguous && user != nil {
                scope = try await ConnectionRepository(pool).find(name: connection, user: user).id
            }
        }
        return try await AutomationRepository(pool).find(name, connection: scope)
    }

    /// What the bridge would refuse as well, said at once.
    private func refuseWhatCannotBe(
        _ automation: StoredAutomation, _ target: StoredBackup, _ pool: PostgresPool
    ) async throws {
        if let reason = automation.readOnlyReason {
            throw CommandFailure(.usage, "“\(automation.name)” is read-only. \(reason)")
        }
        let isKnownFromFile = try await BackupRepository(pool).isKnownFromFile(target)
        if let objection = RollbackRules.objection(to: target, isKnownFromFile: isKnownFromFile) {
            throw CommandFailure(.usage, objection)
        }
    }

    private func person(for automation: StoredAutomation, in pool: PostgresPool) async throws -> StoredUser {
        let users = UserRepository(pool)
        if let user {
            let found = try await users.named(user)
            guard found.isActive, found.role != .observer else {
                throw CommandFailure(
                    .permission, "“\(found.username)” may look, but not change automations. Ask another user to.")
            }
            return found
        }
        let owner = try await ConnectionRepository(pool).find(id: automation.connectionID)?.userID
        guard let owner, let found = try await users.list().first(where: { $0.id == owner }) else {
            throw CommandFailure(.usage, "The connection has no owner any more. Say who asks with --user NAME.")
        }
        return found
    }

    private func ask(
        _ operations: OperationRepository, _ automation: StoredAutomation, _ target: StoredBackup, _ person: StoredUser
    ) async throws -> StoredOperation {
        let request = RollbackRequest(
            automation, to: target, because: reason, isEmergency: emergency, by: person.id)
        let kind = emergency ? "an emergency rollback" : "a rollback"
        let entry = AutomationAuditEntry(
            connectionID: automation.connectionID, automationID: automation.id, action: .rollback,
            description: "Asked for \(kind) of “\(automation.name)” to version \(target.version): \(reason)",
            after: target.snapshot, userID: person.id, userAgent: BridgeVersion.userAgent, timestamp: TimeText.now())
        do {
            return try await operations.ask(request, audit: entry)
        } catch let error as PostgresError where error.sqlState == "HB004" || error.sqlState == "HB006" {
            throw CommandFailure(.permission, [error.message, error.hint].compactMap { $0 }.joined(separator: " "))
        }
    }

    private func show(_ operation: StoredOperation, _ context: CommandContext, _ sentence: String) throws {
        if output.json { return try context.console.show(operation.jsonValue) }
        context.console.note(sentence)
    }
}
