import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// Which connection's automations a command is about.
struct AutomationScope: ParsableArguments {
    @Option(help: ArgumentHelp("Only automations of this connection.", valueName: "name"))
    var connection: String?

    @Option(
        help: ArgumentHelp("Whose connection that is, where several users have one of the name.", valueName: "name"))
    var user: String?

    /// The connection, where one was named. Throws `StoreError` when there is none of that name, or more than one.
    func find(in pool: PostgresPool) async throws -> ConnectionID? {
        guard let connection else { return nil }
        return try await ConnectionRepository(pool).find(name: connection, user: user).id
    }
}

/// Which automation a command is about.
struct AutomationSubject: ParsableArguments {
    @Argument(help: "The automation: its name, entity id, id in Home Assistant or id in the database.")
    var name: String

    @OptionGroup var scope: AutomationScope

    /// The stored automation. Throws `StoreError` when there is none, or more than one.
    func find(in pool: PostgresPool) async throws -> StoredAutomation {
        try await AutomationRepository(pool).find(name, connection: try await scope.find(in: pool))
    }
}
