extension PostgresConfiguration {
    /// Where the servers listen that sessions may go to: a name or a numeric address, `nil` for a server on this machine that is
    /// reached by a socket or by default, and the port.
    package var listeners: [(host: String?, port: UInt16)] {
        endpoints.map { endpoint in
            let name = endpoint.hostAddress ?? endpoint.host
            let isSocket = name.map { $0.hasPrefix("/") || $0.hasPrefix("@") } ?? true
            return (isSocket ? nil : name, endpoint.port.flatMap { UInt16($0) } ?? 5_432)
        }
    }
}
