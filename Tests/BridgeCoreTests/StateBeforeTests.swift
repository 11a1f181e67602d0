import BridgeCore
import Testing

@Suite struct StateBeforeTests {
    private func read<Result>(
        _ json: String, _ body: (HomeAssistantEvent, UnsafeBufferPointer<UInt8>) -> Result, isHistory: Bool = false
    ) throws -> Result {
        let bytes = Array(json.utf8)
        return try bytes.withUnsafeBufferPointer { buffer in
            let event =
                isHistory
                ? try HistoryDecoder(buffer).state(
                    in: 0..<buffer.count, of: JSONString(start: 0, end: 0, hasEscapes: false))
                : try EventDecoder(buffer).event(in: 0..<buffer.count)
            return body(event, buffer)
        }
    }

    private func change(old: String) -> String {
        """
        {"event_type":"state_changed","data":{"entity_id":"light.a","old_state":\(old),"new_state":{"state":"on",\
        "attributes":{"b":2},"last_changed":"2026-11-21T10:00:00+00:00","last_updated":"2026-11-21T10:00:00+00:00"}},\
        "time_fired":"2026-11-21T10:00:00+00:00","context":{"id":"1"}}
        """
    }

    @Test func findsTheAttributesAndTimesOfBoth() throws {
        let old = #"{"state":"off","attributes":{"b":1},"last_changed":"2026-11-21T09:30:00+00:00"}"#
        try read(change(old: old)) { event, bytes in
            #expect(event.oldAttributes.map { String(decoding: bytes[$0], as: UTF8.self) } == #"{"b":1}"#)
            #expect(event.payload.map { String(decoding: bytes[$0], as: UTF8.self) } == #"{"b":2}"#)
            let before = event.lastChanged(event.oldLastChanged, in: bytes)
            let after = event.lastChanged(event.newLastChanged, in: bytes)
            #expect(before == Timestamp(iso8601: "2026-11-21T09:30:00+00:00"))
            #expect(after == Timestamp(iso8601: "2026-11-21T10:00:00+00:00"))
        }
    }

    @Test(arguments: ["null", "{}", #"{"state":"off","attributes":null,"last_changed":17}"#, #""odd""#])
    func livesWithoutThem(old: String) throws {
        try read(change(old: old)) { event, bytes in
            #expect(event.lastChanged(event.oldLastChanged, in: bytes) == nil)
            #expect(event.newState != nil)
        }
    }

    @Test(arguments: [
        (#"{"s":"on","a":{},"lu":1795223601.5,"lc":1795223600.25}"#, 1_795_223_600_250_000),
        (#"{"s":"on","a":{},"lu":1795223601.5}"#, 1_795_223_601_500_000),
    ])
    func readsTheTimesOfTheHistory(json: String, microseconds: Int64) throws {
        let time = try read(json, { $0.lastChanged($0.newLastChanged, in: $1) }, isHistory: true)
        #expect(time == Timestamp(microseconds: microseconds))
    }
}
