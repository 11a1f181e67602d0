import BridgeConcurrency
import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgres) struct RegistryRepositoryTests {
    private static let house = HouseRegistries(
        areas: [
            RegistryArea(
                areaID: "kitchen", name: "Küche", floorID: "up", floorName: "Upstairs", aliases: ["a, b", #"{"x"}"#],
                labels: ["l1", "l2"]),
            RegistryArea(areaID: "living", name: "Living Room"),
        ],
        labels: [RegistryLabel(labelID: "l1", name: "One", description: "The first", color: "red")],
        devices: [
            RegistryDevice(
                deviceID: "d1", name: "Stove", areaID: "kitchen", manufacturer: "Acme", model: "M",
                softwareVersion: "1",
                viaDeviceID: "d0", disabledBy: "user", labels: ["l1"]),
            RegistryDevice(deviceID: "d2"),
        ],
        entities: [
            RegistryEntity(
                registryID: "e1", entityID: "sensor.a", uniqueID: "u1", platform: "acme", name: "A", deviceID: "d1",
                areaID: "kitchen", deviceClass: "door", entityCategory: "diagnostic", disabledBy: "user",
                hiddenBy: "integration", labels: ["l1", "l2"]),
            RegistryEntity(registryID: "e2", entityID: "sensor.b"),
        ])

    private static let tables = ["areas", "labels", "devices", "entities"]

    /// The row versions of all registries: a row that was written, even with what it held, has another one.
    private static func versions(_ database: StoreDatabase) async throws -> [String] {
        var versions: [String] = []
        for table in tables {
            versions += try await database.column(
                "SELECT '\(table) ' || ctid || ' ' || xmin || ' ' || xmax FROM home_assistant_\(table) ORDER BY ctid")
        }
        return versions
    }

    @Test func storesWhatWasListedAndReadsItBack() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let other = try await database.addConnection("other")
            let registries = RegistryRepository(database.pool)
            #expect(
                try await registries.registries(of: home.id)
                    == HouseRegistries(areas: [], labels: [], devices: [], entities: []))
            let changes = try #require(try await registries.replace(home.id, with: Self.house))
            #expect(changes.added == 7 && changes.changed == 0 && changes.removed == 0 && changes.renames.isEmpty)
            #expect(try await registries.registries(of: home.id) == Self.house)
            #expect(try await registries.registries(of: other.id).entities == [])
        }
    }

    @Test func writesNothingWhereNothingChanged() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            _ = try await registries.replace(home.id, with: Self.house)
            let before = try await Self.versions(database)
            let changes = try #require(try await registries.replace(home.id, with: Self.house))
            #expect(changes.isEmpty)
            #expect(try await Self.versions(database) == before && before.count == 7)
        }
    }

    @Test func whatIsGoneStaysMarkedAndMayComeBack() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            _ = try await registries.replace(home.id, with: Self.house)
            let nothing = HouseRegistries(areas: [], labels: [], devices: [], entities: [])
            let gone = try #require(try await registries.replace(home.id, with: nothing))
            #expect(gone.removed == 7 && gone.added == 0 && gone.changed == 0)
            #expect(try await registries.registries(of: home.id) == nothing)
            for table in Self.tables {
                let kept = "SELECT count(*) FROM home_assistant_\(table) WHERE removed_at IS NOT NULL"
                #expect(try await database.scalar(kept) != "0", "\(table)")
            }
            #expect(try await registries.replace(home.id, with: nothing)?.isEmpty == true)
            let back = try #require(try await registries.replace(home.id, with: Self.house))
            #expect(back.changed == 7 && back.added == 0 && back.removed == 0)
            #expect(try await registries.registries(of: home.id) == Self.house)
            #expect(
                try await database.scalar(
                    "SELECT count(*) FROM home_assistant_entities WHERE first_seen_at < updated_at") == "2")
        }
    }

    @Test func aListThatCouldNotBeHadLeavesItsTable() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            _ = try await registries.replace(home.id, with: Self.house)
            var house = HouseRegistries(areas: [])
            #expect(try await registries.replace(home.id, with: house)?.removed == 2)
            #expect(try await registries.replace(home.id, with: HouseRegistries())?.isEmpty == true)
            house = Self.house
            house.areas = []
            #expect(try await registries.registries(of: home.id) == house)
        }
    }

    // MARK: Renames

    private static func entities(_ pairs: KeyValuePairs<String, String>) -> HouseRegistries {
        HouseRegistries(entities: pairs.map { RegistryEntity(registryID: $0.key, entityID: $0.value) })
    }

    private static func renames(_ database: StoreDatabase) async throws -> [String] {
        try await database.column(
            """
            SELECT registry_id || ': ' || old_entity_id || ' > ' || new_entity_id FROM home_assistant_entity_renames
            ORDER BY renamed_at, registry_id
            """)
    }

    @Test func keepsTheRenamesOfAnEntity() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            _ = try await registries.replace(home.id, with: Self.entities(["1": "a.one", "2": "a.two"]))
            let first = try #require(
                try await registries.replace(home.id, with: Self.entities(["1": "a.uno", "2": "a.two"])))
            #expect(first.renames == [RegistryChanges.Rename(from: "a.one", to: "a.uno")])
            #expect(first.changed == 1 && first.removed == 0 && first.added == 0)
            _ = try await registries.replace(home.id, with: Self.entities(["1": "a.eins", "2": "a.two"]))
            #expect(try await Self.renames(database) == ["1: a.one > a.uno", "1: a.uno > a.eins"])
        }
    }

    /// No two entities have one id at a time, though each gets the one that the other has had.
    @Test func twoEntitiesMaySwapTheirIDs() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            _ = try await registries.replace(
                home.id, with: Self.entities(["1": "a.one", "2": "a.two", "3": "a.three"]))
            let swapped = Self.entities(["1": "a.two", "2": "a.one", "4": "a.three"])
            let changes = try #require(try await registries.replace(home.id, with: swapped))
            #expect(changes.renames.count == 2 && changes.changed == 2 && changes.added == 1 && changes.removed == 1)
            #expect(try await registries.registries(of: home.id).entities == swapped.entities)
            #expect(try await Self.renames(database) == ["1: a.one > a.two", "2: a.two > a.one"])
        }
    }

    /// An integration that was removed and set up again: the same entity id, another entry.
    @Test func anEntityThatComesBackUnderAnotherIDWasRenamed() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            _ = try await registries.replace(home.id, with: Self.entities(["1": "a.one"]))
            _ = try await registries.replace(home.id, with: Self.entities([:]))
            let back = try #require(try await registries.replace(home.id, with: Self.entities(["1": "a.uno"])))
            #expect(back.renames.count == 1 && back.changed == 1 && back.removed == 0)
            let again = try #require(try await registries.replace(home.id, with: Self.entities(["9": "a.uno"])))
            #expect(again.added == 1 && again.removed == 1 && again.renames.isEmpty)
        }
    }

    // MARK: What does not fit

    @Test func leavesOutWhatFitsNoColumn() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            let long = String(repeating: "ä", count: 255)
            let odd = HouseRegistries(
                areas: [
                    RegistryArea(areaID: long, name: "n\0n\u{1}", aliases: ["x\0y", "p\u{1F}q"]),
                    RegistryArea(areaID: long + "a", name: "long"), RegistryArea(areaID: "", name: "empty"),
                    RegistryArea(areaID: "n\0ul", name: "nul"), RegistryArea(areaID: "k", name: "first"),
                    RegistryArea(areaID: "k", name: "second", floorID: long + "a"),
                ],
                entities: [
                    RegistryEntity(registryID: "1", entityID: "a.one", areaID: long + "a"),
                    RegistryEntity(registryID: "2", entityID: "a.one"),
                    RegistryEntity(registryID: "1", entityID: "a.two"),
                    RegistryEntity(registryID: "3", entityID: long + "a"),
                ])
            #expect(try await registries.replace(home.id, with: odd)?.added == 3)
            let stored = try await registries.registries(of: home.id)
            #expect(
                stored.areas == [
                    RegistryArea(areaID: "k", name: "first"),
                    RegistryArea(areaID: long, name: "n\u{FFFD}n\u{1}", aliases: ["x\u{FFFD}y", "p\u{FFFD}q"]),
                ])
            #expect(stored.entities == [RegistryEntity(registryID: "1", entityID: "a.one")])
            #expect(try await registries.replace(home.id, with: odd)?.isEmpty == true)
        }
    }

    // MARK: Who may write

    @Test func leavesConnectionsAloneThatAreGoneOrAnotherBridges() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            let leases = LeaseRepository(database.pool)
            let bridge = BridgeIdentity(id: BridgeID(), name: "one", version: "1", startedAt: .now)
            let epochs = try await leases.acquire(bridge, atMost: 9, expiry: .seconds(60))
            let epoch = try #require(epochs[home.id])
            let own = LeaseClaims(bridge: bridge.id, epochs: epochs)
            let stale = LeaseClaims(bridge: bridge.id, epochs: [home.id: epoch - 1])
            let foreign = LeaseClaims(bridge: BridgeID(), epochs: epochs)
            for claims in [stale, foreign, LeaseClaims(bridge: bridge.id, epochs: [:])] {
                #expect(try await registries.replace(home.id, with: Self.house, under: claims) == nil)
            }
            #expect(try await registries.replace(home.id, with: Self.house, under: own)?.added == 7)
            #expect(try await registries.replace(ConnectionID(), with: Self.house) == nil)
            try await database.connections.markRemoved(home.id)
            #expect(try await registries.replace(home.id, with: HouseRegistries(areas: [])) == nil)
            #expect(try await registries.registries(of: home.id) == Self.house)
            _ = try await database.connections.deleteRemoved(home.id)
            #expect(try await registries.registries(of: home.id).entities == [])
        }
    }

    /// Listings of one connection that come at once, as when a lease changes hands, are stored one after another.
    @Test func listingsOfOneConnectionDoNotMix() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            let listings = (0..<8).map { number in
                Self.entities(number % 2 == 0 ? ["1": "a.one", "2": "a.two"] : ["1": "a.two", "2": "a.one"])
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for listing in listings {
                    group.addTask { _ = try await registries.replace(home.id, with: listing) }
                }
                try await group.waitForAll()
            }
            let stored = try await registries.registries(of: home.id)
            #expect(listings.prefix(2).contains { $0.entities == stored.entities })
        }
    }

    @Test func storesALargeHouse() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection()
            let registries = RegistryRepository(database.pool)
            var house = HouseRegistries(
                entities: (0..<5_000).map {
                    RegistryEntity(
                        registryID: "\(10_000 + $0)", entityID: "sensor.s\($0)", uniqueID: "00:17:88:01:\($0)",
                        platform: "hue", name: "Sensor \($0)", deviceID: "d\($0 / 8)")
                })
            var times = [ContinuousClock.now]
            #expect(try await registries.replace(home.id, with: house)?.added == 5_000)
            times.append(.now)
            #expect(try await registries.replace(home.id, with: house)?.isEmpty == true)
            times.append(.now)
            house.entities?[4_321].areaID = "kitchen"
            #expect(try await registries.replace(home.id, with: house)?.changed == 1)
            times.append(.now)
            for index in 0..<5_000 { house.entities?[index].entityID = "sensor.r\(index)" }
            #expect(try await registries.replace(home.id, with: house)?.renames.count == 5_000)
            times.append(.now)
            print(
                "5,000 entities: stored, compared, one changed, all renamed in",
                zip(times, times.dropFirst()).map { $1 - $0 })
            #expect(try await registries.registries(of: home.id).entities == house.entities)
        }
    }
}
