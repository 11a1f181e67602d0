import BridgeConcurrency
import BridgeCore
import Embedding
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Ingest

/// A fake house, a database with its connection, and a keeper between them.
private struct Rig: Sendable {
    let house = FakeRegistries()
    let directory = HouseDirectory()
    let pool: PostgresPool
    let session: PostgresConnection
    let connection: ConnectionID
    let timer = DeadlineTimer()

    var repository: RegistryRepository { RegistryRepository(pool) }

    static func with(_ body: @Sendable @escaping (Rig) async throws -> Void) async throws {
        try await TestDatabase.withSchema { server in
            let pool = PostgresPool(server.configuration.taking(.writer), size: 2, logger: server.logger)
            let session = try await server.connect()
            do {
                let user = try await UserRepository(pool).add(username: "ann", email: "ann@example.org")
                let id = ConnectionID()
                _ = try await ConnectionRepository(pool).add(
                    id: id, userID: user.id, name: "home", url: "http://home.local:8123", sealedToken: "v1.k1.n.c.t")
                try await body(Rig(pool: pool, session: session, connection: id))
            } catch {
                await session.close()
                await pool.close()
                throw error
            }
            await session.close()
            await pool.close()
        }
    }

    static let quick: RegistryPacing = {
        var pacing = RegistryPacing()
        pacing.afterChange = .milliseconds(20)
        pacing.betweenListings = .milliseconds(40)
        pacing.retry = RetryPolicy(first: .milliseconds(20), cap: .milliseconds(50))
        return pacing
    }()

    func keeper(_ pacing: RegistryPacing = Rig.quick, book: LeaseBook? = nil) -> RegistryKeeper {
        RegistryKeeper(
            directory: directory, pool: pool, book: book, timer: timer, pacing: pacing,
            logger: TestDatabase.quietLogger)
    }

    /// A port that the fake house answers; `tap` sees each command first and may fail it.
    func port(
        _ tap: @escaping @Sendable (String) throws(CommandFailure) -> Void = { (_) throws(CommandFailure) in }
    ) -> CommandPort {
        CommandPort { [house] (fields, _) throws(CommandFailure) in
            try tap(fields)
            switch house.answer(to: "{\"id\":7,\(fields)}") {
            case .result(let json):
                let head = #"{"id":7,"type":"result","success":true,"result":"#
                let range = head.utf8.count..<(head.utf8.count + json.utf8.count)
                return CommandAnswer(frame: Array((head + json + "}").utf8), result: range)
            case .error(let code, let message): throw .refused(code: code, message: message)
            case nil: throw .refused(code: "unknown_command", message: "Unknown command.")
            }
        }
    }

    /// Runs `body` while the keeper follows a session over `port`.
    func following(
        _ keeper: RegistryKeeper, _ port: CommandPort? = nil, _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        let port = port ?? self.port()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await timer.run() }
            group.addTask { await keeper.follow(connection, over: port) }
            defer { group.cancelAll() }
            try await body()
        }
    }

    func area(_ entity: String) -> String? { directory.context(of: connection)?.entities[entity]?.area }

    func storedEntities() async throws -> [String] {
        try await repository.registries(of: connection).entities?.map(\.entityID) ?? []
    }
}

/// Asks again until `condition` holds; records an issue when it does not in half a minute.
private func eventually(
    _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("It did not come to pass.", sourceLocation: sourceLocation)
}

