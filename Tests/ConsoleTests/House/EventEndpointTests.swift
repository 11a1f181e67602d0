import BridgeCore
import Store
import TestSupport
import Testing

@testable import Console

@Suite("Events of the API", .enabled(if: TestDatabase.isAvailable))
struct EventEndpointTests {
    @Test("Every event is given out once, newest first, page by page", arguments: [1, 7, 100])
    func pages(limit: Int) async throws {
        try await ConsoleHouse.with { house in
            // Several at the same moment: the id decides.
            let happenings = (0..<25).map { number in
                ConsoleHouse.Happening(ago: Double(number / 5 * 10), entity: "light.a\(number % 3)", new: "on")
            }
            let ids = try await house.store(happenings, in: house.home)
            try await house.store([.init(ago: 1, entity: "light.other", new: "on")], in: house.cabin)
            let items = try await house.all("events?connection=\(house.home)", limit: limit, as: house.anna)
            #expect(items.count == ids.count)
            #expect(Set(texts("id", of: items)) == Set(ids.map(\.description)))
            let times = texts("timestamp", of: items)
            #expect(times == times.sorted(by: >))
            let everything = try await house.all("events", limit: limit, as: house.anna)
            #expect(everything.count == ids.count + 1)
        }
    }

    @Test("Filters narrow, with and without roll-ups", arguments: [false, true])
    func filters(hasRollups: Bool) async throws {
        try await ConsoleHouse.with { house in
            try await house.store(
                [
                    .init(ago: 4_000, entity: "light.kitchen", new: "on"),
                    .init(ago: 3_000, entity: "light.hall", new: "off"),
                    .init(ago: 2_000, entity: "sensor.x", new: "1.5"),
                    .init(ago: 1_000, type: "call_service"),
                    .init(ago: 500, entity: "light.kitchen", new: "off", source: "backfill"),
                ], in: house.cabin)
            if hasRollups { try await house.rollUp(house.cabin) }
            for (query, count) in [
                ("entity=light.kitchen", 2), ("entity=light.*", 3), ("entity=light.?all", 1), ("entity=x*", 0),
                ("entity=*", 4), ("type=call_service", 1), ("type=state_changed", 4), ("source=backfill", 1),
                ("source=backfill&entity=light.*", 1), ("type=call_service&entity=light.*", 0), ("source=import", 0),
            ] {
                let items = try await house.all("events?\(query)", limit: 2, as: house.bert)
                #expect(items.count == count, "\(query)")
            }
            let since = Timestamp.now.adding(seconds: -2_500).iso8601.replacing("+", with: "%2B")
            #expect(try await house.all("events?since=\(since)", limit: 9, as: house.bert).count == 3)
            #expect(try await house.all("events?until=\(since)", limit: 9, as: house.bert).count == 2)
        }
    }

    @Test("Nobody sees events of another's house")
    func rights() async throws {
        try await ConsoleHouse.with { house in
            let id = try await house.store([.init(ago: 5, entity: "light.a", new: "on")], in: house.home)[0]
            #expect(try await house.get("events/\(id)", as: house.anna)["entity_id"] == .string("light.a"))
            #expect(try await house.get("events/\(id)", as: house.bert).status == 404)
            #expect(try await house.get("events?connection=\(house.home)", as: house.bert).status == 404)
            #expect(try await house.get("events?entity=light.a", as: house.bert).count == 0)
            #expect(try await house.get("events", as: house.carl).count == 0)
            #expect(try await house.get("events", as: nil).status == 401)
        }
    }

    @Test(
        "What cannot be is refused",
        arguments: [
            "limit=0", "limit=201", "limit=x", "since=yesterday", "connection=x", "source=y",
            "colour=red", "entity=", "type=a&type=b",
        ])
    func refused(query: String) async throws {
        try await ConsoleHouse.with { house in
            let answer = try await house.get("events?\(query)", as: house.bert)
            #expect(answer.status == 400)
            #expect(try await house.get("events?cursor=00", as: house.bert).status == 422)
            #expect(try await house.get("events/nonsense", as: house.bert).status == 404)
        }
    }

    @Test("An event is told as the command tells it")
    func document() async throws {
        try await ConsoleHouse.with { house in
            let happening = ConsoleHouse.Happening(
                ago: 1, entity: "sensor.x", new: "20.50", attributes: #"{"exact":0.1000,"name":"Küche"}"#)
            let id = try await house.store([happening], in: house.cabin)[0]
            let stored = try #require(try await EventRepository(house.services.system).find(id))
            #expect(try await house.get("events/\(id)", as: house.bert).body == stored.json)
        }
    }
}
