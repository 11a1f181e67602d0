import BridgeCore

/// One run as `trace/list` tells of it.
package struct TraceEntry: Sendable, Hashable {
    /// The id in the automation's configuration.
    package var itemID: String
    package var runID: String
    /// Home Assistant still works on it, or it waits in the automation's queue.
    package var isRunning: Bool
    package var startedAt: Timestamp
    /// `nil` while it runs.
    package var finishedAt: Timestamp?
    /// Home Assistant's own word for how it ended, such as `failed_single`.
    package var scriptExecution: String?
    /// What Home Assistant says went wrong, where a step raised an error.
    package var error: String?
    /// What triggered it, in Home Assistant's words.
    package var trigger: String?
    /// The path of the last step, such as `action/2`.
    package var lastStep: String?
    /// The context of the run and of all that it causes; `nil` where Home Assistant did not tell.
    package var contextID: String?

    package init(
        itemID: String, runID: String, isRunning: Bool, startedAt: Timestamp, finishedAt: Timestamp? = nil,
        scriptExecution: String? = nil, error: String? = nil, trigger: String? = nil, lastStep: String? = nil,
        contextID: String? = nil
    ) {
        self.itemID = itemID
        self.runID = runID
        self.isRunning = isRunning
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.scriptExecution = scriptExecution
        self.error = error
        self.trigger = trigger
        self.lastStep = lastStep
        self.contextID = contextID
    }
}

extension TraceEntry {
    /// Automations without an id share this one; Home Assistant mixes up their traces and never ends them.
    package static let itemWithoutID = "None"

    /// Reads an element of the list; `nil` for one that says too little, and for a trigger that was looked at and did not fire.
    init?(_ fields: JSONFields) {
        guard let item = fields.text("item_id"), item != Self.itemWithoutID, let run = fields.text("run_id"),
            let times = fields.object("timestamp"), let start = times.time("start"),
            fields.flag("not_triggered") != true, fields.text("script_execution") != "not_triggered"
        else { return nil }
        self.init(
            itemID: item, runID: run, isRunning: fields.text("state") == "running", startedAt: start,
            finishedAt: times.time("finish"), scriptExecution: fields.text("script_execution"),
            error: fields.text("error"), trigger: fields.text("trigger"), lastStep: fields.text("last_step"))
    }
}
