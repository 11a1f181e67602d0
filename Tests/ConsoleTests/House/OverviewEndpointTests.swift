import BridgeConcurrency
import BridgeCore
import Search
import Store
import TestSupport
import Testing

@testable import Console

@Suite("Overview, gaps and figures of the API", .enabled(if: TestDatabase.isAvailable))
struct OverviewEndpointTests {
    @Test("The overview shows the houses of who asks, and what holds for every house")
    func overview() async throws {
        try await ConsoleHouse.with { house in
            try await house.store([.init(ago: 5, entity: "light.a", new: "on")], in: house.cabin)
            try await house.addGap(ago: 60, length: nil, in: house.cabin)
            try await house.addGap(ago: 60, length: nil, in: house.home)
            let now = Timestamp.now
            try await ConnectionMetricsRepository(house.services.system).append([
                MetricSample(connectionID: house.cabin, type: "event_rate", value: 2, timestamp: now)
            ])
            var health = ConnectionHealth(id: house.cabin, name: "cabin", state: .backingOff, since: now)
            health.lastError = "Refused."
            house.services.health.setConnection(health)
            let stops = EmergencyStopRepository(house.services.system)
            _ = try await stops.engage(nil, reason: "all", by: house.anna.user, at: now)
            _ = try await stops.engage(house.home, reason: "home", by: house.anna.user, at: now)

            let answer = try await house.get("overview", as: house.bert)
            #expect(answer.status == 200)
            #expect(answer["connections.0.name"] == .string("cabin"))
            #expect(answer["connections.0.state"] == .string("backing_off"))
            #expect(answer["connections.0.events_per_minute"] == .integer(120))
            #expect(answer["connections.0.last_event_at"] != .null)
            #expect(answer["connections.1"] == nil)
            #expect(answer["open_gaps.0.connection"] == .string("cabin"))
            #expect(answer["open_gaps.1"] == nil)
            #expect(answer["emergency_stops.0.reason"] == .string("all"))
            #expect(answer["emergency_stops.1"] == nil)
            #expect(answer["approvals.pending"] == .integer(0))
            #expect(!answer.body.contains("Refused.") || !answer.body.contains("\"home\""))

            let whole = try await house.get("overview", as: house.anna)
            #expect(whole["connections.1.name"] == .string("home"))
            #expect(whole["emergency_stops.1.reason"] == .string("home"))
            let nothing = try await house.get("overview", as: house.carl)
            #expect(nothing["connections.0"] == nil)
            #expect(nothing["bridge.version"] == .string("test"))
        }
    }

    @Test("A connection is shown without its token, to its owner")
    func connections() async throws {
        try await ConsoleHouse.with { house in
            let list = try await house.get("connections", as: house.bert)
            #expect(list.count == 1)
            #expect(!list.body.contains("v1.k1"))
            let one = try await house.get("connections/\(house.cabin)", as: house.bert)
            #expect(one["name"] == .string("cabin"))
            #expect(one["figures.id"] == .string(house.cabin.description))
            #expect(try await house.get("connections/\(house.home)", as: house.bert).status == 404)
            #expect(try await house.get("connections/x", as: house.bert).status == 404)
            #expect(try await house.get("connections?limit=1", as: house.bert).status == 400)
        }
    }

    @Test("Gaps come newest first, page by page, and of one's own house")
    func gaps() async throws {
        try await ConsoleHouse.with { house in
            for number in 1...9 {
                try await house.addGap(ago: Double(number) * 1_000, length: 100, in: house.cabin)
            }
            try await house.addGap(ago: 50, length: nil, in: house.cabin)
            try await house.addGap(ago: 50, length: nil, in: house.home)
            let items = try await house.all("gaps", limit: 3, as: house.bert)
            #expect(items.count == 10)
            #expect(Set(texts("id", of: items)).count == 10)
            #expect(try await house.get("gaps?open=true", as: house.bert).count == 1)
            #expect(try await house.get("gaps?open=false", as: house.bert).count == 9)
            let moment = Timestamp.now.adding(seconds: -4_500).iso8601.replacing("+", with: "%2B")
            #expect(try await house.get("gaps?since=\(moment)", as: house.bert).count == 5)
            #expect(try await house.get("gaps?until=\(moment)", as: house.bert).count == 5)
            #expect(try await house.get("gaps?connection=\(house.home)", as: house.bert).status == 404)
            #expect(try await house.get("gaps?open=maybe", as: house.bert).status == 400)
        }
    }

