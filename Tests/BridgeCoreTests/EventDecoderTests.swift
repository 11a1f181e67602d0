import Testing

@testable import BridgeCore

@Suite struct EventDecoderTests {
    /// The fields of an event as texts, for comparison.
    struct Decoded: Equatable {
        var type: String?
        var entity: String?
        var old: String?
        var new: String?
        var payload: String?
        var time: String
        var context: [String?]
    }

    private func decode(_ text: String, snapshot: Bool = false) throws -> Decoded {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer { buffer in
            let decoder = EventDecoder(buffer)
            let event =
                try snapshot
                ? decoder.snapshotState(in: 0..<buffer.count) : decoder.event(in: 0..<buffer.count)
            func string(_ place: JSONString?) -> String? { place.map { JSONText.string($0, of: buffer) } }
            return Decoded(
                type: string(event.eventType), entity: string(event.entityID), old: string(event.oldState),
                new: string(event.newState),
                payload: event.payload.map { String(decoding: buffer[$0], as: UTF8.self) },
                time: event.timestamp.iso8601,
                context: [string(event.contextID), string(event.contextParentID), string(event.contextUserID)])
        }
    }

    @Test func readsAStateChange() throws {
        let event = try decode(
            """
            {"event_type":"state_changed","data":{"entity_id":"sensor.käse","old_state":{"entity_id":"sensor.käse",
            "state":"1","attributes":{"a":1},"last_updated":"2026-11-21T01:00:00.000001+00:00"},
            "new_state":{"entity_id":"sensor.käse","state":"2.5","attributes":{"unit":"°C"},
            "last_changed":"2026-11-21T01:14:48.110907+00:00","last_updated":"2026-11-21T01:14:48.110907+00:00",
            "context":{"id":"inner","parent_id":null,"user_id":null}}},"origin":"LOCAL",
            "time_fired":"2026-11-21T01:14:48.110999+00:00","context":{"id":"01M7","parent_id":null,"user_id":"u1"}}
            """)
        #expect(
            event
                == Decoded(
                    type: "state_changed", entity: "sensor.käse", old: "1", new: "2.5", payload: #"{"unit":"°C"}"#,
                    time: "2026-11-21T01:14:48.110907+00:00", context: ["01M7", nil, "u1"]))
    }

    @Test func readsARemovedEntity() throws {
        let event = try decode(
            #"{"event_type":"state_changed","data":{"entity_id":"a.b","old_state":{"state":"x"},"new_state":null},"time_fired":"2026-11-21T00:00:00+00:00","context":{}}"#
        )
        #expect(event.new == nil)
        #expect(event.old == "x")
        #expect(event.payload == nil)
    }

    @Test func keepsTheDataOfOtherEvents() throws {
        let event = try decode(
            #"{"event_type":"automation_triggered","data":{"name":"N","entity_id":"automation.n"},"time_fired":"2026-11-21T00:00:00+00:00"}"#
        )
        #expect(event.entity == "automation.n")
        #expect(event.payload == #"{"name":"N","entity_id":"automation.n"}"#)
        #expect(event.context == [nil, nil, nil])
    }

    @Test func readsAStateOfASnapshot() throws {
        let event = try decode(
            #"{"entity_id":"a.b","state":"on","attributes":{},"last_updated":"2026-11-21T00:00:00.5+00:00","context":{"id":"c"}}"#,
            snapshot: true)
        #expect(event.type == nil)
        #expect(event.new == "on")
        #expect(event.time == "2026-11-21T00:00:00.500000+00:00")
    }

    @Test(arguments: [
        (#"{"data":{}}"#, "missing_field"), ("{}", "missing_field"), (#"{"event_type":"x"}"#, "missing_field"),
        (#"{"event_type":"x","time_fired":"yesterday"}"#, "invalid_time"),
        (#"{"event_type":"x","time_fired":"2026-11-21T00:00:00"}"#, "invalid_time"),
        (#"{"event_type":5,"time_fired":"2026-11-21T00:00:00Z"}"#, "missing_field"),
        (#"{"event_type":"x","time_fired":"2026-11-21T00:00:00Z","data":{"n":1e999}}"#, "number_out_of_range"),
        (
            #"{"event_type":"\#(String(repeating: "x", count: 101))","time_fired":"2026-11-21T00:00:00Z"}"#,
            "field_too_long"
        ),
        (
            #"{"event_type":"state_changed","data":{"entity_id":"a.b","new_state":{"state":5}},"time_fired":"2026-11-21T00:00:00Z"}"#,
            "missing_field"
        ),
        (#"[1]"#, "json_unexpected_byte"), (#"{"event_type":"x""#, "json_unexpected_end"),
    ])
    func saysWhyAnEventCannotBecomeARow(text: String, code: String) {
        let error = #expect(throws: EventDecodingError.self) { _ = try decode(text) }
        #expect(error?.code == code)
    }

    @Test(
        arguments: [
            ("2026-11-21T01:14:48.110907+00:00", 1_795_223_688_110_907), ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00.000001+01:30", 951_820_200_000_001), ("1969-12-31T23:59:59.999999+00:00", -1),
            ("2026-11-21 01:14:48+00:00", 1_795_223_688_000_000),
        ] as [(String, Int64)])
    func readsTimesToTheMicrosecond(text: String, micros: Int64) {
        #expect(Timestamp(iso8601: text)?.microseconds == micros)
    }

    @Test(arguments: [
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01",
        "2026-01-01T00:00:00+0000", "2026-01-01T00:00:00.Z", "x026-01-01T00:00:00Z", "2026-01-01T00:00:60Z", "",
    ])
    func refusesOtherTimes(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func printsTimesAsItReadsThem() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let time = Timestamp(
                microseconds: .random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &generator))
            #expect(Timestamp(iso8601: time.iso8601) == time)
        }
    }

    @Test(arguments: [
        ("21.5", 21.5), ("-3", -3), ("0", 0), ("+7.25", 7.25), ("1e3", 1_000),
        ("123456789.123456789", 123_456_789.123_456_789),
        ("0.1", 0.1), ("99999999999999999999", 1e20), (".5", 0.5), ("5.", 5),
    ])
    func readsNumbers(text: String, value: Double) {
        #expect(Array(text.utf8).withUnsafeBytes { NumericState.parse($0) } == value)
    }

    @Test(arguments: [
        "", "on", "unavailable", "nan", "inf", "-inf", "0x10", "1_000", "1,5", "--1", "1e", "e5", "1e999", "-", ".",
        "12 ",
    ])
    func takesWordsForNoNumbers(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { NumericState.parse($0) } == nil)
    }
}
