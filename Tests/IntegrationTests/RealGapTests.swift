import BridgeCore
import Foundation
import TestSupport
import Testing

/// What a real Home Assistant tells of the time in which nobody was listening.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil), .serialized)
struct RealGapTests {
    /// Seconds for which the bridge is away; more by HA_BRIDGE_TEST_AWAY_SECONDS.
    private static var awaySeconds: Int {
        ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_AWAY_SECONDS"].flatMap { Int($0) } ?? 15
    }

    /// A process that is subscribed to the house and has seen some of its events.
    private static func start(_ rig: ProcessRig) async throws -> RunningBridge {
        // Pings and the pauses of the backfill come ten times as often as in a house.
        rig.bridge.environment["BRIDGE_TIME_SCALE"] = "10"
        let process = try rig.start()
        let isSubscribed = try await rig.eventually(within: .seconds(60)) { try await rig.status() == "connected" }
        try #require(isSubscribed, "\(process.log)")
        return process
    }

    private static func gaps(_ rig: ProcessRig) async throws -> [[String: Any]] {
        try await rig.bridge("gaps", "--json").objects
    }

    /// Changes the states of some entities, `rate` times a second.
    private static func change(_ house: RealHouse, count: Int, rate: Int, entities: Int = 20) {
        // A call answers when it is done, and may not take longer than a request: half a minute's worth each.
        var left = count
        while left > 0 {
            let some = min(left, rate * 30)
            left -= some
            let body = #"{"kind":"state","count":\#(some),"rate":\#(rate),"batch":5,"entities":\#(entities)}"#
            let answer = house.ask("POST", "/api/services/loadgen/fire", body)
            #expect(answer.status == 200)
        }
    }

    /// How many of the states that Home Assistant's history has of this time are not stored. Asked again for a while where the
    /// history has fewer than `least`: on a busy machine it is late.
    private static func missing(
        _ rig: ProcessRig, _ house: RealHouse, from start: Timestamp, to end: Timestamp, least: Int
    ) async throws -> (recorded: Int, missing: [String]) {
        var answer: (recorded: Int, missing: [String]) = (0, [])
        _ = try await rig.eventually(within: .seconds(60)) {
            answer = try await missing(rig, house, from: start, to: end)
            return answer.recorded >= least && answer.missing.isEmpty
        }
        return answer
    }

    private static func missing(
        _ rig: ProcessRig, _ house: RealHouse, from start: Timestamp, to end: Timestamp
    ) async throws -> (recorded: Int, missing: [String]) {
        let stored = try await rig.session.query(
            """
            SELECT entity_id, (extract(epoch FROM timestamp) * 1000000)::bigint::text FROM home_assistant_events
            WHERE event_type = 'state_changed' AND timestamp >= $1 AND timestamp <= $2
            """, [.timestamp(start), .timestamp(end)])
        var known: Set<String> = []
        for row in stored { known.insert("\(try row[0].string) \(try row[1].string)") }
        var recorded = 0
        var missing: [String] = []
        let entities = house.entities().sorted()
        for first in stride(from: 0, to: entities.count, by: 40) {
            let some = Array(entities[first..<min(first + 40, entities.count)])
            for (entity, times) in house.history(of: some, from: start, to: end) {
                for time in times where time >= start.microseconds && time <= end.microseconds {
                    recorded += 1
                    if !known.contains("\(entity) \(time)") { missing.append("\(entity) \(time)") }
                }
            }
        }
        return (recorded, missing)
    }

    @Test func aKilledBridgeGetsEveryStateOfTheTimeItMissed() async throws {
        let house = try RealHouse()
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: house.url.description, token: house.token)
            let process = try await Self.start(rig)
            #expect(house.ask("POST", "/api/events/lab_unkept", "{}").status == 200)
            let isSeen = try await rig.eventually {
                try await rig.count("SELECT count(*) FROM home_assistant_events WHERE event_type = 'lab_unkept'") == 1
            }
            #expect(isSeen)
            try await Task.sleep(for: .seconds(4))
            let start = Timestamp.now
            process.kill()
            _ = try await process.ended()
            let away = Self.awaySeconds
            Self.change(house, count: away * 20, rate: 25)
            #expect(house.ask("POST", "/api/events/lab_unkept", "{}").status == 200)
            try await Task.sleep(for: .seconds(max(1, away / 5)))
            let end = Timestamp.now

            _ = try await Self.start(rig)
            let isClosed = try await rig.eventually(within: .seconds(90)) {
                let gaps = try await Self.gaps(rig)
                return !gaps.isEmpty && gaps.allSatisfy { $0["status"] as? String != "open" }
            }
            let gaps = try await Self.gaps(rig)
            #expect(isClosed, "\(gaps)")
            let gap = try #require(gaps.first { $0["cause"] as? String == "bridge_lost" }, "\(gaps)")
            #expect(gap["status"] as? String == "backfilled", "\(gap)")
            #expect(gap["rows_added"] as? Int ?? 0 >= away * 20, "\(gap)")
            let types = gap["unrecoverable_types"] as? [String] ?? []
            #expect(types.contains("lab_unkept") && types.contains("call_service"), "\(types)")
            let (recorded, missing) = try await Self.missing(
                rig, house, from: start, to: end, least: away * 20)
            #expect(recorded >= away * 20 && missing.isEmpty, "\(missing.count) of \(recorded): \(missing.prefix(5))")
            print("away \(away) s: \(recorded) states in the history, \(missing.count) missing, gap \(gap)")
            let doubles = """
                SELECT count(*) FROM (SELECT 1 FROM home_assistant_events WHERE event_type = 'state_changed'
                GROUP BY connection_id, entity_id, timestamp HAVING count(*) > 1) AS doubles
                """
            #expect(try await rig.count(doubles) == 0)
        }
    }

    /// A burst of 4,096 events makes Home Assistant drop every subscriber, however fast it reads.
    @Test func aBurstThatCostsTheConnectionIsTold() async throws {
        let house = try RealHouse()
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: house.url.description, token: house.token)
            let process = try await Self.start(rig)
            #expect(house.ask("POST", "/api/services/script/lab_burst", #"{"n":3}"#).status == 200)
            let bursts = "SELECT count(*) FROM home_assistant_events WHERE event_type = 'lab_burst'"
            #expect(try await rig.eventually { try await rig.count(bursts) == 3 })
            let start = Timestamp.now
            #expect(house.ask("POST", "/api/services/script/lab_burst", #"{"n":5000}"#).status == 200)
            Self.change(house, count: 100, rate: 100)
            let end = Timestamp.now

            let isBack = try await rig.eventually(within: .seconds(60)) {
                let gaps = try await Self.gaps(rig)
                return !gaps.isEmpty && gaps.allSatisfy { $0["status"] as? String == "backfilled" }
            }
            let gaps = try await Self.gaps(rig)
            #expect(isBack, "\(gaps) \(process.log)")
            let gap = try #require(gaps.first)
            #expect(gap["cause"] as? String == "disconnected")
            #expect((gap["unrecoverable_types"] as? [String])?.contains("lab_burst") == true, "\(gap)")
            let (recorded, missing) = try await Self.missing(rig, house, from: start, to: end, least: 100)
            #expect(recorded >= 100 && missing.isEmpty, "\(missing.count) of \(recorded): \(missing.prefix(5))")
            // Back within seconds, and live again.
            #expect(try await rig.status() == "connected")
            let away = try await rig.value(
                "SELECT round(extract(epoch FROM max(ended_at - opened_at))::numeric, 1) FROM home_assistant_event_gaps"
            )
            print("burst: back after \(away ?? "?") s, gap \(gap)")
        }
    }
}
