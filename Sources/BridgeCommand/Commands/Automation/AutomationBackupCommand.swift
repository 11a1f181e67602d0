import ArgumentParser
import Automation
import BridgeCore
import Cryptography
import HomeAssistantClient
import Store

/// `automation backup`.
struct AutomationBackupCommand: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Store the present configuration of an automation as a version.",
        discussion: """
            Reads the configuration from Home Assistant now. What may be a secret is stored encrypted. Stored in any case, also \
            when nothing changed.
            """)

    @OptionGroup var subject: AutomationSubject

    @Option(help: ArgumentHelp("A name for the version.", valueName: "text"))
    var label = "Asked for"

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard label.contains(where: { !$0.isWhitespace }), label.count <= 255 else {
            throw ValidationError("--label takes 1 to 255 characters.")
        }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let stored = try await context.withPool(settings) { pool -> StoredBackup in
            let automation = try await subject.find(in: pool)
            guard let entity = automation.entityID, automation.state != .retired else {
                throw CommandFailure(
                    .usage,
                    "“\(automation.name)” is not in Home Assistant (\(automation.state.rawValue)): nothing to back up.")
            }
            guard let connection = try await ConnectionRepository(pool).find(id: automation.connectionID) else {
                throw CommandFailure(
                    .usage, "The connection of this automation is not there any more, so it cannot be read.")
            }
            let desk = ConnectionDesk(pool, settings, context)
            let url = try HomeAssistantURL(connection.url)
            let token = try desk.token(of: connection, url: url)
            context.console.progress("Reading the configuration of \(entity) …")
            defer { context.console.endProgress() }
            let (configuration, isInFile) = try await CommandSession.with(
                try desk.place(url, connection.trust), token: token
            ) { ports in
                let configuration = try await AutomationReader(ports.commands).configuration(of: entity)
                let found = try? await AutomationConfigurationClient(ports.requests).read(automation.homeAssistantID)
                let isInFile =
                    found.map(ConfigurationSpelling.normalised) == ConfigurationSpelling.normalised(configuration)
                return (configuration, isInFile)
            }
            let backups = BackupRepository(pool)
            let before = try await backups.newest(of: [automation.id])[automation.id]
            let sealed = try ConfigurationSealer(try desk.sealer()).seal(
                configuration, of: automation.id, connection: automation.connectionID,
                previous: before?.sealedSecrets)
            let number = try await backups.add(
                NewBackup(
                    name: label, type: .manual, snapshot: sealed.snapshot.json, digest: sealed.digest,
                    sealedSecrets: sealed.sealedSecrets, metadata: isInFile ? BackupOrigin.file : BackupOrigin.command),
                of: automation.id)
            return try await backups.find(number, of: automation.id)
        }
        if output.json { return try context.console.show(stored.jsonValue) }
        context.console.note("Stored version \(stored.version).")
    }
}
