#if canImport(Glibc)
    import Glibc
#endif

/// Finds the addresses behind a server's name, so that each gets its share of the time: libpq's non-blocking connect would spend
/// all of it on the first one that swallows packets.
enum AddressLookup {
    /// One endpoint for each address, or the endpoint itself when there is nothing to look up. Blocks its thread until `deadline`.
    static func addresses(
        of endpoint: PostgresEndpoint, deadline: Deadline
    ) -> Result<[PostgresEndpoint], PostgresError> {
        guard endpoint.hostAddress == nil, let host = endpoint.host, !isLocal(host), !isNumeric(host) else {
            return .success([endpoint])
        }
        switch BoundedCall.run(name: "pg-resolve", deadline: deadline, { lookUp(host) }) {
        case .finished(.success(let addresses)):
            return .success(
                addresses.map { PostgresEndpoint(host: host, hostAddress: $0, port: endpoint.port) })
        case .finished(.failure(let failure)):
            return .failure(
                PostgresError(
                    .connectionFailed,
                    "Cannot connect to PostgreSQL: the host name \"\(host)\" has no address: \(failure.text)"))
        case .timedOut, .woken:
            return .failure(
                PostgresError(
                    .deadlineExceeded, "The host name \"\(host)\" was not resolved within \(deadline.spanText)",
                    hint: "Check the name servers of this machine."))
        case .notStarted:
            return .failure(
                PostgresError(.connectionFailed, "Cannot look up \"\(host)\": too many lookups hang already"))
        }
    }

    private struct Failure: Error { let text: String }

    /// A directory of Unix sockets, or an abstract one.
    private static func isLocal(_ host: String) -> Bool { host.hasPrefix("/") || host.hasPrefix("@") }

    private static func isNumeric(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }

    private static func lookUp(_ host: String) -> Result<[String], Failure> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard status == 0 else {
            return .failure(Failure(text: gai_strerror(status).map { String(cString: $0) } ?? "error \(status)"))
        }
        var addresses: [String] = []
        var entry = list
        while let current = entry, addresses.count < 8 {
            entry = current.pointee.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let named = getnameinfo(
                current.pointee.ai_addr, current.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
                NI_NUMERICHOST)
            let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if named == 0, !addresses.contains(address) { addresses.append(address) }
        }
        return addresses.isEmpty ? .failure(Failure(text: "the answer is empty")) : .success(addresses)
    }
}
