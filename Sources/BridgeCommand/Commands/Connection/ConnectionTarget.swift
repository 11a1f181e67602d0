import ArgumentParser
import PostgresClient
import Store

/// Which connection a command is about.
struct ConnectionTarget: ParsableArguments {
    @Argument(help: "The connection's name.")
    var name: String

    @Option(help: ArgumentHelp("The connection's owner, where several users have one of the name.", valueName: "name"))
    var user: String?

    /// The stored connection. Throws `StoreError` when there is none, or more than one.
    func find(in pool: PostgresPool) async throws -> StoredConnection {
        try await ConnectionRepository(pool).find(name: name, user: user)
    }
}
