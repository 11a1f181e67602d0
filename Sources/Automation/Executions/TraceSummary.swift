import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import HomeAssistantClient
import Store

/// The steps of a run with their outcomes, for `automation_executions.trace_summary`: no variables, no data of services, texts
/// of errors without what looks like a secret.
struct TraceSummary: Encodable, Equatable {
    struct Step: Encodable, Equatable {
        /// Such as `action/0/choose/1/sequence/0`.
        var path: String
        /// Milliseconds after the beginning of the run.
        var ms: Double?
        /// `reached`, `true`, `false`, `called`, `fired`, `chose`, `done`, `interrupted`, `timeout`, `stop`, `disabled`, `error`.
        var outcome: String
        /// The service, the event or the branch.
        var what: String?
        var error: String?
        /// How often in a row, where more than once.
        var times: Int?
    }

    var steps: [Step] = []
    /// Steps that there were between the first ones and the last ones.
    var left_out: Int?

    private static let firstSteps = 40
    private static let lastSteps = 10
    private static let longestText = 300

    init(_ detail: TraceDetail) {
        var all: [Step] = []
        for step in detail.steps {
            var next = Self.step(step, start: detail.entry.startedAt)
            if let last = all.last,
                (last.path, last.outcome, last.what, last.error)
                    == (next.path, next.outcome, next.what, next.error)
            {
                next.ms = last.ms
                next.times = (last.times ?? 1) + 1
                all[all.count - 1] = next
            } else {
                all.append(next)
            }
        }
        guard all.count > Self.firstSteps + Self.lastSteps else {
            steps = all
            return
        }
        steps = Array(all.prefix(Self.firstSteps) + all.suffix(Self.lastSteps))
        left_out = all.count - steps.count
    }

    /// JSON text that PostgreSQL takes.
    var json: String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A text of Home Assistant without what looks like a secret, of a bounded length.
    static func harmless(_ text: String, limit: Int = longestText) -> String {
        let redacted = Redactor.redact(text)
        return redacted.unicodeScalars.count <= limit ? redacted : String(redacted.prefix(limit - 1)) + "…"
    }

    private static func step(_ step: TraceDetail.Step, start: Timestamp) -> Step {
        var outcome: String
        var what: String?
        switch step.outcome {
        case .reached: outcome = "reached"
        case .condition(let holds): outcome = holds ? "true" : "false"
        case .called(let service): (outcome, what) = ("called", service)
        case .fired(let event): (outcome, what) = ("fired", event)
        case .chose(let branch): (outcome, what) = ("chose", branch)
        case .delay(let isDone): outcome = isDone ? "done" : "interrupted"
        case .wait(let isCompleted, let isTimeout):
            outcome = isCompleted ? "done" : isTimeout ? "timeout" : "interrupted"
        case .stop: outcome = "stop"
        case .disabled: outcome = "disabled"
        }
        if step.error != nil, outcome == "reached" { outcome = "error" }
        return Step(
            path: harmless(step.path),
            ms: step.at.map { Double($0.microseconds - start.microseconds) / 1_000 }, outcome: outcome,
            what: what.map { harmless($0, limit: 120) }, error: step.error.map { harmless($0) })
    }
}

extension ObservedRun {
    /// A run of which only the summary of its trace was read.
    init(_ entry: TraceEntry, of automation: AutomationID) {
        self.init(entry, RunOutcome(entry), automation)
    }

    /// A run whose whole trace was read.
    init(_ detail: TraceDetail, of automation: AutomationID) {
        self.init(detail.entry, RunOutcome(detail), automation)
        contextParentID = detail.contextParentID
        contextUserID = detail.contextUserID
        if status != .running { traceSummary = TraceSummary(detail).json }
    }

    private init(_ entry: TraceEntry, _ outcome: RunOutcome, _ automation: AutomationID) {
        self.init(
            automation: automation, runID: entry.runID, status: outcome.status, startedAt: entry.startedAt,
            completedAt: entry.finishedAt, scriptExecution: entry.scriptExecution,
            errorMessage: outcome.error.map { TraceSummary.harmless($0, limit: 1_000) },
            trigger: entry.trigger.map { TraceSummary.harmless($0) }, lastStep: entry.lastStep,
            contextID: entry.contextID)
    }
}
