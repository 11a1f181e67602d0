import BridgeCore

/// What was read of a run in Home Assistant's traces, to be written to `automation_executions`.
package struct ObservedRun: Sendable, Hashable {
    package var automation: AutomationID
    package var runID: String
    package var status: ExecutionStatus
    package var startedAt: Timestamp
    /// `nil` while it runs, and where Home Assistant did not say.
    package var completedAt: Timestamp?
    /// Home Assistant's own word for how it ended.
    package var scriptExecution: String?
    package var errorMessage: String?
    package var trigger: String?
    package var lastStep: String?
    package var contextID: String?
    package var contextParentID: String?
    package var contextUserID: String?
    /// JSON; `nil` where the steps could not be read.
    package var traceSummary: String?

    package init(
        automation: AutomationID, runID: String, status: ExecutionStatus, startedAt: Timestamp,
        completedAt: Timestamp? = nil, scriptExecution: String? = nil, errorMessage: String? = nil,
        trigger: String? = nil, lastStep: String? = nil, contextID: String? = nil, contextParentID: String? = nil,
        contextUserID: String? = nil, traceSummary: String? = nil
    ) {
        self.automation = automation
        self.runID = runID
        self.status = status
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.scriptExecution = scriptExecution
        self.errorMessage = errorMessage
        self.trigger = trigger
        self.lastStep = lastStep
        self.contextID = contextID
        self.contextParentID = contextParentID
        self.contextUserID = contextUserID
        self.traceSummary = traceSummary
    }
}

extension ObservedRun {
    /// As far as a run of the same id has come: what says more replaces what says less, never the other way.
    private var weight: (Int, Int) {
        let progress =
            switch status {
            case .running: 0
            case .unknown: 1
            default: 2
            }
        return (progress, traceSummary == nil ? 0 : 1)
    }

    /// One observation for each run, in an order in which two writers never wait for each other in a circle. A context that two
    /// runs claim is left to the first of them.
    static func distinct(_ runs: [ObservedRun]) -> [ObservedRun] {
        struct Key: Hashable {
            var automation: AutomationID
            var text: String
        }
        var best: [Key: ObservedRun] = [:]
        for run in runs {
            let key = Key(automation: run.automation, text: run.runID)
            if let known = best[key], known.weight >= run.weight { continue }
            best[key] = run
        }
        var contexts: Set<Key> = []
        return best.values.sorted { left, right in
            (left.automation.description, left.startedAt, left.runID)
                < (right.automation.description, right.startedAt, right.runID)
        }.map { run in
            guard let context = run.contextID else { return run }
            var run = run
            if !contexts.insert(Key(automation: run.automation, text: context)).inserted { run.contextID = nil }
            return run
        }
    }

    /// The run as the statements read it, with values that no constraint of the table refuses; `nil` for one whose id fits no
    /// column.
    var record: Record? {
        guard !runID.isEmpty, runID.unicodeScalars.count <= 255 else { return nil }
        return Record(
            automation_id: automation.description, run_id: StorableText.fitting(runID), status: status.rawValue,
            started_at: startedAt.iso8601,
            completed_at: status == .running ? nil : completedAt.map { max($0, startedAt).iso8601 },
            script_execution: scriptExecution.flatMap { Self.isWord($0) ? $0 : nil },
            error_message: errorMessage.map { StorableText.fitting($0, limit: 2_000) },
            trigger: trigger.map { StorableText.fitting($0, limit: 500) },
            last_step: lastStep.map { StorableText.fitting($0, limit: 500) },
            context_id: contextID.map { StorableText.fitting($0, limit: 255) },
            context_parent_id: contextParentID.map { StorableText.fitting($0, limit: 255) },
            context_user_id: contextUserID.map { StorableText.fitting($0, limit: 255) },
            trace_summary: traceSummary)
    }

    /// Members are named like the columns.
    struct Record: Encodable {
        var automation_id: String
        var run_id: String
        var status: String
        var started_at: String
        var completed_at: String?
        var script_execution: String?
        var error_message: String?
        var trigger: String?
        var last_step: String?
        var context_id: String?
        var context_parent_id: String?
        var context_user_id: String?
        /// JSON in a text, so that it need not be taken apart here.
        var trace_summary: String?
    }

    private static func isWord(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first), text.utf8.count <= 64 else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
    }
}
