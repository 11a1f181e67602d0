import BridgeCore
import HomeAssistantClient

/// How a run ended, judged by its trace. Pure: the same trace always gives the same.
struct RunOutcome: Equatable {
    var status: ExecutionStatus
    /// Why, where it did not end well.
    var error: String?

    /// What the summary of a trace says, without its steps.
    init(_ entry: TraceEntry) { self.init(entry, steps: []) }

    /// What the whole trace says.
    init(_ detail: TraceDetail) { self.init(detail.entry, steps: detail.steps) }

    private init(_ entry: TraceEntry, steps: [TraceDetail.Step]) {
        status = Self.status(entry, steps)
        error =
            switch status {
            case .running, .success: nil
            case .failure: entry.error ?? Self.lastError(steps) ?? Self.sentence(for: entry.scriptExecution)
            case .aborted: Self.reasonOfAbort(steps) ?? entry.error
            case .blocked, .cancelled: entry.error ?? Self.lastError(steps)
            case .unknown: entry.error ?? Self.sentence(for: entry.scriptExecution)
            }
    }

    private static func status(_ entry: TraceEntry, _ steps: [TraceDetail.Step]) -> ExecutionStatus {
        if entry.isRunning { return .running }
        switch entry.scriptExecution {
        case "finished": return isInterrupted(steps) ? .cancelled : .success
        case "error": return .failure
        case "aborted": return .aborted
        case "cancelled": return .cancelled
        case "failed_conditions", "failed_single", "failed_max_runs": return .blocked
        case "disallowed_recursion_detected": return .failure
        // A word that this program does not know, or none: an error counts, anything else does not tell how it ended.
        default: return entry.error == nil ? .unknown : .failure
        }
    }

    /// Home Assistant calls a run finished that was cancelled in its last step. A delay that was never done tells it, and a wait in
    /// the last step for which neither came what it waited for nor its timeout.
    private static func isInterrupted(_ steps: [TraceDetail.Step]) -> Bool {
        if steps.contains(where: { $0.outcome == .delay(isDone: false) }) { return true }
        return steps.last?.outcome == .wait(isCompleted: false, isTimeout: false)
    }

    private static func lastError(_ steps: [TraceDetail.Step]) -> String? { steps.last { $0.error != nil }?.error }

    private static func reasonOfAbort(_ steps: [TraceDetail.Step]) -> String? {
        if let stop = steps.last(where: { $0.outcome == .stop(isError: true) }) { return stop.error }
        if let last = steps.last, case .wait(_, isTimeout: true) = last.outcome {
            return "What it waited for at \(last.path) did not come in time."
        }
        if let error = lastError(steps) { return error }
        guard let condition = steps.last(where: { isActionCondition($0) }) else { return nil }
        return "The condition at \(condition.path) did not hold."
    }

    /// A condition that is a step of its own: its parts have longer paths, and those of a choice end nothing.
    private static func isActionCondition(_ step: TraceDetail.Step) -> Bool {
        guard step.outcome == .condition(false) else { return false }
        let parts = step.path.split(separator: "/")
        guard let last = parts.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }), parts.count >= 2 else {
            return false
        }
        return ["action", "sequence", "then", "else", "default"].contains(parts[parts.count - 2])
    }

    private static func sentence(for word: String?) -> String {
        switch word {
        case "disallowed_recursion_detected": "It was started by itself, which its mode does not allow."
        case let word?: "Home Assistant says that it ended as “\(word)”, which this program does not know."
        case nil: "Home Assistant does not say how it ended."
        }
    }
}
