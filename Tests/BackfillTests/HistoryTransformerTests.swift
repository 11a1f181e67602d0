import BridgeCore
import HomeAssistantClient
import Store
import Testing

@testable import Ingest

@Suite struct HistoryTransformerTests {
    private let connection = ConnectionID()
    private static let all = Timestamp(microseconds: 0)..<Timestamp(microseconds: 4_000_000_000_000_000)

    private func transform(
        _ result: String, window: Range<Timestamp> = all, states: [String: String] = [:]
    ) -> HistoryTransformer.Output {
        var transformer = HistoryTransformer(connection: connection)
        transformer.begin(with: states)
        return transformer.transform(BackfillHouse.answer(result), window: window)
    }

    /// The ids in the encoded rows: 16 bytes after the number of columns and a length.
    private func ids(_ batch: EventBatch) -> [[UInt8]] {
        batch.index.map { Array(batch.rows[($0.range.lowerBound + 6)..<($0.range.lowerBound + 22)]) }
    }

    @Test func aStateHasTheIdOfItsLiveEvent() throws {
        let time = Timestamp(microseconds: 1_795_247_713_250_331)
        let gone = Timestamp(microseconds: 1_795_247_713_539_988)
        let events = [Live.state("sensor.a", "1", at: time), Live.removal("sensor.a", old: "1", at: gone)]
        var live = FrameTransformer()
        let expected = ids(live.transform(events.map { .live(connection, Array($0.utf8)) }))
        let output = transform(
            #"{"sensor.a":[{"s":"1","a":{},"lu":1795247713.2503307},{"s":null,"a":{},"lu":1795247713.5399883}]}"#)
        #expect(expected.count == 2 && ids(output.batch) == expected)
        var identity = EventIdentity(connection: connection, digest: SHA256ContentDigest())
        let id = try identity.id(ofState: "sensor.a", at: gone, isRemoval: true)
        #expect(withUnsafeBytes(of: id.uuid.uuid) { Array($0) } == expected[1])
        #expect(output.batch.mayRepeat && output.found == 2 && output.oldest == time)
    }

    @Test func takesOnlyWhatLiesInTheWindow() {
        let start = Timestamp(microseconds: 10_000_000)
        let output = transform(
            #"{"a.b":[{"s":"0","lu":9.999999},{"s":"1","lu":10.0},{"s":"2","lu":19.999999},{"s":"3","lu":20.0}]}"#,
            window: start..<start.adding(seconds: 10))
        #expect(output.found == 2 && output.batch.index.count == 2)
    }

    @Test func keepsTheOriginalOfWhatItRepairs() throws {
        let output = transform(#"{"sensor.a":[{"s":"a\u0000b","a":{"x":"\ud800"},"lu":10.5},{"s":"ok","lu":11.0}]}"#)
        #expect(output.batch.index.count == 2)
        let letter = try #require(output.batch.deadLetters.first)
        #expect(output.batch.deadLetters.count == 1 && letter.reasonCode == "repaired")
        #expect(letter.reason.contains("sensor.a"))
        #expect(String(decoding: letter.payload, as: UTF8.self) == #"{"s":"a\u0000b","a":{"x":"\ud800"},"lu":10.5}"#)
        // The same id as that of the live event, which is repaired in the same way.
        var live = FrameTransformer()
        let event = Live.state("sensor.a", #"a\u0000b"#, at: Timestamp(microseconds: 10_500_000))
        let expected = live.transform([.live(connection, Array(event.utf8))])
        #expect(ids(output.batch).first == ids(expected).first)
    }

    @Test func oneBadStateCostsOneDeadLetter() {
        let output = transform(#"{"a.b":[{"s":"1","lu":1.0},{"s":2,"lu":2.0},{"s":"3","lu":3.0}],"c.d":7}"#)
        #expect(output.batch.index.count == 2)
        #expect(output.batch.deadLetters.map(\.reasonCode) == ["missing_field", "json_unexpected_byte"])
        #expect(output.batch.deadLetters.first?.reason.contains("a.b") == true)
        #expect(output.unreadable == nil)
    }

    @Test func whatIsNoJSONIsKeptWhole() {
        let output = transform(#"{"a.b":[{"s":"1","lu":1.0},{"s":}]}"#)
        #expect(output.batch.index.count == 1)
        #expect(output.unreadable != nil && output.batch.deadLetters.count == 1)
    }
}

@Suite struct HistoryPlanTests {
    @Test func answersStayAboutAMegabyte() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var plan = HistoryPlan()
            // Bytes a second of one entity, from a quiet house to a wild one.
            let rate = pow10(.random(in: -3...4, using: &generator))
            for _ in 0..<20 {
                var span = plan.firstSpan
                var bytes = 0
                for step in 0..<12 {
                    bytes = Int(rate * Double(plan.entities) * Double(span) / 1e6)
                    if step == 0 { plan.learn(firstAnswer: bytes) }
                    span = plan.span(after: span, bytes: bytes)
                    #expect(span >= 1_000_000, "seed \(seed)")
                }
                // A second of one entity is the least that can be asked for; ten days the most.
                let least = Int(rate * Double(plan.entities))
                #expect(bytes <= max(plan.target * 2, least * 2), "seed \(seed), rate \(rate)")
            }
            #expect((1...512).contains(plan.entities))
        }
    }

    private func pow10(_ exponent: Double) -> Double {
        var value = 1.0
        for _ in 0..<Int(abs(exponent)) { value *= exponent < 0 ? 0.1 : 10 }
        return value
    }
}

@Suite struct HistoryCommandTests {
    @Test(arguments: [
        ("sensor.a", true), ("sensor.a_b2", true), ("1.2", true), ("a__b.c", false), ("_a.b", false), ("a.b_", false),
        ("a._b", false), ("ab", false), ("a.b.c", false), ("A.b", false), ("a.", false), ("ä.b", false), ("", false),
    ])
    func knowsWhichNamesSpoilACommand(entity: String, isGood: Bool) {
        #expect(HistoryCommand.accepts(entity) == isGood)
    }

    @Test func asksForEverything() {
        let start = Timestamp(microseconds: 1_795_247_713_000_000)
        let command = HistoryCommand.history(of: ["a.b", "c.d"], in: start..<start.adding(seconds: 1))
        #expect(
            command == """
                "type":"history/history_during_period","start_time":"2026-11-21T07:55:12.999000+00:00",\
                "end_time":"2026-11-21T07:55:14.001000+00:00","entity_ids":["a.b","c.d"],\
                "significant_changes_only":false,"minimal_response":false,"include_start_time_state":false,\
                "no_attributes":false
                """)
    }
}
