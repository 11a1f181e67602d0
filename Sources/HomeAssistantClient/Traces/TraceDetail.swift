import BridgeCore

/// One run as `trace/get` tells of it: its summary, its context and its steps. Variables and the data of services are not read.
package struct TraceDetail: Sendable, Hashable {
    /// One pass through a step.
    package struct Step: Sendable, Hashable {
        /// What a step did, as far as it can be told without repeating data.
        package enum Outcome: Sendable, Hashable {
            /// Nothing is known but that it was reached.
            case reached
            /// A condition, and whether it held.
            case condition(Bool)
            /// A service that was called, such as `light.turn_on`.
            case called(String)
            /// An event that was fired.
            case fired(String)
            /// A branch of a choice, by number or word.
            case chose(String)
            /// A pause, and whether it came to its end.
            case delay(isDone: Bool)
            /// A wait: what it waited for came, or its time was up, or neither: it was interrupted.
            case wait(isCompleted: Bool, isTimeout: Bool)
            /// An end that the automation itself asks for.
            case stop(isError: Bool)
            /// Switched off in the configuration.
            case disabled
        }

        /// Such as `action/0/choose/1/sequence/0`.
        package var path: String
        package var at: Timestamp?
        package var outcome: Outcome
        package var error: String?

        package init(path: String, at: Timestamp? = nil, outcome: Outcome = .reached, error: String? = nil) {
            self.path = path
            self.at = at
            self.outcome = outcome
            self.error = error
        }
    }

    package var entry: TraceEntry
    package var contextParentID: String?
    package var contextUserID: String?
    /// In the order in which they were begun. Home Assistant keeps the last twenty passes through each step.
    package var steps: [Step]

    package init(
        entry: TraceEntry, contextParentID: String? = nil, contextUserID: String? = nil, steps: [Step] = []
    ) {
        self.entry = entry
        self.contextParentID = contextParentID
        self.contextUserID = contextUserID
        self.steps = steps
    }
}

extension TraceDetail {
    /// Reads the answer of `trace/get`; `nil` when it says too little.
    init?(_ answer: CommandAnswer) {
        let detail = answer.frame.withUnsafeBufferPointer { bytes -> TraceDetail? in
            guard let fields = JSONFields(bytes, at: answer.result), var entry = TraceEntry(fields) else { return nil }
            let context = fields.object("context")
            entry.contextID = context?.text("id")
            return TraceDetail(
                entry: entry, contextParentID: context?.text("parent_id"), contextUserID: context?.text("user_id"),
                steps: Self.steps(fields.object("trace"), bytes))
        }
        guard let detail else { return nil }
        self = detail
    }

    private static func steps(_ trace: JSONFields?, _ bytes: UnsafeBufferPointer<UInt8>) -> [Step] {
        guard let trace else { return [] }
        var steps: [Step] = []
        for (key, value) in trace.members {
            let path = trace.name(of: key)
            for place in JSONFields.elements(bytes, at: value) {
                guard let fields = JSONFields(bytes, at: place) else { continue }
                steps.append(
                    Step(
                        path: fields.text("path") ?? path, at: fields.time("timestamp"),
                        outcome: outcome(fields.object("result")), error: fields.text("error")))
            }
        }
        // Home Assistant orders by path of first visit; of equal times the order of the answer stands.
        return steps.enumerated().sorted { left, right in
            guard let first = left.element.at, let second = right.element.at, first != second else {
                return left.offset < right.offset
            }
            return first < second
        }.map(\.element)
    }

    private static func outcome(_ result: JSONFields?) -> Step.Outcome {
        guard let result else { return .reached }
        if let parameters = result.object("params") {
            let names = [parameters.text("domain"), parameters.text("service")].compactMap { $0 }
            return names.count == 2 ? .called(names.joined(separator: ".")) : .reached
        }
        if let holds = result.flag("result") { return .condition(holds) }
        if result.place("delay") != nil, let isDone = result.flag("done") { return .delay(isDone: isDone) }
        if let wait = result.object("wait") {
            let isTimeout = result.flag("timeout") == true || wait.number("remaining") == 0
            return .wait(isCompleted: wait.flag("completed") ?? true, isTimeout: isTimeout)
        }
        if result.place("stop") != nil { return .stop(isError: result.flag("error") ?? false) }
        if let event = result.text("event") { return .fired(event) }
        if let choice = result.text("choice") { return .chose(choice) }
        if let choice = result.number("choice") { return .chose(String(Int(exactly: choice) ?? -1)) }
        if result.flag("enabled") == false { return .disabled }
        return .reached
    }
}
