import BridgeConcurrency
import BridgeCore
import Embedding
import Foundation
import HomeAssistantClient
import Ingest
import PostgresClient
import Store
import TestSupport
import Testing
import WebSocketTransport

/// A keeper that follows a session, and is told of changes as the writer of events tells it.
private final class FollowedSession: FrameConsumer, SessionMeter {
    let directory = HouseDirectory()
    let connection: ConnectionID
    let timer = DeadlineTimer()
    private let keeper: RegistryKeeper
    private let current = LockedBox<CommandPort?>(nil)

    init(_ pool: PostgresPool, _ connection: ConnectionID) {
        self.connection = connection
        var pacing = RegistryPacing()
        pacing.afterChange = .milliseconds(100)
        pacing.betweenListings = .milliseconds(500)
        keeper = RegistryKeeper(
            directory: directory, pool: pool, timer: timer, pacing: pacing, logger: TestDatabase.quietLogger)
    }

    func reserve(_ bytes: Int, for connection: ConnectionID) -> Bool { true }
    func release(_ bytes: Int, for connection: ConnectionID) {}
    func whenRoom(for connection: ConnectionID, _ body: @escaping @Sendable () -> Void) { body() }
    func received(messages: Int, events: Int, errors: Int, unknown: Int) {}

    func accept(_ frame: ReceivedFrame) {
        frame.bytes.withUnsafeBufferPointer { bytes in
            for place in frame.events {
                guard let type = try? EventDecoder(bytes).event(in: place).eventType else { continue }
                if RegistryKeeper.eventTypes.contains(JSONText.string(type, of: bytes)) {
                    keeper.changed(frame.connection)
                }
            }
        }
    }

    /// Runs `body` while the session lasts, with a port into it.
    func run(
        url: HomeAssistantURL, token: String, _ body: @Sendable @escaping (CommandPort) async throws -> Void
    ) async throws {
        let loop = try WebSocketEventLoop(logger: TestDatabase.quietLogger)
        let session = Session(
            target: SessionTarget(connection: connection, url: url, token: Secret(Array(token.utf8))),
            environment: SessionEnvironment(loop: loop, resolver: HostResolver(), timer: timer), consumer: self,
            meter: self, logger: TestDatabase.quietLogger)
        let (ports, announcement) = AsyncStream.makeStream(of: CommandPort.self)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.timer.run() }
                group.addTask { await session.run(onNotice: { _ in }, onReady: { announcement.yield($0) }) }
                defer { group.cancelAll() }
                let port = try #require(await ports.first { _ in true })
                group.addTask { await self.keeper.follow(self.connection, over: port) }
                try await body(port)
            }
        } catch {
            await loop.shutdown()
            throw error
        }
        await loop.shutdown()
    }

    func entity(_ id: String) -> EntityContext? { directory.context(of: connection)?.entities[id] }

    /// Asks again until `condition` holds. False when it does not in twenty seconds.
    func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await condition()
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable)) struct RegistryFollowingTests {
    fileprivate static func with(_ body: (PostgresPool, FollowedSession) async throws -> Void) async throws {
        try await TestDatabase.withSchema { server in
            let pool = PostgresPool(server.configuration.taking(.writer), size: 2, logger: server.logger)
            let user = try await UserRepository(pool).add(username: "ann", email: "ann@example.org")
            let id = ConnectionID()
            _ = try await ConnectionRepository(pool).add(
                id: id, userID: user.id, name: "home", url: "http://home.local:8123", sealedToken: "v1.k1.n.c.t")
            do {
                try await body(pool, FollowedSession(pool, id))
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }

    /// Over a socket, with the events by which a Home Assistant tells of changes.
    @Test func aFakeHouseTellsOfItsChanges() async throws {
        try await Self.with { pool, session in
            let registries = FakeRegistries()
            registries.update { house in
                house.areas = ["k": "Kitchen", "l": "Living Room"]
                house.entities = [.init(id: "1", entityID: "light.a", name: "Lamp", areaID: "k")]
            }
            var behaviour = FakeBehaviour()
            behaviour.onCommand = { registries.reply(to: $0) }
            let house = try FakeHomeAssistant(behaviour)
            defer { house.stop() }
            try await session.run(url: try HomeAssistantURL(house.url), token: "fake-token") { _ in
                let isThere = try await session.eventually { session.entity("light.a")?.area == "Kitchen" }
                #expect(isThere)
                registries.update { $0.entities[0].areaID = "l" }
                let event = """
                    {"event_type":"entity_registry_updated","data":{"action":"update","entity_id":"light.a",\
                    "changes":{"area_id":"k"}},"origin":"LOCAL","time_fired":"2026-11-21T10:00:00.000000+00:00",\
                    "context":{"id":"01X","parent_id":null,"user_id":null}}
                    """
                #expect(house.push(eventType: "entity_registry_updated", json: event) == 1)
                let hasMoved = try await session.eventually { session.entity("light.a")?.area == "Living Room" }
                #expect(hasMoved)
            }
        }
    }
}

/// The registries of a real Home Assistant.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil))
struct RealRegistryTests {
    private static func update(_ entity: String, _ area: String?, _ port: CommandPort) async throws {
        let value = area.map { "\"\($0)\"" } ?? "null"
        _ = try await port.ask(
            #""type":"config/entity_registry/update","entity_id":"\#(entity)","area_id":\#(value)"#)
    }

    @Test func seesThatAnEntityMovesToAnotherArea() async throws {
        let house = try RealHouse()
        try await RegistryFollowingTests.with { pool, session in
            let repository = RegistryRepository(pool)
            try await session.run(url: house.url, token: house.token) { port in
                #expect(
                    try await session.eventually {
                        try await repository.registries(of: session.connection).entities?.isEmpty == false
                    })
                // What Home Assistant lists is all there, and is the same when it is read back.
                let listing = try await RegistryReader(port).read()
                #expect(listing.refusals.values.allSatisfy { $0 == "unknown_command" } && listing.skipped == 0)
                let listed = try #require(listing.registries.entities)
                let names = Dictionary(
                    uniqueKeysWithValues: try #require(listing.registries.areas).map { ($0.areaID, $0.name) })
                #expect(!listed.isEmpty && !names.isEmpty && listing.timeZone != nil)
                let context = try #require(session.directory.context(of: session.connection))
                #expect(context.timeZone == listing.timeZone)
                let states = house.ask("GET", "/api/states").json as? [[String: Any]] ?? []
                var compared = 0
                for state in states {
                    guard let id = state["entity_id"] as? String, let name = context.entities[id]?.name,
                        let shown = (state["attributes"] as? [String: Any])?["friendly_name"] as? String
                    else { continue }
                    // The name of the registry is the one that the states show.
                    #expect(name == shown, "\(id)")
                    compared += 1
                }
                #expect(compared > 20)

                let entity = try #require(
                    listed.first { $0.entityID.hasPrefix("script.") && $0.disabledBy == nil }?.entityID)
                let before = listed.first { $0.entityID == entity }?.areaID
                let target = try #require(names.keys.sorted().first { $0 != before })
                try await Self.update(entity, target, port)
                let hasMoved = try await session.eventually { session.entity(entity)?.area == names[target] }
                #expect(hasMoved)
                let isStored = try await session.eventually {
                    let entities = try await repository.registries(of: session.connection).entities ?? []
                    return entities.first { $0.entityID == entity }?.areaID == target
                }
                #expect(isStored)
                try await Self.update(entity, before, port)
                let isBack = try await session.eventually {
                    session.entity(entity)?.area == before.flatMap { names[$0] }
                }
                #expect(isBack)
            }
        }
    }
}
