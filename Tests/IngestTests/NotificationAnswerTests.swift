import BridgeCore
import Testing

@testable import HomeAssistantClient
@testable import Ingest

/// Answers of phones in the event stream.
@Suite struct NotificationAnswerTests {
    private func signals(_ data: String, type: String = "mobile_app_notification_action") -> [AutomationSignal] {
        let event =
            #"{"event_type":"\#(type)","data":\#(data),"time_fired":"2026-11-21T01:14:48Z","context":{"id":"c","user_id":"person"}}"#
        var transformer = FrameTransformer()
        let batch = transformer.transform([
            FrameFuzzTests.received(Array(#"[{"type":"event","event":\#(event),"id":2}]"#.utf8))
        ])
        return batch.signals.map(\.signal)
    }

    @Test func oursAreToldWithThePersonBehindThem() {
        #expect(
            signals(#"{"action":"ha_bridge_approve_1_2","reply_text":"Fine.","tag":"x"}"#)
                == [.notificationAnswered(action: "ha_bridge_approve_1_2", userID: "person", reply: "Fine.")])
        #expect(
            signals(#"{"action":"HA_BRIDGE_REJECT_1_2"}"#)
                == [.notificationAnswered(action: "HA_BRIDGE_REJECT_1_2", userID: "person", reply: nil)])
    }

    @Test(arguments: [
        #"{"action":"OPEN_DOOR"}"#, #"{"action":7}"#, "{}", "null", #"{"action":null}"#, #"["ha_bridge_approve_1_2"]"#,
    ])
    func thoseOfOthersAreNot(data: String) { #expect(signals(data).isEmpty) }

    @Test func otherEventsAreNot() {
        #expect(signals(#"{"action":"ha_bridge_approve_1_2"}"#, type: "call_service").isEmpty)
    }
}
