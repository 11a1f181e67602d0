import CLibPQ

#if canImport(Glibc)
    import Glibc
#endif

/// Where a server is and how to log in: a checked libpq connection string (URI or `key=value`).
///
/// What is not given falls back to libpq's own defaults and environment (`PGHOST`, `~/.pgpass`, service files).
package struct PostgresConfiguration: Sendable {
    /// The options given, in order, and then ours. Holds the password: never printed as a whole.
    private(set) var options: [Option]

    /// The role that a session takes right after connecting, so that it may do no more than that role: where its login is a
    /// superuser or a member, and something in the database is granted to the role. Everywhere else the session stays what its
    /// login is, and the server refuses what that may not do. `nil`: the login itself.
    package var role: String?

    /// Whether a session that cannot take `role` is refused, rather than staying what its login is.
    package private(set) var insistsOnRole = false

    /// Settings that a session has from its start, such as `app.current_user_id`, by name.
    package private(set) var variables: [String: String] = [:]

    /// Which of several servers to try first; shared by all copies.
    let servers = ServerOrder()

    /// One keyword of a connection string.
    struct Option: Sendable {
        let keyword: String
        var value: String
    }

    /// The same server and login, whose sessions take another role.
    package func taking(role: String?) -> PostgresConfiguration {
        var copy = self
        copy.role = role
        return copy
    }

    /// The same server and login, whose sessions have taken `role` and the settings of `variables`, or are none: for rows that
    /// only row security keeps apart.
    package func insisting(on role: String, variables: [String: String]) -> PostgresConfiguration {
        var copy = taking(role: role)
        copy.insistsOnRole = true
        copy.variables = variables
        return copy
    }

    /// Takes `conninfo` apart and adds `application_name`, `client_encoding`, and bounds for dead networks where it names
    /// none; and `target_session_attrs=read-write` where it names several servers.
    ///
    /// Throws `.configuration` for a text that libpq cannot read; the text itself is never quoted, since a mistyped URI shows
    /// its password anywhere.
    package init(_ conninfo: String, applicationName: String = "ha-bridge") throws(PostgresError) {
        var options = try Self.parse(conninfo)
        try Self.check(options)
        let defaults = [
            ("application_name", applicationName), ("client_encoding", "UTF8"), ("connect_timeout", "5"),
            ("keepalives", "1"), ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "15000"),
        ]
        for (keyword, value) in defaults where !options.contains(where: { $0.keyword == keyword }) {
            options.append(Option(keyword: keyword, value: value))
        }
        self.options = options
        // Of several servers only the primary takes what we write: the others are its standbys. An owner who wants another one
        // says so.
        if endpoints.count > 1, value("target_session_attrs") == nil, getenv("PGTARGETSESSIONATTRS") == nil {
            self.options.append(Option(keyword: "target_session_attrs", value: "read-write"))
        }
    }

    /// The value of a keyword, `nil` when neither given nor defaulted by us.
    func value(_ keyword: String) -> String? { options.first { $0.keyword == keyword }?.value }

    /// What must be cut out of every text before it is shown.
    var secrets: [String] { ["password", "sslpassword"].compactMap { value($0) } }

    /// User, hosts and database for messages; no password and no further options.
    package var redactedDescription: String {
        let user = value("user").map { $0 + "@" } ?? ""
        let hosts = endpoints.map(\.description).joined(separator: ",")
        return "postgresql://\(user)\(hosts)" + (value("dbname").map { "/" + $0 } ?? "")
    }

    /// The same server and login as a URI, with another database if given. It holds the password: for child processes only.
    package func uri(database: String? = nil) -> String {
        let name = database ?? value("dbname") ?? ""
        let query = options.filter { $0.keyword != "dbname" && $0.value != "" }
            .map { "\($0.keyword)=\(Self.percentEncoded($0.value))" }
        return "postgresql:///\(Self.percentEncoded(name))?" + query.joined(separator: "&")
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }

    // MARK: Parsing

    private static func parse(_ conninfo: String) throws(PostgresError) -> [Option] {
        guard !conninfo.utf8.contains(0) else {
            throw PostgresError(.configuration, "The connection string holds a NUL character")
        }
        guard conninfo.utf8.contains(where: { $0 > 0x20 }) else {
            throw PostgresError(
                .configuration, "The connection string is empty",
                hint: "Give one such as postgresql://user@host:5432/database.")
        }
        var failure: UnsafeMutablePointer<CChar>?
        guard let parsed = PQconninfoParse(conninfo, &failure) else {
            let text = failure.map { String(cString: $0) } ?? "out of memory"
            PQfreemem(failure)
            throw PostgresError(
                .configuration,
                "The connection string cannot be read: " + ErrorText.oneLine(ErrorText.maskingQuotedParts(text)),
                hint: "Give a URI such as postgresql://user:password@host:5432/database, or key=value pairs. "
                    + "In a URI, write '@', '/', '#', '%' and blanks in a password percent-encoded.")
        }
        defer { PQconninfoFree(parsed) }
        var options: [Option] = []
        var entry = parsed
        while let keyword = entry.pointee.keyword {
            if let value = entry.pointee.val {
                options.append(Option(keyword: String(cString: keyword), value: String(cString: value)))
            }
            entry += 1
        }
        return options
    }

    /// Refuses what is almost surely a password with an unescaped '@' or '/', before libpq prints a piece of it as a host name.
    private static func check(_ options: [Option]) throws(PostgresError) {
        func values(_ keyword: String) -> [Substring] {
            options.first { $0.keyword == keyword }?.value.split(separator: ",", omittingEmptySubsequences: false) ?? []
        }
        let hint = "If the password holds '@', '/', '#', '%' or a blank, write it percent-encoded in a URI."
        for port in values("port") where !port.isEmpty {
            guard let number = Int(port), (1...65_535).contains(number) else {
                throw PostgresError(
                    .configuration, "The port in the connection string is not a number from 1 to 65535", hint: hint)
            }
        }
        let hosts = values("host")
        guard hosts.allSatisfy({ $0.hasPrefix("/") || !$0.dropFirst().contains("@") }) else {
            throw PostgresError(.configuration, "The host name in the connection string holds an '@'", hint: hint)
        }
        if values("dbname").joined().contains("@") && !options.contains(where: { $0.keyword == "user" }) {
            throw PostgresError(.configuration, "The database name in the connection string holds an '@'", hint: hint)
        }
        let ports = values("port")
        if ports.count > 1 && ports.count != max(hosts.count, values("hostaddr").count) {
            throw PostgresError(
                .configuration, "The connection string names \(ports.count) ports for \(max(hosts.count, 1)) hosts",
                hint: "Give one port for all hosts, or one for each.")
        }
    }
}

/// Never shows the password, however it comes to be printed.
extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { redactedDescription }
    package var debugDescription: String { redactedDescription }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
