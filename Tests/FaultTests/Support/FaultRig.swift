import BridgeCore
import Cryptography
import Foundation
import Logging
import PostgresClient
import Store
import TestSupport
import Testing

/// A database, houses, a state directory, and the bridges that a test starts and ends over them. At the end every event of every
/// house must be accounted for.
final class FaultRig {
    /// The seed of everything random; `HA_BRIDGE_TEST_SEED` repeats a run.
    static let seed = TestSeed.value

    /// Whether only the cheap cases are wanted.
    static let isQuick = ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_QUICK"] == "1"

    /// By how much the time of the bridges is compressed, unless a test says otherwise.
    static let timeScale = 20

    let databaseURL: String
    private(set) var session: PostgresConnection
    let directory: URL
    let stateDirectory: URL
    let httpPort: UInt16
    private(set) var houses: [House] = []
    private(set) var connections: [String: ConnectionID] = [:]
    private(set) var lives: [BridgeLife] = []
    var environment: [String: String]
    private let sealer: TokenSealer
    private let user: UserID

    private init(databaseURL: String, timeScale: Int) async throws {
        self.databaseURL = databaseURL
        directory = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-fault-\(UUID())")
        stateDirectory = directory.appending(path: "state")
        try FileManager.default.createDirectory(at: stateDirectory, withIntermediateDirectories: true)
        httpPort = try Self.freePort()
        environment = [
            "PATH": "/usr/bin:/bin", "DATABASE_URL": databaseURL, "HA_BRIDGE_STATE_DIR": stateDirectory.path,
            "BRIDGE_TIME_SCALE": "\(timeScale)",
        ]
        sealer = TokenSealer(keyring: try Keyring.create(path: stateDirectory.appending(path: "keyring").path))
        session = try await Self.connect(databaseURL)
        _ = try await Migrator().up(on: session)
        let pool = PostgresPool(try PostgresConfiguration(databaseURL), size: 1, logger: TestDatabase.quietLogger)
        user = try await UserRepository(pool).add(username: "anna", email: "a@example.org", role: .admin).id
        await pool.close()
    }

    /// Lends a rig over a fresh database, on the server of all tests or on `lab`.
    static func with(
        lab: LabPostgres? = nil, timeScale: Int = timeScale, databaseURL: String? = nil,
        _ body: (FaultRig) async throws -> Void
    ) async throws {
        print("fault seed \(seed)")
        func run(_ url: String) async throws {
            let rig = try await FaultRig(databaseURL: url, timeScale: timeScale)
            do {
                try await body(rig)
            } catch {
                let words = rig.lives.last.map { "\n" + $0.lastWords } ?? ""
                print("The test ended early: \(error)\(words)")
                await rig.end()
                throw error
            }
            await rig.end()
        }
        if let url = databaseURL ?? lab?.url {
            try await run(url)
        } else {
            try await TestDatabase.withSchema { try await run($0.url) }
        }
    }

    private func end() async {
        for life in lives { life.kill() }
        for house in houses { house.stop() }
        await session.close()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func connect(_ url: String) async throws -> PostgresConnection {
        try await PostgresConnection.connect(
            try PostgresConfiguration(url, applicationName: "tests"), logger: TestDatabase.quietLogger)
    }

    /// Connects the test's own session again, after the server was away.
    func reconnect() async throws {
        await session.close()
        session = try await Self.connect(databaseURL)
    }

    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        try #require(status == 0)
        return UInt16(bigEndian: address.sin_port)
    }

    // MARK: Houses and bridges

    /// A house with its connection stored.
    @discardableResult
    func addHouse(_ name: String = "home", change: (inout FakeBehaviour) -> Void = { _ in }) async throws -> House {
        let scale = environment["BRIDGE_TIME_SCALE"].flatMap { Int($0) } ?? 1
        let house = try House(name, seed: Self.seed &+ UInt64(houses.count), timeScale: scale, change: change)
        try await add(house)
        return house
    }

    /// Stores the connection of a house, which may lead through a proxy.
    func add(_ house: House, url: String? = nil) async throws {
        houses.append(house)
        connections[house.name] = try await addConnection(house.name, url: url ?? house.fake.url)
    }

    /// Stores a connection, whoever listens there.
    @discardableResult
    func addConnection(_ name: String, url: String, token: String = House.token) async throws -> ConnectionID {
        let id = ConnectionID()
        let url = try HomeAssistantURL(url)
        let sealed = try sealer.seal(
            Secret(token.utf8), for: TokenBinding(connectionID: id, userID: user, origin: url.origin))
        let pool = PostgresPool(try PostgresConfiguration(databaseURL), size: 1, logger: TestDatabase.quietLogger)
        _ = try await ConnectionRepository(pool).add(
            id: id, userID: user, name: name, url: url.description, sealedToken: sealed)
        await pool.close()
        return id
    }

    /// Gives a connection another token, as `connection set-token` does.
    func setToken(_ name: String, _ token: String) async throws {
        guard let id = connections[name], let house = houses.first(where: { $0.name == name }) else { return }
        let origin = try HomeAssistantURL(house.fake.url).origin
        let sealed = try sealer.seal(
            Secret(token.utf8), for: TokenBinding(connectionID: id, userID: user, origin: origin))
        _ = try await session.query(
            "UPDATE home_assistant_connections SET encrypted_token = $1, status = 'disconnected' WHERE id = $2",
            [.text(sealed), .id(id)])
    }

