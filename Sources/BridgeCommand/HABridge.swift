import ArgumentParser
import BridgeCore

/// The root of every subcommand of `ha-bridge`. Alone it prints its help.
@main
struct HABridge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ha-bridge",
        abstract: "Keeps what happens in your Home Assistant in PostgreSQL, and loses nothing without telling you.",
        discussion: """
            Settings come from the environment: DATABASE_URL names the database, HA_BRIDGE_STATE_DIR the directory of the \
            keyring. Data goes to standard output and messages to standard error. Exit codes are those of sysexits.h: \
            64 arguments, 69 a server does not answer, 75 try again, 77 no permission, 78 configuration.
            """,
        version: BridgeVersion.string,
        groupedSubcommands: [
            CommandGroup(name: "Running", subcommands: [RunCommand.self]),
            CommandGroup(
                name: "Setting up",
                subcommands: [
                    MigrateCommand.self, KeyCommand.self, UserCommand.self, TokenCommand.self, ModelCommand.self,
                ]),
            CommandGroup(name: "Connections", subcommands: [ConnectionCommand.self]),
            CommandGroup(
                name: "Looking",
                subcommands: [
                    StatusCommand.self, DoctorCommand.self, SearchCommand.self, SimilarCommand.self, EventsCommand.self,
                    GapsCommand.self,
                    MetricsCommand.self, PartitionCommand.self, ExportCommand.self,
                ]),
            CommandGroup(
                name: "Automations",
                subcommands: [
                    AutomationCommand.self, DecisionCommand.self, ApprovalCommand.self, EmergencyCommand.self,
                    RuleCommand.self, SafetyCommand.self,
                ]),
            CommandGroup(name: "Proof", subcommands: [AuditCommand.self]),
            CommandGroup(
                name: "Mending",
                subcommands: [
                    BackfillCommand.self, ImportCommand.self, MaintenanceCommand.self, RetentionCommand.self,
                ]),
        ]
    )
}
