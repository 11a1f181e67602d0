import CLibPQ
import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// Opens a session. Blocks its thread: name lookup inside libpq knows no deadline, so it runs within a `BoundedCall`.
struct ConnectionAttempt: Sendable {
    let configuration: PostgresConfiguration
    let deadline: Deadline
    let logger: Logger

    /// Tries each server in turn, as libpq's blocking connect does; each gets its share of the time that is left, and so does each
    /// address of a server. The server that answered last is the first to be asked.
    ///
    /// libpq's non-blocking connect has no bound per server: behind one that swallows packets the others would never be tried.
    func run() -> Result<ConnectionHandle, PostgresError> {
        let wish = configuration.value("target_session_attrs")
        let passes = wish == "prefer-standby" ? ["standby", "any"] : [wish]
        let endpoints = configuration.servers.sorted(configuration.endpoints)
        var open = passes.flatMap { attributes in endpoints.map { (attributes, $0) } }
        var errors: [PostgresError] = []
        while !open.isEmpty {
            let (attributes, endpoint) = open.removeFirst()
            let share = Deadline(after: deadline.remaining / (open.count + 1)).earlier(than: perServerLimit)
            switch attempt(endpoint, attributes, until: share) {
            case .success(let handle):
                configuration.servers.succeeded(endpoint)
                return .success(handle)
            case .failure(let error):
                configuration.servers.failed(endpoint)
                errors.append(error)
            }
            // A password that one server refuses may be right on the next, as in libpq; only time ends the round.
            if deadline.hasPassed { break }
        }
        return .failure(Self.summary(errors))
    }

    /// One error for all servers: every text, and the state of the most telling one. One that may pass by itself comes first, then
    /// one that a person must mend, and last a server that answered and only reads.
    private static func summary(_ errors: [PostgresError]) -> PostgresError {
        let telling =
            errors.last { $0.isRetriable && !$0.isWrongServer } ?? errors.last { $0.needsAttention } ?? errors.last
        var messages: [String] = []
        for error in errors where !messages.contains(error.message) { messages.append(error.message) }
        return PostgresError(
            telling?.code ?? .connectionFailed, messages.joined(separator: "; "), sqlState: telling?.sqlState,
            hint: telling?.hint)
    }

    private func attempt(
        _ endpoint: PostgresEndpoint, _ attributes: String?, until deadline: Deadline
    ) -> Result<ConnectionHandle, PostgresError> {
        let addresses: [PostgresEndpoint]
        switch AddressLookup.addresses(of: endpoint, deadline: deadline) {
        case .success(let found): addresses = configuration.servers.sorted(found)
        case .failure(let error): return .failure(error)
        }
        var errors: [PostgresError] = []
        for (index, address) in addresses.enumerated() {
            let share = Deadline(after: deadline.remaining / (addresses.count - index))
            let options = configuration.options(for: address, targetSessionAttributes: attributes)
            switch attempt(options, endpoint: endpoint, until: share) {
            case .success(let handle):
                if addresses.count > 1 { configuration.servers.succeeded(address) }
                return .success(handle)
            case .failure(let error):
                if addresses.count > 1 { configuration.servers.failed(address) }
                errors.append(error)
            }
            if deadline.hasPassed { break }
        }
        return .failure(Self.summary(errors))
    }

    private var perServerLimit: Deadline? {
        guard let seconds = configuration.value("connect_timeout").flatMap({ Int($0) }), seconds > 0 else { return nil }
        return Deadline(after: .seconds(seconds))
    }

    private func attempt(
        _ options: [PostgresConfiguration.Option], endpoint: PostgresEndpoint, until deadline: Deadline
    ) -> Result<ConnectionHandle, PostgresError> {
        guard let raw = start(options) else {
            return .failure(PostgresError(.connectionFailed, "There is no memory for a connection to PostgreSQL"))
        }
        let handle = ConnectionHandle(adopting: raw, endpoint: endpoint, logger: logger)
        // The SQLSTATE of a refused connection reaches us in verbose text only.
        PQsetErrorVerbosity(raw, PQERRORS_VERBOSE)
        guard PQstatus(raw) != CONNECTION_BAD else { return .failure(failure(handle)) }
        var wanted: Readiness = .write
        while true {
            let readiness = Readiness.wait(for: wanted, on: handle.socket, deadline: deadline)
            guard !readiness.isEmpty else { return .failure(timeout(endpoint, deadline)) }
            switch PQconnectPoll(raw) {
            case PGRES_POLLING_OK:
                PQsetErrorVerbosity(raw, PQERRORS_DEFAULT)
                guard PQsetnonblocking(raw, 1) == 0 else { return .failure(failure(handle)) }
                return .success(handle)
            case PGRES_POLLING_READING: wanted = .read
            case PGRES_POLLING_WRITING: wanted = .write
            default: return .failure(failure(handle))
            }
        }
    }

    private func start(_ options: [PostgresConfiguration.Option]) -> OpaquePointer? {
        var keywords: [UnsafeMutablePointer<CChar>?] = options.map { strdup($0.keyword) } + [nil]
        var values: [UnsafeMutablePointer<CChar>?] = options.map { strdup($0.value) } + [nil]
        defer {
            for pointer in keywords + values { free(pointer) }
        }
        return keywords.withUnsafeMutableBufferPointer { keywords in
            values.withUnsafeMutableBufferPointer { values in
                keywords.withMemoryRebound(to: UnsafePointer<CChar>?.self) { keywords in
                    values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
                        PQconnectStartParams(keywords.baseAddress, values.baseAddress, 0)
                    }
                }
            }
        }
    }

    private func failure(_ handle: ConnectionHandle) -> PostgresError {
        let (text, sqlState) = ErrorText.connectionFailure(handle.errorText)
        let message = ErrorText.removing(configuration.secrets, from: text)
        // libpq's own verdict on a server that only reads, or only reads for now, has no SQLSTATE.
        let isReadOnly = ["session is read-only", "server is in hot standby mode"].contains { text.contains($0) }
        let state = sqlState ?? (isReadOnly ? "25006" : nil)
        return PostgresError(
            .connectionFailed, "Cannot connect to PostgreSQL: " + (message.isEmpty ? "no reason given" : message),
            sqlState: state, hint: state.flatMap(hint))
    }

    private func hint(_ sqlState: String) -> String? {
        switch sqlState {
        case "28P01", "28000": "Check the user, the password and the server's pg_hba.conf."
        case "3D000": "Create the database, or correct its name in the connection string."
        case "25006":
            "The server only reads: it is a standby, or default_transaction_read_only is on. "
                + "Name the primary, or let it take writes again."
        case "53300": "Raise max_connections of the server, or end some of its sessions."
        default: nil
        }
    }

    private func timeout(_ endpoint: PostgresEndpoint, _ deadline: Deadline) -> PostgresError {
        let name = endpoint.description.isEmpty ? "" : " at \(endpoint)"
        return PostgresError(
            .deadlineExceeded, "PostgreSQL\(name) did not complete the connection within \(deadline.spanText)",
            hint: "Check that the server runs and that no firewall drops the packets.")
    }
}
