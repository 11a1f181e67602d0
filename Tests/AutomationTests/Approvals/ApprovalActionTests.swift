import BridgeCore
import HomeAssistantClient
import TestSupport
import Testing

@testable import Automation
@testable import Store

/// The names of the buttons on phones, and what people read.
@Suite struct ApprovalActionTests {
    private static let workflow = WorkflowID("f0000000-0000-0000-0000-00000000abcd") ?? WorkflowID()

    @Test(arguments: [true, false]) func isReadAsItWasWritten(isApproval: Bool) throws {
        let action = ApprovalAction(Self.workflow, isApproval: isApproval, token: ApprovalAction.newToken())
        let read = try #require(ApprovalAction(action.text))
        #expect(read == action)
        // A phone that changes the case of letters changes nothing.
        #expect(ApprovalAction(action.text.uppercased()) == action)
        let digest = try read.tokenDigest()
        #expect(try digest == action.tokenDigest() && digest.count == 32)
        // What redacts the frames of the event stream leaves it whole.
        let event = #"{"event_type":"mobile_app_notification_action","data":{"action":"\#(action.text)"}}"#
        #expect(FrameRedactor.redacted(event) == event)
    }

    @Test func tokensDifferAndHave256Bits() {
        let tokens = Set((0..<200).map { _ in ApprovalAction.newToken() })
        #expect(tokens.count == 200 && tokens.allSatisfy { $0.utf8.count == 64 })
    }

    @Test(arguments: [
        "", "ha_bridge_", "ha_bridge_approve", "ha_bridge_approve__", "approve_x_y", "ha_bridge_approve_f000_00",
        "ha_bridge_delete_f00000000000000000000000000000ab_" + String(repeating: "0", count: 64),
        "ha_bridge_approve_f00000000000000000000000000000ab_" + String(repeating: "g", count: 64),
        "ha_bridge_approve_f00000000000000000000000000000ab_" + String(repeating: "0", count: 63),
        "ha_bridge_approve_f00000000000000000000000000000a-_" + String(repeating: "0", count: 64),
        "ha_bridge_approve_f00000000000000000000000000000ab_" + String(repeating: "0", count: 64) + "_1",
    ])
    func whatIsNotOursIsNotRead(text: String) { #expect(ApprovalAction(text) == nil) }

    @Test func noiseIsNeverRead() {
        print("Seed of the noise in names of buttons: \(TestSeed.value)")
        var generator = SeededGenerator(seed: TestSeed.value)
        let whole = Array(
            ApprovalAction(Self.workflow, isApproval: true, token: String(repeating: "a", count: 64)).text
                .unicodeScalars)
        for _ in 0..<3_000 {
            var scalars = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<scalars.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: scalars.remove(at: place)
                case 1: scalars.insert(Unicode.Scalar(UInt8.random(in: 0...255, using: &generator)), at: place)
                default: scalars[place] = Unicode.Scalar(UInt8.random(in: 0...255, using: &generator))
                }
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            guard let action = ApprovalAction(String(text)) else { continue }
            // Whatever is read has the right form, and says so again.
            #expect(ApprovalAction(action.text) == action, "\(String(text)), seed \(TestSeed.value)")
        }
    }

    @Test func aPhoneThatMayNotApproveHasNoButtonForIt() throws {
        func due(_ mayApprove: Bool) -> DueNotification {
            DueNotification(
                workflow: Self.workflow,
                target: NotificationTarget(
                    connection: ConnectionID(), user: UserID(), service: "mobile_app_x", homeAssistantUser: "p"),
                description: "Open the door at\nseven, token=abcdefgh12345678", risk: .high, type: .modification,
                automationName: "Door", expiresAt: nil, mayApprove: mayApprove)
        }
        func actions(_ data: ConfigurationValue) -> [String] {
            guard case .array(let actions)? = data["data"]?["actions"] else { return [] }
            return actions.compactMap { $0["title"]?.text }
        }
        let token = ApprovalAction.newToken()
        #expect(actions(ApprovalNotice.phone(due(true), token: token)) == ["Approve", "Reject"])
        let data = ApprovalNotice.phone(due(false), token: token)
        #expect(actions(data) == ["Reject"])
        let message = try #require(data["message"]?.text)
        #expect(message.contains("command line") && message.contains("Risk: high."))
        #expect(!message.contains("abcdefgh12345678"), "\(message)")
    }
}
