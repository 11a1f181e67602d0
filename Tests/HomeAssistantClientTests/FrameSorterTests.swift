import BridgeCore
import Testing

@testable import HomeAssistantClient

@Suite struct FrameSorterTests {
    private let sorter = FrameSorter(
        pending: [CommandID(3): .getConfig, CommandID(4): .getStates, CommandID(5): .subscribeEvents(type: nil)],
        subscriptions: [CommandID(2)])

    private func sort(_ text: String) -> (SortedFrame, [UInt8]) {
        let bytes = Array(text.utf8)
        return (sorter.sort(bytes), bytes)
    }

    @Test func findsTheEventWhereverTheIdentifierStands() {
        let (last, bytes) = sort(#"{"type":"event","event":{"a":1},"id":2}"#)
        #expect(last.events.map { String(decoding: bytes[$0], as: UTF8.self) } == [#"{"a":1}"#])
        let (first, _) = sort(#"{"id":2,"event":{"a":1},"type":"event"}"#)
        #expect(first.events.count == 1)
    }

    @Test func splitsArraysAlsoNestedOnes() {
        let (sorted, bytes) = sort(
            #"[{"type":"event","event":{"n":1},"id":2},[{"type":"event","event":{"n":2},"id":2}],[],{"type":"pong","id":9}]"#
        )
        #expect(sorted.events.map { String(decoding: bytes[$0], as: UTF8.self) } == [#"{"n":1}"#, #"{"n":2}"#])
        #expect(sorted.messages == 3)
        guard case .pong(CommandID(9))? = sorted.inputs.first else {
            Issue.record("no pong")
            return
        }
    }

    /// Home Assistant may put the result of a subscription and its first events into one frame.
    @Test func takesEventsOfASubscriptionWhoseResultIsInTheSameFrame() {
        let (sorted, _) = sort(
            #"[{"id":5,"type":"result","success":true,"result":null},{"type":"event","event":{},"id":5}]"#)
        #expect(sorted.events.count == 1)
        #expect(sorted.inputs.count == 1)
    }

    @Test func countsWhatItDoesNotKnow() {
        let (sorted, _) = sort(
            #"[{"type":"event","event":{},"id":77},{"type":"brand_new"},{"id":null,"type":"result"},5,"x",{}]"#)
        #expect(sorted.events.isEmpty)
        #expect(sorted.unknown == 6)
        #expect(!sorted.hasContent)
    }

    @Test func handsOverASnapshotWithoutReadingIt() {
        let (sorted, bytes) = sort(#"{"id":4,"type":"result","success":true,"result":[{"entity_id":"a.b"}]}"#)
        #expect(sorted.snapshot.map { String(decoding: bytes[$0], as: UTF8.self) } == #"[{"entity_id":"a.b"}]"#)
        guard case .reply(CommandID(4), .states)? = sorted.inputs.first else {
            Issue.record("no reply")
            return
        }
    }

    @Test func readsTheConfiguration() {
        let (sorted, _) = sort(
            #"{"id":3,"type":"result","success":true,"result":{"version":"2025.4.4","state":"RUNNING","time_zone":"Europe/Berlin","location_name":"Käsehaus","components":["b","a"]}}"#
        )
        guard case .reply(CommandID(3), .configuration(let configuration))? = sorted.inputs.first else {
            Issue.record("no configuration")
            return
        }
        #expect(
            configuration
                == HomeAssistantConfiguration(
                    version: "2025.4.4", state: "RUNNING", timeZone: "Europe/Berlin", locationName: "Käsehaus",
                    components: ["a", "b"]))
    }

    @Test(arguments: [
        (
            #"{"id":3,"type":"result","success":false,"error":{"code":"unknown_command","message":"x"}}"#,
            "unknown_command"
        ),
        (#"{"id":3,"type":"result","success":false}"#, "unknown_error"),
        (#"{"id":3,"type":"result","success":true,"result":5}"#, "unreadable_result"),
    ])
    func keepsTheErrorCode(text: String, code: String) {
        let (sorted, _) = sort(text)
        guard case .reply(CommandID(3), .failed(code))? = sorted.inputs.first else {
            Issue.record("\(sorted.inputs)")
            return
        }
    }

    @Test func keepsEventsBeforeABrokenPlace() {
        let (sorted, _) = sort(#"[{"type":"event","event":{},"id":2},{"type":"event","event":{,"id":2}]"#)
        #expect(sorted.events.count == 1)
        #expect(sorted.unreadable?.code == .unexpectedByte)
        #expect(sorted.hasContent)
    }

    @Test func toleratesAByteOrderMark() {
        let sorted = sorter.sort([0xEF, 0xBB, 0xBF] + Array(#"{"type":"pong","id":1}"#.utf8))
        #expect(sorted.inputs.count == 1)
    }
}