    /// Starts a bridge. A second one at the same time needs a state directory and a port of its own.
    @discardableResult
    func start(
        _ more: [String: String] = [:], httpPort: UInt16? = nil, shell: String? = nil
    ) throws -> BridgeLife {
        let life = try BridgeLife(
            directory: directory, environment: environment.merging(more) { $1 }, httpPort: httpPort ?? self.httpPort,
            shell: shell)
        lives.removeAll { !$0.process.isRunning }
        lives.append(life)
        return life
    }

    /// Starts another bridge with a state directory of its own and the same keyring.
    func startAnother(_ name: String, _ more: [String: String] = [:]) throws -> BridgeLife {
        let state = directory.appending(path: name)
        if !FileManager.default.fileExists(atPath: state.path) {
            try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: stateDirectory.appending(path: "keyring"), to: state.appending(path: "keyring"))
        }
        return try start(more.merging(["HA_BRIDGE_STATE_DIR": state.path]) { $1 }, httpPort: try Self.freePort())
    }

    /// Starts a bridge and waits until it has seen every house once: from then on it answers for what happens.
    @discardableResult
    func startAndSee(_ more: [String: String] = [:], shell: String? = nil) async throws -> BridgeLife {
        let life = try start(more, shell: shell)
        for house in houses { try #require(await house.isSubscribed(), "\(life.lastWords)") }
        try await beginAccount()
        return life
    }

    /// Waits until the first sight of every house is in the database: that it was seen, and after that its states. Whoever takes
    /// the spool away between the two takes every trace of an entity that is removed before it is read again.
    func beginAccount() async throws {
        for house in houses {
            guard let id = connections[house.name] else { continue }
            let sql = """
                SELECT count(DISTINCT entity_id) FROM home_assistant_events WHERE connection_id = '\(id)' AND EXISTS (
                    SELECT FROM home_assistant_connection_watermarks WHERE connection_id = '\(id)')
                """
            let isSeen = try await eventually { try await self.count(sql) >= House.entities }
            try #require(isSeen, "\(lives.last?.lastWords ?? "")")
            house.ledger.beginAccount()
        }
    }

    // MARK: Questions

    func value(_ sql: String) async throws -> String? {
        try await session.query(sql).first.map { try $0[0].optionalString } ?? nil
    }

    func count(_ sql: String) async throws -> Int { try await value(sql).flatMap { Int($0) } ?? -1 }

    /// Asks again until `condition` holds; false when it does not within `limit`.
    func eventually(
        within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(25))
        }
        return try await condition()
    }

    // MARK: The account

    /// Ends the load, and waits until no gap is open and one more event of each house is stored: what is not there then never
    /// comes.
    func settle(within limit: Duration = .seconds(60)) async throws {
        for house in houses {
            house.calm()
            try #require(await house.isSubscribed(limit), "Nobody listens. \(lives.last?.lastWords ?? "")")
        }
        try await probe(within: limit)
        let open = "SELECT count(*) FROM home_assistant_event_gaps WHERE status = 'open'"
        var spoke = ContinuousClock.now
        let isClosed = try await eventually(within: limit) {
            if try await self.count(open) == 0 { return true }
            if ContinuousClock.now - spoke > .milliseconds(500) {
                spoke = .now
                for house in self.houses { house.speak() }
            }
            return false
        }
        let gaps = try await value(
            "SELECT string_agg(concat_ws(' ', cause, started_at, ended_at, passes, reason), '; ') FROM home_assistant_event_gaps WHERE status = 'open'"
        )
        #expect(isClosed, "Gaps stay open: \(gaps ?? "") \(lives.last?.lastWords ?? "")")
        // What was said meanwhile comes before this.
        try await probe(within: limit)
    }

    /// Lets one more event happen in each house, and waits until it is stored. Who has just subscribed may still be cut: it
    /// repeats.
    private func probe(within limit: Duration) async throws {
        for house in houses {
            guard let id = connections[house.name] else { continue }
            let isThere = try await eventually(within: limit) {
                let number = house.probe()
                let sql = """
                    SELECT count(*) FROM home_assistant_events WHERE connection_id = '\(id)' AND event_type = 'probe'
                        AND attributes->>'n' = '\(number)'
                    """
                return try await self.eventually(within: .seconds(5)) { try await self.count(sql) > 0 }
            }
            try #require(isThere, "No fresh event arrives from \(house.name). \(lives.last?.lastWords ?? "")")
        }
    }

    /// The base set: nothing lost, nothing twice, nothing altered, nothing invented. Adds to the summary.
    @discardableResult
    func expectAccount(
        _ fault: String, seeds: Int = 0, rules: ReconciliationRules = ReconciliationRules(),
        within limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Reconciliation {
        try await settle(within: limit)
        var sum = Reconciliation()
        for house in houses {
            guard let id = connections[house.name] else { continue }
            sum = sum + (try await house.ledger.reconcile(session, connection: id.uuid, rules: rules))
        }
        FaultSummary.add(sum, fault: fault, seeds: seeds)
        print("\(fault): \(sum)")
        if !sum.isClean { print(lives.last?.lastWords ?? "") }
        #expect(sum.isClean, "\(fault), seed \(Self.seed): \(sum)", sourceLocation: sourceLocation)
        return sum
    }
}
