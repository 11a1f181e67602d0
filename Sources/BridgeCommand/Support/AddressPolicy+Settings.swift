import PostgresClient
import WebSocketTransport

extension BridgeSettings {
    /// Where connections may go: within the networks that are set, and never to the database. Throws `PostgresError` for a
    /// connection string that is none.
    func addressPolicy() throws -> AddressPolicy {
        let servers = try databaseURL.map { try PostgresConfiguration($0).listeners } ?? []
        return AddressPolicy(
            allowedNetworks: allowedNetworks,
            forbiddenServers: servers.map { AddressPolicy.Server(host: $0.host, port: $0.port) })
    }
}
