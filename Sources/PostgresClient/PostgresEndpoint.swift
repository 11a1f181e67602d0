/// One server out of a connection string that may name several.
struct PostgresEndpoint: Sendable, Hashable, CustomStringConvertible {
    let host: String?
    let hostAddress: String?
    let port: String?

    /// `host:5432`, `[::1]:5432`, `/run/postgresql`, for messages.
    var description: String {
        guard let name = host ?? hostAddress else { return port.map { ":" + $0 } ?? "" }
        let shown = name.contains(":") && !name.hasPrefix("/") ? "[\(name)]" : name
        return shown + (port.map { ":" + $0 } ?? "")
    }
}

extension PostgresConfiguration {
    /// The servers in the order given; one without a name when libpq's defaults decide.
    var endpoints: [PostgresEndpoint] {
        func list(_ keyword: String) -> [String] {
            value(keyword)?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        }
        let hosts = list("host")
        let addresses = list("hostaddr")
        let ports = list("port")
        return (0..<max(hosts.count, addresses.count, 1)).map { index in
            func pick(_ values: [String]) -> String? {
                values.indices.contains(index) && !values[index].isEmpty ? values[index] : nil
            }
            let port = ports.count == 1 ? ports[0] : ports.indices.contains(index) ? ports[index] : ""
            return PostgresEndpoint(
                host: pick(hosts), hostAddress: pick(addresses), port: port.isEmpty ? nil : port)
        }
    }

    /// The options for one attempt at one server.
    func options(for endpoint: PostgresEndpoint, targetSessionAttributes: String?) -> [Option] {
        let replaced = ["host", "hostaddr", "port", "target_session_attrs", "load_balance_hosts"]
        var result = options.filter { !replaced.contains($0.keyword) }
        let own = [
            ("host", endpoint.host), ("hostaddr", endpoint.hostAddress), ("port", endpoint.port),
            ("target_session_attrs", targetSessionAttributes),
        ]
        for (keyword, value) in own {
            if let value { result.append(Option(keyword: keyword, value: value)) }
        }
        return result
    }
}
