import BridgeCore
import Store
import TestSupport
import Testing

@testable import Console

@Suite("Entities of the API", .enabled(if: TestDatabase.isAvailable))
struct EntityEndpointTests {
    private static let lamp = #"{"friendly_name":"Küchenlicht"}"#
    private static let sensor = #"{"unit_of_measurement":"°C","device_class":"temperature"}"#

    @Test("Every entity is given out once with its latest state", arguments: [false, true])
    func list(hasRollups: Bool) async throws {
        try await ConsoleHouse.with { house in
            let old = (0..<12).map { ConsoleHouse.Happening(ago: 9_000, entity: "light.l\($0)", new: "on") }
            try await house.store(old, in: house.cabin)
            try await house.store(
                [
                    .init(ago: 8_000, entity: "light.l3", new: "off", attributes: Self.lamp),
                    .init(ago: 7_000, entity: "sensor.t", new: "21.5", attributes: Self.sensor),
                    .init(ago: 6_000, entity: "light.l4", new: nil),
                ], in: house.cabin)
            try await house.store([.init(ago: 1, entity: "light.l0", new: "on")], in: house.home)
            if hasRollups { try await house.rollUp(house.cabin) }
            let items = try await house.all("entities", limit: 5, as: house.bert)
            let ids = texts("entity_id", of: items)
            #expect(ids.count == 12)
            #expect(ids == ids.sorted())
            #expect(!ids.contains("light.l4"), "It was removed.")
            let everything = try await house.all("entities", limit: 5, as: house.anna)
            #expect(everything.count == 13)
            let found = try await house.get("entities?q=küchen", as: house.bert)
            #expect(found.count == 1)
            #expect(found["items.0.state"] == .string("off"))
            #expect(found["items.0.name"] == .string("Küchenlicht"))
            let sensors = try await house.get("entities?domain=sensor", as: house.bert)
            #expect(sensors.count == 1)
            #expect(sensors["items.0.unit"] == .string("°C"))
            #expect(sensors["items.0.value"] == .number(21.5))
            #expect(try await house.get("entities?q=100%25", as: house.bert).count == 0)
            #expect(try await house.get("entities?domain=s_nsor", as: house.bert).count == 0)
        }
    }

    @Test("Text is counted in characters, as the description counts it", arguments: ["a", "%C3%BC", "%F0%9F%92%A1"])
    func longTexts(character: String) async throws {
        try await ConsoleHouse.with { house in
            let longest = String(repeating: character, count: 64)
            let taken = try await house.get("entities?domain=\(longest)", as: house.bert)
            #expect(taken.status == 200)
            for wrong in [longest + "a", "", "a%00"] {
                #expect(try await house.get("entities?domain=\(wrong)", as: house.bert).status == 400, "\(wrong)")
            }
        }
    }

    @Test("One entity is told with its attributes, to whoever may see it")
    func one() async throws {
        try await ConsoleHouse.with { house in
            try await house.store([.init(ago: 9, entity: "light.a", new: "on", attributes: Self.lamp)], in: house.cabin)
            try await house.store([.init(ago: 9, entity: "light.b", new: "on")], in: house.home)
            let answer = try await house.get("entities/light.a", as: house.bert)
            #expect(answer["attributes.friendly_name"] == .string("Küchenlicht"))
            for path in ["entities/light.b", "entities/light.b/history", "entities/light.a?connection=\(house.home)"] {
                #expect(try await house.get(path, as: house.bert).status == 404, "\(path)")
            }
            #expect(try await house.get("entities?connection=\(house.home)", as: house.bert).status == 404)
            #expect(try await house.get("entities?limit=0", as: house.bert).status == 400)
            #expect(try await house.get("entities?cursor=0161", as: house.bert).status == 422)
            try await house.store([.init(ago: 9, entity: "light.a", new: "on")], in: house.home)
            #expect(try await house.get("entities/light.a", as: house.anna).status == 409)
            #expect(try await house.get("entities/light.a?connection=\(house.cabin)", as: house.anna).status == 200)
        }
    }

    @Test("Few numbers are given out as they are, from the state before on")
    func rawNumbers() async throws {
        try await ConsoleHouse.with { house in
            try await house.store(
                [7_200, 3_000, 2_000, 1_000].map { ago in
                    .init(ago: ago, entity: "sensor.t", new: "\(ago / 100)", attributes: Self.sensor)
                }, in: house.cabin)
            try await house.addGap(ago: 2_500, length: 100, in: house.cabin)
            try await house.addGap(ago: 90_000, length: 100, in: house.cabin)
            let since = Timestamp.now.adding(seconds: -3_600).iso8601.replacing("+", with: "%2B")
            let answer = try await house.get("entities/sensor.t/history?since=\(since)", as: house.bert)
            #expect(answer["resolution"] == .string("raw"))
            #expect(answer["kind"] == .string("number"))
            #expect(answer["unit"] == .string("°C"))
            #expect(answer["points.0.value"] == .integer(72))
            #expect(answer["points.0.at"] == answer["since"])
            #expect(answer["points.3.value"] == .integer(10))
            #expect(answer["points.4"] == nil)
            #expect(answer["gaps.0.rows_added"] == .integer(7))
            #expect(answer["gaps.1"] == nil)
        }
    }

    @Test("Many numbers are given out in as many points as were asked for")
    func manyNumbers() async throws {
        try await ConsoleHouse.with { house in
            try await house.store(
                (0..<400).map { number in
                    .init(
                        ago: Double(43_000 - number * 100), entity: "sensor.t", new: "\(number)",
                        attributes: Self.sensor)
                }, in: house.cabin)
            for hasRollups in [false, true] {
                if hasRollups { try await house.rollUp(house.cabin) }
                let answer = try await house.get("entities/sensor.t/history?points=60", as: house.bert)
                #expect(answer["resolution"] == .string("5m"))
                guard case .array(let points)? = answer["points"] else {
                    Issue.record("There are no points.")
                    return
                }
                #expect((20...60).contains(points.count), "\(points.count)")
                let minima = points.compactMap { member("min", of: $0) }
                let maxima = points.compactMap { member("max", of: $0) }
                #expect(minima.first == .integer(0))
                #expect(maxima.last == .integer(399))
                #expect(texts("at", of: points) == texts("at", of: points).sorted())
            }
            let wrong = [
                ("points=49", 400), ("points=2001", 400),
                ("since=2026-01-01T00:00:00Z&until=2025-01-01T00:00:00Z", 422),
            ]
            for (query, status) in wrong {
                #expect(try await house.get("entities/sensor.t/history?\(query)", as: house.bert).status == status)
            }
        }
    }

    @Test("States are stretches")
    func states() async throws {
        try await ConsoleHouse.with { house in
            try await house.store(
                [
                    .init(ago: 90_000, entity: "light.a", new: "off"), .init(ago: 3_000, entity: "light.a", new: "on"),
                    .init(ago: 2_000, entity: "light.a", new: "on"), .init(ago: 1_000, entity: "light.a", new: "off"),
                ], in: house.cabin)
            let answer = try await house.get("entities/light.a/history", as: house.bert)
            #expect(answer["kind"] == .string("state"))
            guard case .array(let points)? = answer["points"] else {
                Issue.record("There are no points.")
                return
            }
            #expect(texts("state", of: points) == ["off", "on", "off"])
            #expect(texts("from", of: points).dropFirst() == texts("to", of: points).dropLast())
        }
    }
}
