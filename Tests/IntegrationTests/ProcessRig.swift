import BridgeCore
import Foundation
import PostgresClient
import TestSupport
import Testing

/// All that a process of `ha-bridge run` needs: a fresh database with the schema and one user, a keyring, an address for HTTP.
///
/// Every token that tests give to it is one that must show nowhere; `with` looks for it at the end in all that was printed or
/// stored.
final class ProcessRig {
    /// Accepted by the fake Home Assistants of these tests, and found nowhere else.
    static let token = "canary.eyJpc3MiOiJoYS1icmlkZ2UtdGVzdHMifQ.dmVyeS1zZWNyZXQtdG9rZW4"
    /// Accepted nowhere, and found nowhere.
    static let wrongToken = "canary.eyJpc3MiOiJub2JvZHkifQ.YS10b2tlbi10aGF0LWlzLXdyb25n"

    let database: TestDatabase
    let bridge: CommandRunner
    let session: PostgresConnection
    let httpPort: UInt16
    private var processes: [RunningBridge] = []
    /// What HTTP answered so far.
    private(set) var pages = ""

    private init(database: TestDatabase, session: PostgresConnection) throws {
        self.database = database
        self.session = session
        bridge = try CommandRunner(databaseURL: database.url)
        let (descriptor, port) = try ProcessRelay.bound(0)
        close(descriptor)
        httpPort = port
        bridge.environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:\(port)"
        // A directory of its own has no model, which would be a warning.
        bridge.environment["HA_BRIDGE_EMBEDDER"] = "lexical"
    }

    /// Lends a rig; ends what runs, and looks for the tokens, at the end.
    static func with(
        hasSchema: Bool = true, hasKeyring: Bool = true, _ body: (ProcessRig) async throws -> Void
    ) async throws {
        func run(_ database: TestDatabase) async throws {
            let session = try await database.connect()
            let rig = try ProcessRig(database: database, session: session)
            if hasSchema {
                try #require(try await rig.bridge("user", "add", "anna", "--email", "a@example.org").status == 0)
            }
            if hasKeyring { try #require(try await rig.bridge("key", "new").status == 0) }
            do {
                try await body(rig)
            } catch {
                for process in rig.processes { process.kill() }
                throw error
            }
            for process in rig.processes { process.kill() }
            try await rig.expectNoToken()
            await session.close()
        }
        if hasSchema {
            try await TestDatabase.withSchema(run)
        } else {
            try await TestDatabase.with(run)
        }
    }

    /// Where the spool and the keyring lie.
    var stateDirectory: URL { URL(filePath: bridge.environment["HA_BRIDGE_STATE_DIR"] ?? bridge.directory.path) }

    // MARK: What a person does

    /// Adds a connection by the command, untested.
    func addConnection(_ name: String = "home", url: String, token: String = ProcessRig.token) async throws {
        let file = try tokenFile(token)
        let added = try await bridge("connection", "add", name, "--url", url, "--token-file", file, "--no-test")
        try #require(added.status == 0, "\(added.errors)")
    }

    /// A file that holds `token`.
    func tokenFile(_ token: String) throws -> String { try bridge.file("token-\(UUID())", token + "\n") }

    /// Starts `ha-bridge run`.
    func start(databaseURL: String? = nil, errors: FileHandle? = nil) throws -> RunningBridge {
        var environment = bridge.environment
        if let databaseURL { environment["DATABASE_URL"] = databaseURL }
        let process = try RunningBridge(directory: bridge.directory, environment: environment, errors: errors)
        processes.append(process)
        return process
    }

    /// A page of the process.
    func page(_ path: String) -> ProcessExchange {
        let page = ProcessExchange.ask(port: httpPort, path: path)
        pages += page.body
        return page
    }

    /// What `connection list` says of a connection.
    func status(_ name: String = "home") async throws -> String? {
        try await bridge("connection", "list", "--json").objects.first { $0["name"] as? String == name }?["status"]
            as? String
    }

    /// What `connection show` says of a connection to a person.
    func shown(_ name: String = "home") async throws -> String { try await bridge("connection", "show", name).output }

    // MARK: What the database says

    /// The first value of a query.
    func value(_ sql: String) async throws -> String? {
        try await session.query(sql).first.map { try $0[0].optionalString } ?? nil
    }

    /// The first value of a query as a number.
    func count(_ sql: String) async throws -> Int { try await value(sql).flatMap { Int($0) } ?? -1 }

    /// Rows of events made by `tick`.
    var ticks: Int {
        get async throws { try await count("SELECT count(*) FROM home_assistant_events WHERE event_type = 'tick'") }
    }

    /// The audit rows of one action of a connection: their messages.
    func messages(_ action: String, _ name: String = "home") async throws -> [String] {
        let sql = """
            SELECT coalesce(error_message, '') FROM home_assistant_audit_log AS a
            JOIN home_assistant_connections AS c ON c.id = a.connection_id
            WHERE action = $1 AND c.name = $2 ORDER BY a.created_at
            """
        var messages: [String] = []
        for row in try await session.query(sql, [.text(action), .text(name)]) { messages.append(try row[0].string) }
        return messages
    }

    /// Asks again until `condition` holds; false when it does not within `limit`.
    func eventually(
        within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return try await condition()
    }

    // MARK: Events

    /// A fake Home Assistant that takes the rig's token.
    static func fake(
        certificate: TestCertificates.Server? = nil, _ change: (inout FakeBehaviour) -> Void = { _ in }
    ) throws -> FakeHomeAssistant {
        var behaviour = FakeBehaviour()
        behaviour.validTokens = [token]
        change(&behaviour)
        return try FakeHomeAssistant(behaviour, certificate: certificate)
    }

    /// Pushes the events with these numbers.
    static func push(_ numbers: Range<Int>, to fake: FakeHomeAssistant) {
        fake.push(
            numbers.map { number in
                let time = Timestamp(microseconds: 1_795_000_000_000_000 + Int64(number)).iso8601
                return (
                    type: "tick",
                    json:
                        #"{"event_type":"tick","data":{"n":\#(number)},"time_fired":"\#(time)","context":{"id":"c"}}"#
                )
            })
    }

    // MARK: Secrets

    private func expectNoToken() async throws {
        let secrets = [Self.token, Self.wrongToken]
        let printed = bridge.transcript + pages + processes.map { $0.log + $0.output }.joined()
        for secret in secrets { #expect(!printed.contains(secret), "A token was printed.") }
        if let password = URLComponents(string: database.url)?.queryItems?.first(where: { $0.name == "password" })?
            .value, password.count > 5
        {
            #expect(!printed.contains(password), "The password of the database was printed.")
        }
        let search = CanarySearch(canaries: secrets)
        let columns = try await search.places(in: session)
        #expect(columns.isEmpty, "The database holds a token.")
        let files = search.places(below: stateDirectory)
        #expect(files.isEmpty, "The state directory holds a token.")
    }
}
