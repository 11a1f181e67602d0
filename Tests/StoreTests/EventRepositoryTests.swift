import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct EventRepositoryTests {
    private func store(_ rows: [EventRow], in database: StoreDatabase) async throws {
        _ = try await EventTable.copyDirect(database.session, rows: rows)
    }

    @Test func filtersByEverythingItOffers() async throws {
        try await StoreDatabase.with { database in
            let repository = EventRepository(database.pool)
            let home = try await database.addConnection("home")
            func row(_ entity: String, _ second: Int64, _ connection: ConnectionID, _ source: String = "live")
                -> EventRow
            {
                EventRow(
                    connection: connection, entity: entity, timestamp: Timestamp.sample.adding(seconds: second),
                    source: source)
            }
            try await store(
                [
                    row("light.kitchen", 0, home.id), row("light.hall", 1, home.id, "snapshot"),
                    row("sensor.light_level", 2, home.id), row("lightXhall", 3, home.id),
                    row("light.kitchen", 4, ConnectionID()),
                ], in: database)
            func found(_ filter: EventFilter, limit: Int = 100) async throws -> [String] {
                try await repository.recent(filter, limit: limit).map { $0.entityID ?? "" }
            }
            let second = Timestamp.sample.adding(seconds: 1)
            #expect(
                try await found(EventFilter())
                    == ["light.kitchen", "lightXhall", "sensor.light_level", "light.hall", "light.kitchen"])
            #expect(try await found(EventFilter(), limit: 2) == ["light.kitchen", "lightXhall"])
            #expect(
                try await found(EventFilter(entity: "light.*")) == ["light.kitchen", "light.hall", "light.kitchen"])
            #expect(try await found(EventFilter(entity: "light_hall")) == [])
            #expect(try await found(EventFilter(entity: "*light_l?vel")) == ["sensor.light_level"])
            #expect(try await found(EventFilter(connection: home.id, entity: "light.kitchen")) == ["light.kitchen"])
            #expect(try await found(EventFilter(source: "snapshot")) == ["light.hall"])
            #expect(try await found(EventFilter(type: "call_service")) == [])
            #expect(
                try await found(EventFilter(since: second, until: second.adding(seconds: 2)))
                    == ["sensor.light_level", "light.hall"])
            #expect(try await repository.count(EventFilter(connection: home.id)) == 4)
            let names = try await repository.recent(limit: 2).map(\.connectionName)
            #expect(names == [nil, "home"])
        }
    }

    @Test func aFollowerSeesEveryEventOnceAlsoThoseThatComeLate() async throws {
        try await StoreDatabase.with { database in
            let repository = EventRepository(database.pool)
            let connection = ConnectionID()
            func row(_ name: String, _ second: Int64) -> EventRow {
                EventRow(connection: connection, entity: name, timestamp: Timestamp.sample.adding(seconds: second))
            }
            try await store([row("before", -1), row("shown.a", 0), row("shown.b", 10)], in: database)
            let shown = try await repository.recent(limit: 2)
            var cursor = EventCursor(after: shown, otherwise: .sample)
            #expect(try await repository.newer(than: &cursor) == [])

            try await store([row("new", 12), row("late", 5), row("same.moment", 10)], in: database)
            var names = try await repository.newer(than: &cursor, limit: 2).map { $0.entityID ?? "" }
            #expect(names == ["late", "same.moment"])
            names = try await repository.newer(than: &cursor, limit: 2).map { $0.entityID ?? "" }
            #expect(names == ["new"])
            #expect(try await repository.newer(than: &cursor) == [])
            #expect(cursor.newest == Timestamp.sample.adding(seconds: 12))

            // Far behind: a backfill is no news.
            try await store([row("far.ahead", 100), row("too.late", 13)], in: database)
            names = try await repository.newer(than: &cursor, EventFilter(entity: "far*")).map { $0.entityID ?? "" }
            #expect(names == ["far.ahead"])
            #expect(try await repository.newer(than: &cursor) == [])
        }
    }
}
