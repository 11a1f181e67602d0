import BridgeCore
import Foundation
import Testing

@Suite struct HistoryDecoderTests {
    /// A state as texts, for comparison.
    struct Decoded: Equatable {
        var entity: String
        var state: String?
        var attributes: String?
        var time: String
        var isRemoval = false
    }

    private func decode(_ text: String) throws -> [Result<Decoded, EventDecodingError>] {
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            let decoder = HistoryDecoder(bytes)
            var results: [Result<Decoded, EventDecodingError>] = []
            try decoder.forEachState(in: 0..<bytes.count) { entity, range in
                results.append(
                    Result { () throws(EventDecodingError) in
                        let event = try decoder.state(in: range, of: entity)
                        return Decoded(
                            entity: JSONText.string(entity, of: bytes),
                            state: event.newState.map { JSONText.string($0, of: bytes) },
                            attributes: event.payload.map { String(decoding: bytes[$0], as: UTF8.self) },
                            time: event.timestamp.iso8601, isRemoval: event.kind == .stateRemoved)
                    })
            }
            return results
        }
    }

    @Test func readsStatesAttributesAndRemovals() throws {
        let states = try decode(
            #"""
            {"sensor.a":[{"s":"1","a":{"n":0,"x":"a\u0000b"},"lu":1795247713.2503307},
             {"s":"2","a":{},"lu":1795247713.247426,"lc":1795247700.5}, {"s":null,"a":{},"lu":1795247713.5399883}],
             "sensor.b":[], "light.c":[{"lu":1795247714.0,"new":[1],"s":"on \"x\" ü","a":{"b":1}}]}
            """#
        ).map { try $0.get() }
        #expect(
            states == [
                Decoded(
                    entity: "sensor.a", state: "1", attributes: #"{"n":0,"x":"a\u0000b"}"#,
                    time: "2026-11-21T07:55:13.250331+00:00"),
                Decoded(entity: "sensor.a", state: "2", attributes: "{}", time: "2026-11-21T07:55:13.247426+00:00"),
                Decoded(
                    entity: "sensor.a", state: nil, attributes: nil, time: "2026-11-21T07:55:13.539988+00:00",
                    isRemoval: true),
                Decoded(
                    entity: "light.c", state: "on \"x\" ü", attributes: #"{"b":1}"#,
                    time: "2026-11-21T07:55:14.000000+00:00"),
            ])
    }

    @Test(arguments: [
        (#"{"a.b":[{"a":{},"lu":1.0}]}"#, "missing_field"), (#"{"a.b":[{"s":5,"lu":1.0}]}"#, "missing_field"),
        (#"{"a.b":[{"s":"x"}]}"#, "missing_field"), (#"{"a.b":[{"s":"x","lu":"1.0"}]}"#, "invalid_time"),
        (#"{"a.b":[{"s":"x","lu":null}]}"#, "invalid_time"), (#"{"a.b":[{"s":"x","lu":1e300}]}"#, "invalid_time"),
        (#"{"a.b":[{"s":"x","a":{"n":1e999},"lu":1.0}]}"#, "number_out_of_range"),
        (#"{"a.b":[[]]}"#, "json_unexpected_byte"),
        (#"{"a.b":{"s":"x","lu":1.0,"a":1e999}}"#, "number_out_of_range"),
        (#"{"\#(String(repeating: "x", count: 256))":[{"s":"x","lu":1.0}]}"#, "field_too_long"),
    ])
    func saysWhyAStateCannotBecomeARow(text: String, code: String) throws {
        let result = try #require(try decode(text).first)
        #expect(throws: EventDecodingError.self) { _ = try result.get() }
        if case .failure(let error) = result { #expect(error.code == code) }
    }

    /// One bad state never takes the others with it.
    @Test func goesOnAfterABadState() throws {
        let results = try decode(#"{"a.b":[{"s":1,"lu":1.0},{"s":"x","lu":2.0}],"c.d":[{"s":"y","lu":3.0}]}"#)
        #expect(results.count == 3)
        #expect(results.compactMap { try? $0.get().state } == ["x", "y"])
    }

    @Test(arguments: ["[]", "null", "{", #"{"a.b":[{"s":"x","lu":1.0}"#, #"{"a.b":[]}{}"#])
    func refusesWhatIsNoAnswer(text: String) {
        #expect(throws: JSONScanError.self) { _ = try decode(text) }
    }

    /// Python itself wrote each line: the float as it prints it, and the time that `datetime.fromtimestamp` makes of it.
    @Test func agreesWithPythonToTheMicrosecond() throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/python-times", withExtension: "txt"))
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 800)
        for line in lines {
            let parts = line.split(separator: " ").map(String.init)
            let parsed = Array(parts[0].utf8).withUnsafeBytes { Timestamp(secondsText: $0) }
            #expect(parsed == Timestamp(iso8601: parts[1]), "\(line)")
            // What the fake history prints is what Python prints.
            #expect("\(Double(parts[0]) ?? 0)" == parts[0])
        }
    }

    /// A whole microsecond survives the way over a float and its text.
    @Test func aMicrosecondSurvivesTheFloat() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200_000 {
            let time = Timestamp(
                microseconds: .random(in: 1_262_304_000_000_000...4_102_444_800_000_000, using: &generator))
            let text = "\(Double(time.microseconds) / 1_000_000)"
            let parsed = Array(text.utf8).withUnsafeBytes { Timestamp(secondsText: $0) }
            guard parsed == time else {
                Issue.record("seed \(seed): \(text) became \(parsed?.iso8601 ?? "nothing"), not \(time.iso8601)")
                return
            }
        }
    }

    @Test(arguments: [
        "", "x", "1795223601.3x", "nan", "inf", "-1e20", "9999999999999", "1 ", String(repeating: "1", count: 40),
    ])
    func refusesOtherTimes(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { Timestamp(secondsText: $0) } == nil)
    }
}

/// A generator whose numbers can be had again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
