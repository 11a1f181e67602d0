import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// `safety`: what the owner of a house allows the bridge to do.
struct SafetyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "safety", abstract: "What the bridge may do in the houses of a user.",
        subcommands: [SafetyShow.self, SafetySet.self])
}

extension SafetyConfiguration {
    var jsonValue: JSONValue {
        .object([
            "creation_needs_approval": .bool(creationNeedsApproval),
            "modification_needs_approval": .bool(modificationNeedsApproval),
            "deletion_needs_approval": .bool(deletionNeedsApproval),
            "max_changes_per_day": .integer(Int64(changesPerDay)),
            "max_changes_per_week": .integer(Int64(changesPerWeek)),
            "risk_threshold_high": .number(highThreshold), "risk_threshold_medium": .number(mediumThreshold),
            "emergency_stop_enabled": .bool(allowsEmergencyStop), "audit_trail_enabled": .bool(keepsAuditTrail),
            "backup_retention_days": .integer(Int64(backupRetentionDays)),
        ])
    }

    var facts: [(String, String)] {
        func asks(_ value: Bool) -> String { value ? "waits for approval" : "of low or medium risk needs nobody" }
        return [
            ("Create an automation", asks(creationNeedsApproval)),
            ("Change, pause, resume", asks(modificationNeedsApproval)),
            ("Delete", asks(deletionNeedsApproval)),
            ("Changes of a house", "\(changesPerDay) a day, \(changesPerWeek) a week"),
            ("High risk", "from a score of \(highThreshold)"), ("Medium risk", "from a score of \(mediumThreshold)"),
            ("Emergency stop by the bridge", allowsEmergencyStop ? "yes" : "no"),
            ("Backups kept", "\(backupRetentionDays) days"),
        ]
    }
}

/// Whose houses.
struct SafetySubject: ParsableArguments {
    @Option(help: ArgumentHelp("Whose houses; not needed where there is one user alone.", valueName: "name"))
    var user: String?

    func find(in pool: PostgresPool) async throws -> StoredUser {
        let repository = UserRepository(pool)
        guard let user else {
            let active = try await repository.list().filter(\.isActive)
            guard active.count == 1, let only = active.first else {
                throw CommandFailure(
                    .usage, "Say whose houses with --user: \(active.map(\.username).joined(separator: ", ")).")
            }
            return only
        }
        return try await repository.named(user)
    }
}

/// `safety show`.
struct SafetyShow: BridgeSubcommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what the bridge may do.")

    @OptionGroup var subject: SafetySubject
    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let configuration = try await context.withPool(try context.settings()) { pool in
            try await SafetyConfigurationRepository(pool).find(of: try await subject.find(in: pool).id)
        }
        if output.json { return try context.console.show(configuration.jsonValue) }
        try context.console.show(facts: configuration.facts)
    }
}

/// `safety set`.
struct SafetySet: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change what the bridge may do.",
        discussion: "What is left out stays as it is. High risk and what a rule asks for wait for approval in any case."
    )

    @OptionGroup var subject: SafetySubject

    @Option(help: ArgumentHelp("Whether new automations wait for approval.", valueName: "yes|no"))
    var approveCreation: Answer?

    @Option(help: ArgumentHelp("Whether changes, pauses and resumes wait for approval.", valueName: "yes|no"))
    var approveModification: Answer?

    @Option(help: ArgumentHelp("Whether deletions wait for approval.", valueName: "yes|no"))
    var approveDeletion: Answer?

    @Option(help: ArgumentHelp("Changes of a house within 24 hours; 0 for none.", valueName: "n"))
    var maxPerDay: Int?

    @Option(help: ArgumentHelp("Changes of a house within seven days.", valueName: "n"))
    var maxPerWeek: Int?

    @Option(help: ArgumentHelp("From which risk score on a change is of high risk, 0 to 1.", valueName: "score"))
    var highFrom: Double?

    @Option(help: ArgumentHelp("From which risk score on a change is of medium risk, 0 to 1.", valueName: "score"))
    var mediumFrom: Double?

    @Option(help: ArgumentHelp("Whether the bridge may engage an emergency stop by itself.", valueName: "yes|no"))
    var emergencyStop: Answer?

    @Option(help: ArgumentHelp("For how many days new backups are kept.", valueName: "days"))
    var backupDays: Int?

    @OptionGroup var output: OutputOptions

    enum Answer: String, CaseIterable, ExpressibleByArgument {
        case yes, no
    }

    func validate() throws {
        for (name, value) in [("--max-per-day", maxPerDay), ("--max-per-week", maxPerWeek)] {
            if let value, !(0...1_000_000).contains(value) { throw ValidationError("\(name) takes a number from 0.") }
        }
        for (name, value) in [("--high-from", highFrom), ("--medium-from", mediumFrom)] {
            if let value, !(0...1).contains(value) { throw ValidationError("\(name) takes a number from 0 to 1.") }
        }
        if let backupDays, !(1...36_500).contains(backupDays) {
            throw ValidationError("--backup-days takes a number from 1.")
        }
    }

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let (user, configuration) = try await context.withPool(settings) { pool in
            let user = try await subject.find(in: pool)
            let new = try await SafetyConfigurationRepository(pool, keys: context.auditKeys(settings)).update(
                of: user.id,
                audit: { old, new in
                    AutomationAuditEntry(
                        action: .safetyChange,
                        description: "Changed what the bridge may do in the houses of \(user.username).",
                        before: try old.jsonValue.text(indented: false), after: try new.jsonValue.text(indented: false),
                        userID: user.id, userAgent: BridgeVersion.userAgent, timestamp: TimeText.now())
                },
                { change(&$0) })
            return (user, new)
        }
        if output.json { return try context.console.show(configuration.jsonValue) }
        context.console.note("Set for the houses of \(user.username).")
        try context.console.show(facts: configuration.facts)
    }

    private func change(_ configuration: inout SafetyConfiguration) {
        if let approveCreation { configuration.creationNeedsApproval = approveCreation == .yes }
        if let approveModification { configuration.modificationNeedsApproval = approveModification == .yes }
        if let approveDeletion { configuration.deletionNeedsApproval = approveDeletion == .yes }
        if let maxPerDay { configuration.changesPerDay = maxPerDay }
        if let maxPerWeek { configuration.changesPerWeek = maxPerWeek }
        if let highFrom { configuration.highThreshold = highFrom }
        if let mediumFrom { configuration.mediumThreshold = mediumFrom }
        if let emergencyStop { configuration.allowsEmergencyStop = emergencyStop == .yes }
        if let backupDays { configuration.backupRetentionDays = backupDays }
    }
}