    @Test("Activity counts what came, and tells nothing measured from nothing happened")
    func activity() async throws {
        try await ConsoleHouse.with { house in
            let metrics = ConnectionMetricsRepository(house.services.system)
            let now = Timestamp.now
            for house in [house.cabin, house.home] {
                try await metrics.append(
                    (1...3).flatMap { minute in
                        let time = now.adding(seconds: Int64(-60 * minute))
                        return [
                            MetricSample(connectionID: house, type: "event_rate", value: 0.5, timestamp: time),
                            MetricSample(connectionID: house, type: "uptime", value: 100, timestamp: time),
                        ]
                    })
            }
            try await house.addGap(ago: 7_000, length: 100, in: house.cabin)
            try await house.addGap(ago: 7_000, length: 100, in: house.home)
            for (path, span) in [("activity", 300), ("activity?since=\(Self.days(10))", 3_600)] {
                let answer = try await house.get(path, as: house.bert)
                #expect(answer["bucket_seconds"] == .integer(Int64(span)))
                #expect(answer["rows.0.connection"] == .string("cabin"))
                #expect(answer["rows.0.connection_id"] == .string(house.cabin.description))
                #expect(answer["rows.1"] == nil)
                let (counts, buckets) = try Self.events(of: answer, row: 0)
                #expect(counts.reduce(0, +) == 90)
                #expect(counts.count < buckets)
                #expect(answer["gaps.0.cause"] == .string("disconnected"))
                #expect(answer["gaps.1"] == nil)
            }
            let shares = ConnectionShareRepository(house.services.system)
            for shared in [house.cabin, house.home] {
                let isNew = try await shares.share(shared, with: house.carl.user)
                #expect(isNew)
            }
            for path in ["activity", "activity?since=\(Self.days(10))"] {
                let each = try await house.get(path, as: house.carl)
                #expect(each["rows.0.connection"] != each["rows.1.connection"])
                #expect(each["rows.2"] == nil)
                for row in 0...1 { #expect(try Self.events(of: each, row: row).counts.reduce(0, +) == 90) }
            }
            let all = try await house.get("activity?rows=1", as: house.carl)
            #expect(all["rows.0.connection"] == .null)
            #expect(all["rows.1"] == nil)
            #expect(try Self.events(of: all, row: 0).counts.reduce(0, +) == 180)
            #expect(try await house.get("activity?rows=0", as: house.carl).status == 400)
            #expect(try await house.get("activity?since=\(Self.days(93))", as: house.bert).status == 422)
            #expect(try await house.get("activity?connection=\(house.home)", as: house.bert).status == 404)
            let rollups = RollupRepository(house.services.system)
            for house in [house.cabin, house.home] {
                try await metrics.append([
                    MetricSample(
                        connectionID: house, type: "event_rate", value: 0.5, timestamp: now.adding(seconds: -10_800))
                ])
            }
            for connection in [house.cabin, house.home] {
                while try await rollups.prepare(connection).isUnfinished {}
                while try await rollups.rollUpMetricHours(connection).isUnfinished {}
            }
            let hours = try await house.get("metrics", as: house.bert)
            #expect(hours["items.0.events_per_second"] == .number(0.5))
            #expect(hours["items.0.connection"] == .string("cabin"))
            #expect(!hours.body.contains(house.home.description))
            #expect(try await house.get("metrics?connection=\(house.home)", as: house.bert).status == 404)
            #expect(try await house.get("metrics?since=\(Self.days(93))", as: house.bert).status == 422)
        }
    }

    /// The measured buckets of a row, and how many buckets it has.
    private static func events(of answer: ConsoleHouse.Answer, row: Int) throws -> (counts: [Int64], buckets: Int) {
        guard case .array(let buckets)? = answer["rows.\(row).events"] else {
            throw Problem.notFound("row \(row)")
        }
        let counts = buckets.compactMap { bucket -> Int64? in
            if case .integer(let count) = bucket { count } else { nil }
        }
        return (counts, buckets.count)
    }

    private static func days(_ count: Int64) -> String {
        Timestamp.now.adding(seconds: -86_400 * count).iso8601.replacing("+", with: "%2B")
    }

    @Test("Where the search by meaning is off, it is said how to switch it on")
    func searchOff() async throws {
        try await ConsoleHouse.with { house in
            let answer = try await house.get("search?q=door", as: house.bert)
            #expect(answer.status == 503)
            #expect(answer["code"] == .string("search_off"))
            #expect(try await house.get("search", as: house.bert).status == 400)
            #expect(try await house.get("search?q=door&limit=51", as: house.bert).status == 400)
            #expect(try await house.get("search?q=door&connection=\(house.home)", as: house.bert).status == 404)
        }
    }
}
