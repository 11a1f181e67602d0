import BridgeConcurrency
import BridgeCore
import EventSpool
import FoundationEssentials
import HomeAssistantClient
import Testing

@testable import Ingest

/// Wherever frames come in, they come in without secrets, and as the same rows.
@Suite struct EntryTests {
    private static let secret = "0123456789abcdef0123456789abcdef"

    private func event(_ token: String) -> [UInt8] {
        Array(
            #"{"id":2,"type":"event","event":{"event_type":"state_changed","data":{"entity_id":"camera.yard","old_state":null,"new_state":{"entity_id":"camera.yard","state":"idle","attributes":{"access_token":"\#(token)","entity_picture":"/api/camera_proxy/camera.yard?token=\#(token)"},"last_updated":"2026-11-21T01:00:00+00:00"}},"time_fired":"2026-11-21T01:00:00+00:00","context":{"id":"c"}}}"#
                .utf8)
    }

    private func holdsSecret(_ bytes: [UInt8]) -> Bool { bytes.firstRange(of: Array(Self.secret.utf8)) != nil }

    /// Written by a release that kept secrets, a record gives them up when it is read.
    @Test func anOldRecordOfTheSpoolIsRedactedWhenItIsRead() throws {
        let frame = FrameFuzzTests.received(event(Self.secret))
        let record = try #require(SpoolItem.frame(frame).encoded())
        var old = record.head
        #expect(old[1] & 4 == 4)
        guard case .frame(let trusted)? = SpoolItem(kind: 1, payload: old + record.body) else { throw Unexpected() }
        // What carries the mark is not looked at again.
        #expect(holdsSecret(trusted.bytes))
        old[1] &= ~4
        guard case .frame(let read)? = SpoolItem(kind: 1, payload: old + record.body) else { throw Unexpected() }
        #expect(!holdsSecret(read.bytes) && read.events.count == 1)
        #expect(
            read.events.map { Array(read.bytes[$0]) }
                == trusted.events.map { range in
                    var event = Array(trusted.bytes[range])
                    FrameRedactor.redact(&event)
                    return event
                })
    }

    @Test func theHistoryGivesNoSecrets() throws {
        var transformer = HistoryTransformer(connection: ConnectionID())
        let result =
            #"{"camera.yard":[{"s":"idle","a":{"access_token":"\#(Self.secret)"},"lu":10.5},{"s":"a\u0000","a":{"password":"\#(Self.secret)"},"lu":11.5}]}"#
        let frame = Array(#"{"id":1,"result":"#.utf8) + Array(result.utf8) + [0x7D]
        let answer = CommandAnswer(frame: frame, result: 17..<17 + result.utf8.count)
        let window = Timestamp(microseconds: 0)..<Timestamp(microseconds: 1_000_000_000)
        let output = transformer.transform(answer, window: window)
        #expect(output.batch.index.count == 2 && output.batch.deadLetters.count == 1)
        #expect(!holdsSecret(output.batch.rows) && output.batch.deadLetters.allSatisfy { !holdsSecret($0.payload) })
    }

    /// Redacted or not, an event without a secret is the same row; with one, each way gives the same row.
    @Test func identitiesStayWhatTheyAre() throws {
        func rows(_ bytes: [UInt8]) -> [UInt8] {
            var transformer = FrameTransformer()
            return transformer.transform([FrameFuzzTests.received(bytes)]).rows
        }
        for captured in FrameFuzzTests.captured.prefix(200) {
            let frame = Array(#"{"id":2,"type":"event","event":"#.utf8) + captured + [0x7D]
            var redacted = frame
            guard FrameRedactor.redact(&redacted) == 0 else { continue }
            #expect(rows(redacted) == rows(frame))
        }
        var once = event(Self.secret)
        FrameRedactor.redact(&once)
        var twice = once
        FrameRedactor.redact(&twice)
        #expect(rows(once) == rows(twice) && !holdsSecret(rows(once)))
        // A state is known by its entity and its time, with the secret as without.
        #expect(rows(once)[6..<22] == rows(event(Self.secret))[6..<22])
    }

    private struct Unexpected: Error {}
}
