import ArgumentParser
import BridgeCore
import PostgresClient
import Store

/// `audit`: proof that nobody rewrote what was done.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verify, export and prune the signed audit trail.",
        subcommands: [AuditVerify.self, AuditCheckpointCommand.self, AuditExport.self, AuditPrune.self])
}

/// Names the connection whose chains are meant.
struct AuditSubject: ParsableArguments {
    @Option(help: ArgumentHelp("Only what belongs to this connection.", valueName: "name"))
    var connection: String?

    @Option(
        help: ArgumentHelp("Whose connection that is, where several users have one of the name.", valueName: "name"))
    var user: String?

    /// The connection's id, `nil` for all. A connection that is gone is named by its id.
    func id(over pool: PostgresPool) async throws -> ConnectionID? {
        guard let connection else { return nil }
        if let id = ConnectionID(connection) { return id }
        return try await ConnectionRepository(pool).find(name: connection, user: user).id
    }
}

extension BridgeSettings {
    /// Where the running bridge keeps its checkpoints.
    var checkpointFile: String { stateDirectory + "/audit-checkpoints" }
}
