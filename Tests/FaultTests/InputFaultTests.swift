import Foundation
import TestSupport
import Testing

/// Frames that are huge, endless, deep, doubled, shuffled, wrapped, or nonsense, amid a load of good ones.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized, .timeLimit(.minutes(5))) struct InputFaultTests {
    private static func run(
        _ name: String, rate: Int = 300, rules: ReconciliationRules = ReconciliationRules(),
        fault: (FaultRig, House, BridgeLife) async throws -> Void
    ) async throws {
        try await FaultRig.with { rig in
            let house = try await rig.addHouse()
            let life = try await rig.startAndSee()
            house.startLoad(rate: rate)
            let watch = HealthWatch(life)
            try await fault(rig, house, life)
            try await rig.expectAccount(name, rules: rules)
            let answers = watch.end()
            #expect(answers.live == [200], "\(answers.deaths)")
            #expect(answers.peakMemory < 600_000, "\(answers.peakMemory) KiB")
            #expect(life.process.isRunning)
        }
    }

    private static func subscription(_ house: House) -> Int {
        house.fake.snapshot.connections.last { $0.isOpen }?.subscriptions.keys.sorted().first ?? 0
    }

    @Test func hugeFrames() async throws {
        try await Self.run("frames of 10 MB") { rig, house, _ in
            let padding = String(repeating: "x", count: 10 << 20)
            for _ in 0..<(FaultRig.isQuick ? 1 : 4) {
                house.fake.fire { [$0.event("huge", more: #","padding":"\#(padding)""#)] }
                try await Task.sleep(for: .milliseconds(300))
            }
            #expect(house.fake.snapshot.connections.count == 1)
        }
    }

    @Test func endlessFragments() async throws {
        try await Self.run("endless fragments") { _, house, _ in
            let sent = house.fake.connections.first?.sendEndlessly(limit: 200 << 20) ?? 0
            #expect(sent < 200 << 20, "It takes a message without end.")
            #expect(await house.isSubscribed(.seconds(30)))
        }
    }

    @Test func announcedLengthBeyondReason() async throws {
        try await Self.run("announced length of 2^62") { _, house, _ in
            house.fake.connections.first?.announce(length: 1 << 62, sent: 10)
            let before = house.fake.snapshot.connections.count
            #expect(await house.fake.wait(.seconds(60)) { $0.connections.count > before }, "It waits for ever.")
            #expect(await house.isSubscribed(.seconds(30)))
        }
    }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test func deepNesting() async throws {
        try await Self.run("deep nesting") { rig, house, _ in
            house.fake.fire { [$0.event("deep", more: #","x":\#(Self.nested(200))"#)] }
            house.fake.fire { [$0.poison("deep", more: #","x":\#(Self.nested(20_000))"#)] }
            let letters = "SELECT count(*) FROM home_assistant_dead_letters"
            let isThere = try await rig.eventually { try await rig.count(letters) == 1 }
            #expect(isThere)
        }
    }

    /// One event in ten thousand cannot be stored, and costs itself alone.
    @Test func onePoisonInTenThousand() async throws {
        try await Self.run("one poison in 10,000", rate: 0) { rig, house, _ in
            for part in 0..<20 {
                house.fake.fire { ledger in
                    (0..<500).map { index in
                        part == 7 && index == 250
                            ? ledger.poison(
                                "tick",
                                more:
                                    #","x":\#(Self.nested(5_000))"#
                            )
                            : ledger.event()
                    }
                }
                try await Task.sleep(for: .milliseconds(60))
            }
            let ticks = "SELECT count(*) FROM home_assistant_events WHERE event_type = 'tick'"
            #expect(try await rig.eventually { try await rig.count(ticks) == 9_999 })
            #expect(try await rig.count("SELECT count(*) FROM home_assistant_dead_letters") == 1)
        }
    }

    /// Ten copies of everything, in any order, in pieces of any size, single or in arrays: the same rows.
    @Test func copiesInAnyOrder() async throws {
        try await Self.run("copies and disorder", rate: 0) { rig, house, _ in
            var random = SeededGenerator(seed: FaultRig.seed)
            for round in 0..<(FaultRig.isQuick ? 4 : 20) {
                house.fake.fire { ledger in
                    let events = (0..<100).map { index in
                        index % 2 == 0 ? ledger.event() : ledger.change("sensor.s\(index)", to: "\(round)")
                    }
                    return (0..<10).flatMap { _ in events }.shuffled(using: &random)
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...60, using: &random)))
            }
        }
    }

    @Test func replayedLedgerChangesNothing() async throws {
        try await Self.run("everything again") { rig, house, _ in
            house.ledger.keepFired()
            try await Task.sleep(for: .seconds(1))
            try await rig.settle()
            let hash = """
                SELECT md5(string_agg(e::text, '|' ORDER BY id, timestamp)) FROM (
                    SELECT id, timestamp, event_type, entity_id, old_state, new_state, attributes, value, context_id
                    FROM home_assistant_events
                    WHERE event_type <> 'probe' AND (new_state LIKE '\(House.spoken)%') IS NOT TRUE) AS e
                """
            let before = try await rig.value(hash)
            for _ in 0..<2 {
                let again = house.ledger.kept.filter { $0.type != "probe" }
                for start in stride(from: 0, to: again.count, by: 500) {
                    house.fake.fire { _ in Array(again[start..<min(start + 500, again.count)]) }
                    try await Task.sleep(for: .milliseconds(60))
                }
            }
            try await rig.settle()
            #expect(try await rig.value(hash) == before)
        }
    }

    /// What no Home Assistant says, or only the next one: counted or ignored, and the session goes on.
    @Test func nonsenseBetweenEvents() async throws {
        try await Self.run("nonsense between events") { rig, house, _ in
            let id = Self.subscription(house)
            let nonsense = [
                "[]", "[[]]", "{}", "null", "0", #""text""#, "[null]", #"{"type":"event"}"#,
                #"{"id":null,"type":"event"}"#,
                #"{"id":"\#(id)","type":"event","event":{}}"#, #"{"id":-1,"type":"pong"}"#,
                #"{"id":999999,"type":"pong"}"#,
                #"{"id":424242,"type":"result","success":true,"result":null}"#,
                #"{"id":424242,"type":"result","success":false,"error":{"code":"x","message":"y"}}"#,
                #"{"id":1,"type":"result","success":true,"result":{}}"#, #"{"type":"new_in_2030","id":\#(id)}"#,
                #"{"type":"auth_ok","ha_version":"1"}"#, #"{"id":18446744073709551616,"type":"event","event":{}}"#,
                #"{"id":\#(id),"type":"event","event":{"variables":{"trigger":{"platform":"state"}}}}"#,
                #"[{"id":777,"type":"event","event":{}},{"id":3,"type":"pong"},[]]"#,
            ]
            var random = SeededGenerator(seed: FaultRig.seed)
            for _ in 0..<(FaultRig.isQuick ? 3 : 15) {
                for text in nonsense.shuffled(using: &random) { house.fake.connections.first?.send(text) }
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(house.fake.snapshot.connections.count == 1, "Nonsense ends the session.")
        }
    }

    /// Bits of good frames changed by chance.
    @Test func fuzzedFrames() async throws {
        var rules = ReconciliationRules()
        rules.ignoresInvented = true
        try await Self.run("fuzzed frames", rules: rules) { rig, house, _ in
            let id = Self.subscription(house)
            var random = SeededGenerator(seed: FaultRig.seed)
            let seed = Array(
                #"{"id":\#(id),"type":"event","event":{"event_type":"fuzz","data":{"a":[1,2.5,null,"x"]},"origin":"LOCAL","time_fired":"2026-01-01T00:00:00.000001+00:00","context":{"id":"F"}}}"#
                    .utf8)
            for round in 0..<(FaultRig.isQuick ? 100 : 2_000) {
                if round % 20 == 0 { try await Task.sleep(for: .milliseconds(30)) }
                var bytes = seed
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let place = bytes.indices.randomElement(using: &random) ?? 0
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0x20...0x7E, using: &random)
                    case 1: bytes.remove(at: place)
                    default: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: place)
                    }
                }
                house.fake.connections.first?.send(String(decoding: bytes, as: UTF8.self))
            }
            try await Task.sleep(for: .milliseconds(300))
            #expect(house.fake.snapshot.connections.count == 1, "A fuzzed frame ends the session.")
        }
    }

    /// Home Assistant says that it could not send one event: it is lost, and a gap says so.
    @Test func undeliveredEvent() async throws {
        try await Self.run("undelivered event") { rig, house, _ in
            let id = Self.subscription(house)
            try await Task.sleep(for: .seconds(1))
            house.fake.fireUndelivered(on: id)
            let gaps = "SELECT count(*) FROM home_assistant_event_gaps WHERE cause = 'undelivered' AND events_lost = 1"
            #expect(try await rig.eventually { try await rig.count(gaps) == 1 })
            #expect(house.fake.snapshot.connections.count == 1)
        }
    }
}
