import BridgeCore
import Foundation
import Testing
import TestSupport

@testable import HomeAssistantClient
@testable import Ingest

@Suite struct TransformerTests {
    private func transform(_ events: [String]) -> EventBatch {
        var transformer = FrameTransformer()
        let messages = events.map { #"{"type":"event","event":\#($0),"id":2}"# }
        return transformer.transform([FrameFuzzTests.received(Array("[\(messages.joined(separator: ","))]".utf8))])
    }

    private func state(
        _ attributes: String = "{}", old: String = "null", new: String? = nil, time: String = "2026-11-21T01:14:48Z"
    ) -> String {
        let new = new ?? #"{"state":"on","attributes":\#(attributes),"last_updated":"\#(time)"}"#
        return
            #"{"event_type":"state_changed","data":{"entity_id":"a.b","old_state":\#(old),"new_state":\#(new)},"time_fired":"\#(time)","context":{"id":"c"}}"#
    }

    /// What the poison was, the event after it tells again as the state before: that costs nothing.
    @Test(arguments: [
        #"{"n":1e999}"#, #"{"n":"\u0000"}"#, "{\"n\":\"\u{1}\"}",
        String(repeating: "[", count: 300) + String(repeating: "]", count: 300),
    ])
    func aPoisonInTheStateBeforeCostsNothing(attributes: String) {
        let batch = transform([state(old: #"{"state":"off","attributes":\#(attributes)}"#)])
        #expect(batch.index.count == 1 && batch.deadLetters.isEmpty)
    }

    @Test(arguments: [
        ("5", "missing_field"), (#""on""#, "missing_field"), ("[]", "missing_field"), ("{}", "missing_field"),
        (#"{"state":7}"#, "missing_field"), (#"{"state":"on","last_updated":"never"}"#, "invalid_time"),
    ])
    func aNewStateOfAnUnknownKindIsNoRemoval(new: String, code: String) {
        let batch = transform([state(new: new)])
        #expect(batch.index.isEmpty && batch.deadLetters.map(\.reasonCode) == [code])
        #expect(batch.deadLetters.map(\.eventType) == ["state_changed"])
    }

    @Test(arguments: [
        (state: "5", context: #"{"id":"c"}"#), (state: #"{"state":5}"#, context: #"{"id":"c"}"#),
        (state: "null", context: "7"), (state: "null", context: #"{"id":7}"#),
    ])
    func whatIsLeftOutIsKeptBesideTheRow(state old: String, context: String) {
        let event = state(old: old).replacingOccurrences(of: #"{"id":"c"}"#, with: context)
        let batch = transform([event])
        #expect(batch.index.count == 1)
        #expect(batch.deadLetters.map(\.reasonCode) == ["ignored_field"])
        #expect(batch.deadLetters.first?.payload == Array(event.utf8))
    }

    @Test func aMessageThatIsTooDeepCostsItself() {
        let deep = String(repeating: #"{"a":["#, count: 10_000) + String(repeating: "]}", count: 10_000)
        let batch = transform([state(), state(deep), state(time: "2026-11-21T01:14:49Z")])
        #expect(batch.index.count == 2)
        #expect(batch.deadLetters.map(\.reasonCode) == ["json_too_deep"])
        #expect(batch.deadLetters.first?.payload == Array(state(deep).utf8))
    }

    @Test func controlCharactersKeepTheirMeaning() {
        let batch = transform([state("{\"a\":\"1\t2\u{1}\"}")])
        #expect(batch.deadLetters.map(\.reasonCode) == ["repaired"])
        #expect(
            batch.row(0)?.fields[6].map { String(decoding: $0.dropFirst(), as: UTF8.self) }
                == #"{"a":"1\u00092\u0001"}"#)
    }

    @Test func payloadsAndTextsHaveALimit() {
        let large = #"{"a":"\#(String(repeating: "x", count: EventDecoder.payloadLimit))"}"#
        let long = #"{"state":"\#(String(repeating: "x", count: EventDecoder.textLimit + 1))"}"#
        // Within the limit as it came, past it when each byte needs six.
        let growing = #"{"a":"\#(String(repeating: "\u{1}", count: EventDecoder.payloadLimit / 4))"}"#
        let batch = transform([state(large), state(new: long), state(growing), state()])
        #expect(batch.index.count == 1)
        #expect(batch.deadLetters.map(\.reasonCode) == ["field_too_large", "field_too_large", "field_too_large"])
    }

    @Test func timesFarFromTheClockAreStoredAndCounted() {
        // The frames of these tests were received at 2026-11-21T01:15:00Z.
        let times = [
            "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-22T01:14:59Z", "2026-11-22T01:15:01Z",
            "2026-08-23T01:14:59Z", "2026-08-23T01:15:01Z",
        ]
        let batch = transform(times.map { state(time: $0) })
        #expect(batch.index.count == 6 && batch.deadLetters.isEmpty)
        #expect(batch.clockSuspects == 4)
    }

    @Test func everyCodeHasItsLabel() {
        let codes: [(String, DeadLetterReason)] = [
            ("json_unexpected_end", .unreadable), ("json_unexpected_byte", .unreadable),
            ("json_trailing_bytes", .unreadable), ("json_too_deep", .depth), ("missing_field", .schema),
            ("field_too_long", .size), ("field_too_large", .size), ("number_out_of_range", .range),
            ("invalid_time", .range), ("repaired", .repaired), ("ignored_field", .ignored),
            ("refused_by_postgresql", .refused), ("no_identity", .internal),
        ]
        for (code, reason) in codes { #expect(DeadLetterReason(code: code) == reason) }
        #expect(Set(codes.map(\.1)) == Set(DeadLetterReason.allCases))
    }

    // MARK: Any company, any order

    /// Rows and letters by id.
    private struct Contents: Equatable {
        var rows: [[UInt8]: Set<[UInt8]>] = [:]
        var letters: Set<String> = []
    }

    private func contents(_ frames: [[[UInt8]]]) -> Contents {
        var transformer = FrameTransformer()
        var contents = Contents()
        // Some frames in one batch, some alone.
        for part in frames {
            let batch = transformer.transform(part.map(FrameFuzzTests.received))
            for entry in batch.index {
                let row = Array(batch.rows[entry.range])
                contents.rows[Array(row[6..<22]), default: []].insert(row)
            }
            for letter in batch.deadLetters { contents.letters.insert("\(letter.id) \(letter.reasonCode)") }
        }
        return contents
    }

    @Test func companyOrderAndRepetitionChangeNothing() {
        var forge = EventForge(generator: FuzzRun.generator("order"), captured: FrameFuzzTests.captured)
        for number in 0..<max(FuzzRun.cases(default: 300) / 20, 1) {
            var events = (0..<40).map { _ in forge.event() }
            events.removeAll { ReferenceJSON.parse($0, limit: 400) == nil }
            let alone = contents(events.map { [forge.message($0)] })
            var many = (events + events + events).shuffled(using: &forge.generator)
            var frames: [[[UInt8]]] = []
            while !many.isEmpty {
                var batch: [[UInt8]] = []
                for _ in 0...forge.generator.below(3) where !many.isEmpty {
                    let size = min(many.count, 1 + forge.generator.below(12))
                    var messages = many.suffix(size).map { forge.message($0) }
                    many.removeLast(size)
                    if forge.generator.once(in: 3) { messages.append(forge.otherMessage()) }
                    batch.append(forge.frame(messages))
                }
                frames.append(batch)
            }
            let company = contents(frames)
            if alone != company {
                Issue.record("case \(number) of seed \(FuzzRun.seed)")
                return
            }
        }
    }

    /// Shapes that make careless readers slow or deep. The time limit stands for "not quadratic": that would take days.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            "[", "{\"a\":", "[[],", "\"\\", "\"\\u0000", "\"\u{1}", "1", "1e", "[0,", "{\"type\":\"event\",\"event\":",
            ",{\"type\":\"event\",\"event\":{\"event_type\":", "[{\"type\":\"event\",\"event\":{\"event_type\":", "\"é",
            "]", " ",
        ])
    func hugeFramesOfOneShapeAreReadInLinearTime(unit: String) {
        let count = (1 << 19) / unit.utf8.count
        var bytes = [0x5B] + [[UInt8]](repeating: Array(unit.utf8), count: count).joined()
        var transformer = FrameTransformer()
        for end in ["", "\"]"] {
            bytes += end.utf8
            let batch = transformer.transform([FrameFuzzTests.received(bytes)])
            #expect(batch.index.isEmpty)
        }
    }
}
