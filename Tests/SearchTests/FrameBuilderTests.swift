import BridgeCore
import Testing

@testable import retrieval_eval

@Suite struct FrameBuilderTests {
    private func event(_ json: String) throws -> BenchmarkEvent { try BenchmarkEvent(Array(json.utf8)) }

    private func lights(_ old: String, _ new: String, duration: String = "null", more: String = "") throws
        -> BenchmarkEvent
    {
        try event(
            """
            {"id": "e", "event_type": "state_changed", "entity_id": "light.a", "old_state": "\(old)", \
            "new_state": "\(new)", "attributes": {"friendly_name": "Küche \\"A\\"", "brightness": 26.0}, \
            "old_attributes": {"brightness": 77, "effect": null}, "area": "Kitchen", "prev_duration_s": \(duration), \
            "timestamp": "2025-10-06T01:32:26.544+00:00", "local_time": "2025-10-06T03:32:26.544+02:00"\(more)}
            """)
    }

    @Test func aFrameReadsLikeOneOfHomeAssistant() throws {
        var builder = FrameBuilder(connection: ConnectionID())
        let (frame, context) = builder.frame(of: try lights("off", "on", duration: "90"))
        try frame.bytes.withUnsafeBufferPointer { bytes in
            let decoded = try EventDecoder(bytes).event(in: try #require(frame.events.first))
            #expect(decoded.kind == .state)
            #expect(decoded.entityID.map { JSONText.string($0, of: bytes) } == "light.a")
            #expect(decoded.oldState.map { JSONText.string($0, of: bytes) } == "off")
            #expect(decoded.newState.map { JSONText.string($0, of: bytes) } == "on")
            #expect(decoded.contextID.map { JSONText.string($0, of: bytes) } == context)
            #expect(decoded.timestamp == Timestamp(iso8601: "2025-10-06T01:32:26.544Z"))
            // Numbers stay as they were written.
            let attributes = String(decoding: bytes[try #require(decoded.payload)], as: UTF8.self)
            #expect(attributes == #"{"friendly_name":"Küche \"A\"","brightness":26.0}"#)
        }
        let text = String(decoding: frame.bytes, as: UTF8.self)
        #expect(text.contains(#""attributes":{"friendly_name":"Küche \"A\"","brightness":77,"effect":null}"#))
        #expect(
            text.contains(#""state":"off""#) && text.contains(#""last_changed":"2025-10-06T01:30:56.544000+00:00""#))
    }

    @Test func anAttributeChangeKeepsTheTimeOfTheStateBefore() throws {
        var builder = FrameBuilder(connection: ConnectionID())
        _ = builder.frame(of: try lights("off", "on"))
        var dimmed = try lights("on", "on")
        dimmed.timestamp = dimmed.timestamp.adding(seconds: 60)
        let text = String(decoding: builder.frame(of: dimmed).frame.bytes, as: UTF8.self)
        #expect(text.components(separatedBy: #""last_changed":"2025-10-06T01:32:26.544000+00:00""#).count == 3)
    }

    @Test func otherEventsCarryTheirDataAndTheirEntity() throws {
        var builder = FrameBuilder(connection: ConnectionID())
        let (frame, _) = builder.frame(
            of: try event(
                """
                {"id": "e", "event_type": "automation_triggered", "entity_id": "automation.a", "old_state": null, \
                "new_state": null, "attributes": {"name": "Porch", "source": "sun"}, "old_attributes": {}, "area": null, \
                "prev_duration_s": null, "timestamp": "2025-10-06T03:33:37.348+00:00", "local_time": \
                "2025-10-06T05:33:37.348+02:00"}
                """))
        try frame.bytes.withUnsafeBufferPointer { bytes in
            let decoded = try EventDecoder(bytes).event(in: try #require(frame.events.first))
            #expect(decoded.kind == .other)
            let data = String(decoding: bytes[try #require(decoded.payload)], as: UTF8.self)
            #expect(data == #"{"entity_id":"automation.a","name":"Porch","source":"sun"}"#)
        }
    }

    @Test func contextIdsAreDifferentAndOfTheRightForm() {
        let time = Timestamp(microseconds: 1_759_714_346_544_000)
        let ids = (UInt64(0)..<5_000).map { FrameBuilder.contextID(at: time, number: $0) }
        #expect(Set(ids).count == 5_000)
        #expect(ids.allSatisfy { $0.count == 26 && $0.hasPrefix("01K6") })
    }

    @Test(
        arguments: [
            ("2025-10-06T00:24:59.224+02:00", 7_200), ("2025-10-06T00:24:59-03:30", -12_600),
            ("2025-10-06T00:24:59Z", 0), ("2025-10-06T00:24:59", nil), ("", nil), ("+a:00", nil), ("++1:00", nil),
        ] as [(String, Int?)])
    func readsTheOffsetOfALocalTime(text: String, offset: Int?) {
        #expect(BenchmarkEvent.offset(ofLocalTime: text) == offset)
    }
}
