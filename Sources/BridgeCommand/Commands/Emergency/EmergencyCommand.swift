import ArgumentParser
import BridgeCore
import Glibc
import PostgresClient
import Store

/// `emergency`: stops every change in Home Assistant at once.
struct EmergencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emergency",
        abstract: "Stop all changes in Home Assistant at once, and let them go on.",
        discussion: """
            While a stop is engaged, no bridge on this database writes anything to the houses that it holds for: no change, no \
            rollback, no notification. A change that is under way ends where it is. A stop survives restarts; only a person releases \
            it. Events are stored as ever, and Home Assistant's own automations run on.
            """,
        subcommands: [EmergencyStop.self, EmergencyRelease.self, EmergencyStatus.self])
}

/// Which stop a command is about, and who acts.
struct EmergencyScope: ParsableArguments {
    @Option(help: ArgumentHelp("Only this house; else every house.", valueName: "name"))
    var connection: String?

    @Option(help: ArgumentHelp("Who you are; else the owner of the connection, or the only user.", valueName: "name"))
    var user: String?

    struct Found: Sendable {
        var connection: ConnectionID?
        var person: UserID?
    }

    func find(in pool: PostgresPool) async throws -> Found {
        var found = Found()
        if let connection {
            let house = try await ConnectionRepository(pool).find(name: connection)
            found.connection = house.id
            found.person = house.userID
        } else {
            let active = try await UserRepository(pool).list().filter(\.isActive)
            // A stop must not fail for want of a name.
            found.person = active.count == 1 ? active.first?.id : nil
        }
        if let user { found.person = try await UserRepository(pool).named(user).id }
        return found
    }

    /// Who sits at the machine, for the audit trail.
    static var account: String {
        getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(geteuid())"
    }
}

/// `emergency stop`.
struct EmergencyStop: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Engage a stop: nothing more is written once this returns.")

    @OptionGroup var scope: EmergencyScope

    @Option(help: ArgumentHelp("Why, for whoever finds it.", valueName: "text"))
    var reason: String

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let (stop, isNew) = try await context.withPool(settings) { pool in
            let found = try await scope.find(in: pool)
            return try await EmergencyStopRepository(pool, keys: context.auditKeys(settings)).engage(
                found.connection, reason: reason, by: found.person, account: EmergencyScope.account,
                at: TimeText.now())
        }
        if isNew {
            context.console.note(
                "Stopped: nothing is written to \(stop.connectionName.map { "“\($0)”" } ?? "any house") until you release it: \(Self.releaseCommand(stop))"
            )
        } else {
            let person = stop.engagedByName.map { " by \($0)" } ?? ""
            context.console.note(
                "A stop for \(stop.place) is engaged already, since \(TimeText.table(stop.engagedAt))\(person): \(stop.reason)"
            )
        }
    }

    /// A name as a shell takes it for one word.
    private static func word(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        return isPlain ? name : "'\(name.replacing("'", with: "'\\''"))'"
    }

    /// How a stop is released.
    static func releaseCommand(_ stop: StoredEmergencyStop) -> String {
        "ha-bridge emergency release --reason TEXT" + (stop.connectionName.map { " --connection \(word($0))" } ?? "")
    }
}

/// `emergency release`.
struct EmergencyRelease: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Release a stop: changes are made again.",
        discussion: "A change that the stop ended is not taken up again by itself: look at it and decide.")

    @OptionGroup var scope: EmergencyScope

    @Option(help: ArgumentHelp("Why it is over.", valueName: "text"))
    var reason: String

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let console = context.console
        try await context.withPool(settings) { pool in
            let stops = EmergencyStopRepository(pool, keys: context.auditKeys(settings))
            let found = try await scope.find(in: pool)
            let stop = try await stops.release(
                found.connection, reason: reason, by: found.person, account: EmergencyScope.account,
                at: TimeText.now())
            console.note("Released: the stop for \(stop.place) is over.")
            for other in try await stops.engaged() {
                console.note("\(other.sentence) Release it: \(EmergencyStop.releaseCommand(other))")
            }
        }
    }
}

/// `emergency status`.
struct EmergencyStatus: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the stops that hold, and those that were released lately.")

    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let stops = try await context.withPool(try context.settings()) { pool in
            let repository = EmergencyStopRepository(pool)
            return try await repository.engaged() + repository.released()
        }
        let table = TextTable(
            [
                .init("STATE"), .init("HOUSE"), .init("ENGAGED"), .init("BY"), .init("REASON", isFlexible: true),
                .init("RELEASED"), .init("BY"), .init("REASON", isFlexible: true),
            ],
            rows: stops.map { stop in
                [
                    stop.isEngaged ? "ENGAGED" : "released", stop.connectionName ?? "every house",
                    TimeText.table(stop.engagedAt), stop.engagedByName ?? "-", stop.reason,
                    TimeText.table(stop.releasedAt), stop.releasedByName ?? "-", stop.releaseReason ?? "",
                ]
            })
        try context.console.show(
            stops.map(\.jsonValue), table: table, empty: "No emergency stop is engaged, and none was.", as: output)
    }
}