@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct RegistryKeeperTests {
    private static func furnish(_ house: inout FakeRegistries.House) {
        house.areas = ["k": "Kitchen", "l": "Living Room"]
        house.devices = ["d": ("Stove", "k")]
        house.entities = [
            .init(
                id: "1", entityID: "sensor.t", originalName: "Temperature", hasEntityName: true, deviceID: "d",
                originalDeviceClass: "temperature"),
            .init(id: "2", entityID: "light.l", name: "Lamp", areaID: "l"),
        ]
    }

    @Test func listsStoresAndPublishesWhenASessionBegins() async throws {
        try await Rig.with { rig in
            rig.house.update(Self.furnish)
            try await rig.following(rig.keeper()) {
                try await eventually { try await rig.storedEntities() == ["sensor.t", "light.l"] }
                #expect(
                    rig.directory.context(of: rig.connection)
                        == HouseContext(
                            entities: [
                                "sensor.t": EntityContext(
                                    name: "Stove Temperature", area: "Kitchen", deviceClass: "temperature"),
                                "light.l": EntityContext(name: "Lamp", area: "Living Room"),
                            ], timeZone: "Europe/Berlin"))
                try await eventually {
                    try await ConnectionRepository(rig.pool).find(id: rig.connection)?.timeZone == "Europe/Berlin"
                }
            }
        }
    }

    @Test func listsAgainAfterAChange() async throws {
        try await Rig.with { rig in
            rig.house.update(Self.furnish)
            let keeper = rig.keeper()
            try await rig.following(keeper) {
                try await eventually { rig.area("sensor.t") == "Kitchen" }
                let before = rig.directory.generation
                rig.house.update { house in
                    house.devices["d"]?.area = "l"
                    house.entities[1].entityID = "light.lamp"
                    house.timeZone = "Europe/Paris"
                }
                keeper.changed(rig.connection)
                try await eventually {
                    rig.area("sensor.t") == "Living Room" && rig.area("light.lamp") == "Living Room"
                        && rig.area("light.l") == nil
                }
                #expect(rig.directory.generation > before)
                try await eventually {
                    try await ConnectionRepository(rig.pool).find(id: rig.connection)?.timeZone == "Europe/Paris"
                }
                let renames = try await rig.session.query(
                    "SELECT old_entity_id, new_entity_id FROM home_assistant_entity_renames")
                #expect(try renames.map { try $0.string("old_entity_id") } == ["light.l"])
                #expect(try renames.map { try $0.string("new_entity_id") } == ["light.lamp"])
            }
        }
    }

    /// Ten thousand changes in a row cost a few listings, and the last change is seen.
    @Test func aStormOfChangesCostsFewListings() async throws {
        try await Rig.with { rig in
            rig.house.update(Self.furnish)
            var pacing = Rig.quick
            pacing.afterChange = .milliseconds(500)
            let keeper = rig.keeper(pacing)
            try await rig.following(keeper) {
                try await eventually { rig.area("sensor.t") == "Kitchen" }
                for _ in 0..<10_000 { keeper.changed(rig.connection) }
                rig.house.update { $0.devices["d"]?.area = "l" }
                keeper.changed(rig.connection)
                try await eventually { rig.area("sensor.t") == "Living Room" }
                #expect(rig.house.listings <= 5)
            }
            // Nobody follows any more: nothing gathers.
            keeper.changed(rig.connection)
            keeper.changed(ConnectionID())
        }
    }

    @Test func knowsTheHouseBeforeItIsReached() async throws {
        try await Rig.with { rig in
            rig.house.update(Self.furnish)
            try await rig.following(rig.keeper()) {
                try await eventually { try await rig.storedEntities().count == 2 }
                try await eventually {
                    try await ConnectionRepository(rig.pool).find(id: rig.connection)?.timeZone != nil
                }
            }
            let directory = HouseDirectory()
            let keeper = RegistryKeeper(
                directory: directory, pool: rig.pool, timer: rig.timer, logger: TestDatabase.quietLogger)
            await keeper.load()
            #expect(directory.context(of: rig.connection) == rig.directory.context(of: rig.connection))
            let generation = directory.generation
            await keeper.load()
            #expect(directory.generation == generation && generation == 1)
        }
    }

    /// The writer of events waits for it.
    @Test func aDatabaseWithoutRegistriesHoldsUpNothing() async throws {
        try await Rig.with { rig in
            try await rig.session.execute("ALTER TABLE home_assistant_entities RENAME TO away")
            await rig.keeper().load()
            #expect(rig.directory.context(of: rig.connection) == nil)
        }
    }

    @Test func anOldReleaseWithoutLabelsIsNoFailure() async throws {
        try await Rig.with { rig in
            rig.house.update { house in
                Self.furnish(&house)
                house.becomeOld()
            }
            try await rig.following(rig.keeper()) {
                try await eventually { try await rig.storedEntities().count == 2 }
                #expect(rig.area("light.l") == "Living Room")
                try await Task.sleep(for: .milliseconds(200))
                #expect(rig.house.listings == 1)
            }
        }
    }

    @Test func triesAgainWhatHomeAssistantDidNotAnswer() async throws {
        try await Rig.with { rig in
            rig.house.update(Self.furnish)
            let failures = LockedBox(2)
            let port = rig.port { fields throws(CommandFailure) in
                guard fields.contains("entity_registry/list") else { return }
                let fails = failures.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if fails { throw .timedOut }
            }
            try await rig.following(rig.keeper(), port) {
                try await eventually { try await rig.storedEntities().count == 2 }
                #expect(rig.house.listings == 3)
            }
        }
    }

    /// A Home Assistant that lists no entities keeps those that are known, and is asked again.
    @Test func refusedEntitiesAreAskedForAgain() async throws {
        try await Rig.with { rig in
            let known = HouseContext(entities: ["a.b": EntityContext(area: "Attic")])
            rig.directory.publish(known, for: rig.connection)
            rig.house.update { house in
                Self.furnish(&house)
                house.refused["config/entity_registry/list"] = "unknown_command"
            }
            try await rig.following(rig.keeper()) {
                try await eventually { rig.house.listings >= 3 }
                #expect(rig.area("a.b") == "Attic")
                #expect(rig.directory.context(of: rig.connection)?.timeZone == "Europe/Berlin")
                rig.house.update { $0.refused = [:] }
                try await eventually { rig.area("light.l") == "Living Room" && rig.area("a.b") == nil }
            }
        }
    }

    /// Texts need no database: the context is there, and what could not be stored is stored later without another listing.
    @Test func storesLaterWhatTheDatabaseDoesNotTakeNow() async throws {
        try await Rig.with { rig in
            rig.house.update(Self.furnish)
            try await rig.session.execute("ALTER TABLE home_assistant_entities RENAME TO away")
            try await rig.following(rig.keeper()) {
                try await eventually { rig.area("light.l") == "Living Room" }
                try await Task.sleep(for: .milliseconds(200))
                try await rig.session.execute("ALTER TABLE away RENAME TO home_assistant_entities")
                try await eventually { try await rig.storedEntities().count == 2 }
                #expect(rig.house.listings == 1)
            }
        }
    }

    @Test func endsWithItsSession() async throws {
        try await Rig.with { rig in
            let port = CommandPort { (_, _) throws(CommandFailure) in throw .disconnected }
            await rig.keeper().follow(rig.connection, over: port)
            #expect(rig.directory.context(of: rig.connection) == nil)
        }
    }

    /// A later session of the same connection hears of changes, though the one before it ends only now.
    @Test func aSessionThatEndsLateDoesNotSilenceTheNextOne() async throws {
        try await Rig.with { rig in
            rig.house.update(Self.furnish)
            let keeper = rig.keeper()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await rig.timer.run() }
                let first = Task { await keeper.follow(rig.connection, over: rig.port()) }
                try await eventually { rig.area("sensor.t") == "Kitchen" && rig.house.listings == 1 }
                group.addTask { await keeper.follow(rig.connection, over: rig.port()) }
                try await eventually { rig.house.listings == 2 }
                first.cancel()
                await first.value
                rig.house.update { $0.devices["d"]?.area = "l" }
                keeper.changed(rig.connection)
                try await eventually { rig.area("sensor.t") == "Living Room" }
                group.cancelAll()
            }
        }
    }

    /// A bridge whose lease is another's by now describes events still, but stores nothing.
    @Test func storesNothingWithoutTheLease() async throws {
        try await Rig.with { rig in
            rig.house.update(Self.furnish)
            let book = LeaseBook(bridge: BridgeID())
            let keeper = rig.keeper(book: book)
            // Without a lease, then with one that the database knows nothing of. A second listing follows the end of the first.
            for round in 1...2 {
                try await rig.following(keeper) {
                    try await eventually { rig.house.listings == 2 * round - 1 }
                    keeper.changed(rig.connection)
                    try await eventually { rig.house.listings == 2 * round }
                    #expect(rig.area("light.l") == "Living Room")
                    #expect(try await rig.storedEntities().isEmpty)
                }
                book.add([rig.connection: 7])
            }
            let leases = LeaseRepository(rig.pool)
            let bridge = BridgeIdentity(id: book.bridge, name: "one", version: "1", startedAt: .now)
            book.add(try await leases.acquire(bridge, atMost: 1, expiry: .seconds(60)))
            try await rig.following(rig.keeper(book: book)) {
                try await eventually { try await rig.storedEntities().count == 2 }
            }
        }
    }
}
