import ArgumentParser
import BridgeCore
import Store

/// `connection test`.
struct ConnectionTest: BridgeSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Try a stored connection now.",
        discussion:
            "Exits with 0 when Home Assistant accepts the token, 77 when it refuses it, 69 when it cannot be reached.")

    @OptionGroup var target: ConnectionTarget
    @OptionGroup var output: OutputOptions

    func run(in context: CommandContext) async throws {
        let settings = try context.settings()
        let connection: StoredConnection
        let result: ConnectionTestResult
        (connection, result) = try await context.withPool(settings) { pool in
            let desk = ConnectionDesk(pool, settings, context)
            let connection = try await target.find(in: pool)
            let url = try HomeAssistantURL(connection.url)
            let token = try desk.token(of: connection, url: url)
            let result = try await desk.test(
                connection.name, url: url, trust: connection.trust, token: token, connection: connection.id,
                user: connection.userID)
            try await desk.remember(result, of: connection.id)
            return (connection, result)
        }
        if output.json {
            try context.console.show(Self.jsonValue(result, of: connection))
        } else if result.isSuccess {
            try context.console.print(PrintableText.of(result.summary))
        }
        guard result.isSuccess else { throw CommandFailure(result.exitStatus, result.message) }
    }

    static func jsonValue(_ result: ConnectionTestResult, of connection: StoredConnection) -> JSONValue {
        .object([
            "name": .string(connection.name),
            "url": .string(connection.url),
            "success": .bool(result.isSuccess),
            "result": .string(result.kind.rawValue),
            "home_assistant_version": .optional(result.version),
            "is_admin": result.isAdministrator.map { .bool($0) } ?? .null,
            "location_name": .optional(result.location),
            "duration_ms": .integer(Int64(TimeText.milliseconds(result.duration))),
            "message": .string(result.message),
        ])
    }
}
