import BridgeCore
import HomeAssistantClient
import Store

/// What people read of proposals in Home Assistant and on their phones.
enum ApprovalNotice {
    /// The id of the one notification in Home Assistant.
    static let identifier = "ha_bridge_approvals"

    private static let shownAtMost = 10
    private static let descriptionLimit = 200

    /// Title and text of the notification in Home Assistant; `nil` where nothing waits.
    static func persistent(_ waiting: [StoredWorkflow]) -> (title: String, message: String)? {
        guard let first = waiting.first else { return nil }
        let count = waiting.count == 1 ? "A change waits" : "\(waiting.count) changes wait"
        var lines = waiting.prefix(shownAtMost).map { workflow in
            var facts = ["\(workflow.risk.rawValue.lowercased()) risk"]
            if let proposer = workflow.createdByName { facts.append("proposed by \(plain(proposer))") }
            if let expiry = workflow.expiresAt { facts.append("until \(moment(expiry))") }
            return "- \(plain(workflow.description)) (\(facts.joined(separator: ", "))), id `\(workflow.id.short)`"
        }
        if waiting.count > shownAtMost { lines.append("- and \(waiting.count - shownAtMost) more") }
        let command = waiting.count == 1 ? "ha-bridge approval show \(first.id.short)" : "ha-bridge approval list"
        return (
            "\(count) for your decision",
            lines.joined(separator: "\n") + "\n\nNothing is changed before it is approved: `\(command)`"
        )
    }

    /// The data of a call of `persistent_notification.create`.
    static func creation(_ title: String, _ message: String) -> ConfigurationValue {
        .object([
            "notification_id": .string(identifier), "title": .string(title), "message": .string(message),
        ])
    }

    /// The data of a call of `persistent_notification.dismiss`.
    static let dismissal = ConfigurationValue.object(["notification_id": .string(identifier)])

    /// The data of a call of the phone's service.
    static func phone(_ due: DueNotification, token: String) -> ConfigurationValue {
        func button(_ isApproval: Bool, _ title: String, _ more: [String: ConfigurationValue]) -> ConfigurationValue {
            let action = ApprovalAction(due.workflow, isApproval: isApproval, token: token)
            return .object(["action": .string(action.text), "title": .string(title)].merging(more) { own, _ in own })
        }
        // Whoever finds the phone lying about must unlock it first; a rejection can be explained.
        let approve = button(true, "Approve", ["authenticationRequired": .bool(true)])
        let reject = button(
            false, "Reject",
            ["behavior": .string("textInput"), "destructive": .bool(true), "authenticationRequired": .bool(true)])
        var text = shortened(due.description) + "\nRisk: \(due.risk.rawValue.lowercased())."
        if let expiry = due.expiresAt { text += " Until \(moment(expiry))." }
        if !due.mayApprove {
            text += " Approve it on the command line: ha-bridge approval show \(due.workflow.short)"
        }
        return .object([
            "title": .string("A change waits for your decision"), "message": .string(text),
            "data": .object([
                "tag": .string(tag(due.workflow)), "actions": .array(due.mayApprove ? [approve, reject] : [reject]),
            ]),
        ])
    }

    /// The data of a call that takes a notification back.
    static func clearing(_ workflow: WorkflowID) -> ConfigurationValue {
        .object([
            "message": .string("clear_notification"), "data": .object(["tag": .string(tag(workflow))]),
        ])
    }

    private static func tag(_ workflow: WorkflowID) -> String { "ha_bridge_\(workflow)" }

    /// UTC to the minute.
    private static func moment(_ time: Timestamp) -> String {
        let text = time.iso8601
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    /// On one line, without secrets, and not too long.
    private static func shortened(_ text: String) -> String {
        let line = Redactor.redact(text).map { $0.isNewline ? " " : $0 }
        return line.count > descriptionLimit ? String(line.prefix(descriptionLimit - 1)) + "…" : String(line)
    }

    /// The same, without any meaning in Markdown: no link and no image comes out of a proposal.
    private static func plain(_ text: String) -> String {
        var output = ""
        for character in shortened(text) {
            if "\\`*_{}[]()<>#+-!|~:.@&".contains(character) { output.append("\\") }
            output.append(character)
        }
        return output
    }
}
