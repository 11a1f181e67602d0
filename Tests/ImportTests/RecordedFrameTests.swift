import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import TestSupport
import Testing

@testable import Ingest

/// What another program's database tells, written as Home Assistant would have sent it.
@Suite struct RecordedFrameTests {
    private struct Captured: Decodable {
        struct Context: Decodable {
            var id: String?
            var parent_id: String?
            var user_id: String?
        }
        var event_type: String
        var origin: String
        var time_fired: String
        var context: Context
    }

    /// The id of an event comes from its bytes, so they must be the same to the last one.
    @Test(arguments: CapturedFrames.releases)
    func writesEventsByteForByteAsHomeAssistantSendsThem(release: String) throws {
        var builder = RecordedFrameBuilder(connection: ConnectionID())
        var compared = 0
        for event in try CapturedFrames.load(release).frames.joined() where event.type != "state_changed" {
            let captured = try JSONDecoder().decode(Captured.self, from: Data(event.json))
            let time = try #require(Timestamp(iso8601: captured.time_fired))
            let context = captured.context
            builder.append(
                .event(
                    RecordedEvent(
                        type: Array(captured.event_type.utf8), data: try Self.data(of: event.json),
                        isRemote: captured.origin == "REMOTE", time: time,
                        context: RecordedContext(
                            id: context.id.map { Array($0.utf8) }, parentID: context.parent_id.map { Array($0.utf8) },
                            userID: context.user_id.map { Array($0.utf8) }))))
            let rebuilt = builder.take()
            #expect(Array(rebuilt.bytes[rebuilt.events[0]]) == event.json)
            compared += 1
            if compared == 500 { break }
        }
        #expect(compared > 50)
    }

    /// The bytes of the field `data`.
    private static func data(of event: [UInt8]) throws -> [UInt8] {
        try event.withUnsafeBufferPointer { bytes in
            let decoded = try EventDecoder(bytes).event(in: 0..<bytes.count)
            return decoded.payload.map { Array(bytes[$0]) } ?? []
        }
    }

    @Test func writesContextsAsHomeAssistantWritesThem() throws {
        let bytes: [UInt8] = [
            0x01, 0xA2, 0x00, 0xE4, 0x4E, 0xED, 0xA6, 0x5F, 0xAF, 0x87, 0x38, 0x92, 0xF4, 0xE9, 0x70, 0xAF,
        ]
        let context = RecordedContext(binaryID: bytes, parentID: nil, userID: bytes)
        #expect(context.id.map { String(decoding: $0, as: UTF8.self) } == "01M80E8KQDMSFTZ1SRJBTEJW5F")
        #expect(context.userID.map { String(decoding: $0, as: UTF8.self) } == "01a200e44eeda65faf873892f4e970af")
        #expect(RecordedContext(binaryID: [1, 2], parentID: [], userID: nil) == RecordedContext())
    }

    @Test func writesMomentsAsPythonDoes() throws {
        #expect(
            RecordedFrameBuilder.isoformat(Timestamp(microseconds: 1_795_223_601_341_154))
                == "2026-11-21T01:13:21.341154+00:00")
        #expect(
            RecordedFrameBuilder.isoformat(Timestamp(microseconds: 1_795_223_601_000_000))
                == "2026-11-21T01:13:21+00:00")
    }

    @Test(arguments: [
        ("2025-03-01 10:00:00.123456", 1_740_823_200_123_456), ("2025-03-01 10:00:00", 1_740_823_200_000_000),
        ("2025-03-01 12:00:00.5+02", 1_740_823_200_500_000), ("2025-03-01 12:00:00+02:00", 1_740_823_200_000_000),
        ("1740823200.123456", 1_740_823_200_123_456),
    ])
    func readsMomentsOfEveryAge(text: String, microseconds: Int64) {
        #expect(HistoryValue.text(Array(text.utf8)).time == Timestamp(microseconds: microseconds))
    }

    @Test(arguments: ["", "yesterday", "2025-03-01", "nan", "inf"])
    func takesNothingElseForAMoment(text: String) { #expect(HistoryValue.text(Array(text.utf8)).time == nil) }
}
